"""Every kind of store, for what holds whichever it is."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from portalkey.testing import Ahead
from portalkey.vault import MemoryStore, SQLStore, Store
from portalkey.vault.json_file.store import ConfigFileStore


@pytest.fixture(params=["memory", "file", "sqlite", "postgresql"])
def any_store(
    request: pytest.FixtureRequest, tmp_path: Path, empty_store: Path, ahead: Ahead
) -> Iterator[Store]:
    """An empty store of each kind."""
    if request.param == "memory":
        yield MemoryStore(ahead=ahead)
    elif request.param == "file":
        yield ConfigFileStore(tmp_path / "connections.json", ahead=ahead)
    else:
        shutil.copy(empty_store, tmp_path / "portalkey.db")
        is_file = request.param == "sqlite"
        url = f"sqlite:///{tmp_path / 'portalkey.db'}"
        url = url if is_file else request.getfixturevalue("emptied_postgres_url")
        store = SQLStore.open(url, ahead=ahead)
        yield store
        store.close()
