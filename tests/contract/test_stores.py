"""Every store here passes the one contract."""

import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from portalkey.testing import Ahead, StoreContract
from portalkey.vault import MemoryStore, SQLStore
from portalkey.vault.json_file.store import ConfigFileStore

pytest_plugins = ("support.postgres",)


class TestSQLite(StoreContract):
    @pytest.fixture
    def store(self, ahead: Ahead, tmp_path: Path, empty_store: Path) -> Iterator[SQLStore]:
        """A new file."""
        shutil.copy(empty_store, tmp_path / "portalkey.db")
        store = SQLStore.open(f"sqlite:///{tmp_path / 'portalkey.db'}", ahead=ahead)
        yield store
        store.close()


class TestSQLiteOfAHost(StoreContract):
    @pytest.fixture
    def store(self, ahead: Ahead, tmp_path: Path, empty_store: Path) -> Iterator[SQLStore]:
        """A file that has the host's tables in it, and no write-ahead log."""
        path = tmp_path / "app.db"
        shutil.copy(empty_store, path)
        with closing(sqlite3.connect(path, isolation_level=None)) as host:
            host.execute("PRAGMA journal_mode=DELETE")
            host.execute("CREATE TABLE notes (text TEXT)")
        store = SQLStore.open(f"sqlite:///{path}", ahead=ahead)
        yield store
        store.close()
        with closing(sqlite3.connect(path)) as host:
            assert host.execute("PRAGMA journal_mode").fetchone() == ("delete",)


class TestPostgreSQL(StoreContract):
    @pytest.fixture
    def store(self, ahead: Ahead, emptied_postgres_url: str) -> Iterator[SQLStore]:
        """An empty database."""
        store = SQLStore.open(emptied_postgres_url, ahead=ahead)
        yield store
        store.close()


class TestPgBouncer(StoreContract):
    @pytest.fixture
    def store(
        self,
        ahead: Ahead,
        emptied_postgres_url: str,
        through_pgbouncer: Callable[[str], str],
    ) -> Iterator[SQLStore]:
        """An empty database, where each transaction may find itself in another session."""
        store = SQLStore.open(through_pgbouncer(emptied_postgres_url), ahead=ahead)
        yield store
        store.close()


class TestConfigFile(StoreContract):
    @pytest.fixture
    def store(self, ahead: Ahead, tmp_path: Path) -> ConfigFileStore:
        """A new file."""
        return ConfigFileStore(tmp_path / "connections.json", ahead=ahead)


class TestMemoryStore(StoreContract):
    @pytest.fixture
    def store(self, ahead: Ahead) -> MemoryStore:
        """An empty one."""
        return MemoryStore(ahead=ahead)
