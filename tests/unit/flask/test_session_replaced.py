"""What a reconnect replaces in a visitor's session is given back to HubSpot, once and in time."""

from collections.abc import Iterator

import pytest
from flask import Flask, Response
from pydantic import SecretStr

from portalkey.errors import SessionFull, StoreBusy
from portalkey.flask.session_place import SessionPlace
from portalkey.flask.session_store import SessionStore
from portalkey.model.attempt import AttemptStatus
from portalkey.model.connection import Account, Connection, Grant
from portalkey.settings import Key
from portalkey.testing.samples import begin_exchange
from portalkey.vault import Keyring, MemoryStore, OwedRevocation, Vault
from portalkey.vault.keyring import new_key

OLD, NEW = Key("old", new_key()), Key("new", new_key())


class Own(MemoryStore):
    """The broker's own store, which may be busy as something is owed."""

    is_busy = False

    def enqueue(self, owed: OwedRevocation) -> None:
        """Keep a revocation."""
        if self.is_busy:
            raise StoreBusy
        super().enqueue(owed)


@pytest.fixture
def own() -> Own:
    """What a session cannot keep."""
    return Own()


@pytest.fixture
def app() -> Flask:
    """A host."""
    app = Flask("host")
    app.secret_key = "of-the-host"
    return app


@pytest.fixture
def vault(own: Own, app: Flask) -> Iterator[Vault]:
    """A vault over one visitor's session, within one request."""
    with app.test_request_context():
        yield Vault(Keyring([OLD]), SessionStore(own), "app")


def connect(vault: Vault, token: str, *, ends: bool = False, wide: str = "") -> Connection | None:
    """Ada connects, and HubSpot gives this refresh token; *ends* where she cancels meanwhile."""
    attempt = vault.store.attempt(begin_exchange(vault.store))
    assert attempt
    if ends:
        assert vault.store.move_attempt(attempt.id, AttemptStatus.CANCELLED)
    grant = Grant(SecretStr("access" + wide), SecretStr(token), 1800)
    return vault.save(attempt, grant, Account(1), ("oauth",), sent_at=vault.store.now())


def owed_tokens(vault: Vault, own: Own) -> list[str]:
    """The refresh tokens that HubSpot is owed, opened; they are in the broker's own store."""
    return sorted(vault.open_owed(each).get_secret_value() for each in own.pending(9))


def kept(vault: Vault) -> str:
    """The refresh token that the session holds."""
    (row,) = vault.store.connections("ada", "app")
    return vault.open_refresh(row).get_secret_value()


def test_what_is_replaced_is_owed_outside_of_the_session(vault: Vault, own: Own) -> None:
    """At once, and the new grant is never among it; the session holds that alone."""
    for token in ("first", "second", "third"):
        assert connect(vault, token)

    assert owed_tokens(vault, own) == ["first", "second"]
    assert kept(vault) == "third"
    held = SessionPlace("").read()
    assert held
    assert len(held["rows"]) == 1


def test_the_same_grant_again_is_not_owed(vault: Vault, own: Own) -> None:
    """Revoking it would end what has just been connected."""
    assert connect(vault, "same")
    assert connect(vault, "same")

    assert owed_tokens(vault, own) == []


def test_what_another_session_lives_by_is_not_owed(vault: Vault, own: Own, app: Flask) -> None:
    """As far as this process knows its sessions."""
    assert connect(vault, "shared")
    with app.test_request_context():
        assert connect(vault, "shared")
        assert connect(vault, "own")
        assert owed_tokens(vault, own) == []

    assert connect(vault, "another")
    assert owed_tokens(vault, own) == ["shared"]


def test_a_cancelled_reconnect_owes_nothing(vault: Vault, own: Own) -> None:
    """The old grant lives on, in the session."""
    assert connect(vault, "first")

    assert connect(vault, "second", ends=True) is None
    assert owed_tokens(vault, own) == []
    assert kept(vault) == "first"


def test_a_grant_that_does_not_fit_replaces_nothing(vault: Vault, own: Own) -> None:
    """A cookie has no room for it; what it was to replace is not given back."""
    assert connect(vault, "first")

    with pytest.raises(SessionFull):
        connect(vault, "second", wide="x" * 5000)
    assert owed_tokens(vault, own) == []
    assert kept(vault) == "first"


def test_without_its_key_it_waits(vault: Vault, own: Own) -> None:
    """Somebody reconnects while the old key is missing: sealed as it was, it opens with the key."""
    assert connect(vault, "first")
    assert connect(Vault(Keyring([NEW]), vault.store, "app"), "second")

    both = Vault(Keyring([NEW, OLD]), vault.store, "app")
    assert owed_tokens(both, own) == ["first"]
    assert kept(both) == "second"


def test_a_busy_store_is_no_reason_to_lose_the_new_grant(
    vault: Vault, own: Own, app: Flask, caplog: pytest.LogCaptureFixture
) -> None:
    """Nor the old one's revocation: it is kept with the next request, whoever's that is."""
    store = vault.store
    assert isinstance(store, SessionStore)
    assert connect(vault, "first")
    own.is_busy = True

    assert connect(vault, "second")
    assert kept(vault) == "second"
    assert "revocation not kept yet (store_busy)" in caplog.text
    store.write_back(Response())
    assert owed_tokens(vault, own) == []

    own.is_busy = False
    with app.test_request_context():
        assert vault.store.connections("bob", "app") == []
        store.write_back(Response())
    assert owed_tokens(vault, own) == ["first"]
