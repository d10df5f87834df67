"""Every store here passes the one contract."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from portalkey.testing import Ahead, StoreContract
from portalkey.vault import MemoryStore, SQLStore


class TestSQLStore(StoreContract):
    @pytest.fixture
    def store(self, ahead: Ahead, tmp_path: Path) -> Iterator[SQLStore]:
        """A new file."""
        store = SQLStore.open(f"sqlite:///{tmp_path / 'portalkey.db'}", ahead=ahead)
        yield store
        store.close()


class TestMemoryStore(StoreContract):
    @pytest.fixture
    def store(self, ahead: Ahead) -> MemoryStore:
        """An empty one."""
        return MemoryStore(ahead=ahead)
