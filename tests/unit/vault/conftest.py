"""A real keyring and a real file for every test of the vault."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pydantic import SecretStr

from portalkey.model.attempt import Attempt, AttemptStatus
from portalkey.model.connection import Account, Connection, Grant
from portalkey.settings import Key
from portalkey.testing import Ahead
from portalkey.testing.samples import new_attempt
from portalkey.vault import Keyring, SQLStore, Vault
from portalkey.vault.keyring import new_key

ACCESS, REFRESH = "canary-access-token", "canary-refresh-token"


@pytest.fixture
def ahead() -> Ahead:
    """Moves the store's clock."""
    return Ahead()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the store's file is."""
    return tmp_path / "portalkey.db"


@pytest.fixture
def store(path: Path, ahead: Ahead, empty_store: Path) -> Iterator[SQLStore]:
    """A new store."""
    shutil.copy(empty_store, path)
    store = SQLStore.open(f"sqlite:///{path}", ahead=ahead)
    yield store
    store.close()


@pytest.fixture
def keyring() -> Keyring:
    """One key."""
    return Keyring([Key("first", new_key())])


@pytest.fixture
def vault(keyring: Keyring, store: SQLStore) -> Vault:
    """Keyring and store of one app."""
    return Vault(keyring, store, "app")


@pytest.fixture
def grant() -> Callable[..., Grant]:
    """Makes a grant: ``grant(access, refresh, scopes)``."""

    def make(
        access: str = ACCESS, refresh: str | None = REFRESH, scopes: tuple[str, ...] | None = None
    ) -> Grant:
        return Grant(SecretStr(access), SecretStr(refresh) if refresh else None, 1800, scopes)

    return make


@pytest.fixture
def exchanging(store: SQLStore) -> Callable[..., Attempt]:
    """Makes an attempt whose code is being exchanged."""

    def make(owner: str = "ada") -> Attempt:
        attempt = new_attempt(store, owner=owner)
        claimed = store.move_attempt(attempt.id, AttemptStatus.EXCHANGING)
        assert claimed
        return claimed

    return make


@pytest.fixture
def kept(
    vault: Vault, grant: Callable[..., Grant], exchanging: Callable[..., Attempt]
) -> Callable[..., Connection]:
    """Keeps a grant for an owner and returns the connection."""

    def keep(owner: str = "ada", **tokens: str) -> Connection:
        now, attempt = vault.store.now(), exchanging(owner)
        connection = vault.save(attempt, grant(**tokens), Account(1), ("oauth",), sent_at=now)
        assert connection
        return connection

    return keep
