"""Every store here passes the one contract."""

import shutil
from collections.abc import Callable, Iterator
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
