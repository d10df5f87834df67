"""What no connection holds any more is given back to HubSpot, whatever store it is."""

from collections.abc import Collection
from dataclasses import replace

import pytest
from pydantic import SecretStr

from portalkey.broker.audit import Audit
from portalkey.broker.disconnect import Disconnector
from portalkey.errors import NoKeyOpens, StoreBusy
from portalkey.model.attempt import AttemptStatus
from portalkey.model.connection import Account, Connection, Grant
from portalkey.settings import Key
from portalkey.testing.samples import begin_exchange
from portalkey.vault import Keyring, MemoryStore, OwedRevocation, Store, Vault
from portalkey.vault.keyring import new_key

pytest_plugins = ("support.postgres",)

OLD, NEW = Key("old", new_key()), Key("new", new_key())


def vault_of(store: Store, *keys: Key) -> Vault:
    """A vault of the app with these keys."""
    return Vault(Keyring(keys), store, "app")


def connect(vault: Vault, token: str, *, hub_id: int = 1) -> Connection:
    """Ada connects the account, and HubSpot gives this refresh token."""
    attempt = vault.store.attempt(begin_exchange(vault.store))
    assert attempt
    grant = Grant(SecretStr("access"), SecretStr(token), 1800)
    now = vault.store.now()
    connection = vault.save(attempt, grant, Account(hub_id), ("oauth",), sent_at=now)
    assert connection
    return connection


def owed_tokens(vault: Vault) -> list[str]:
    """The refresh tokens that HubSpot is owed, opened."""
    return sorted(vault.open_owed(each).get_secret_value() for each in vault.store.pending(9))


def test_a_reconnect_gives_back_what_it_replaces(any_store: Store) -> None:
    """In the same transaction; the new grant is never among it."""
    vault = vault_of(any_store, OLD)
    connect(vault, "first")
    connect(vault, "second")
    assert owed_tokens(vault) == ["first"]
    last = connect(vault, "third")

    assert owed_tokens(vault) == ["first", "second"]
    assert vault.open_refresh(last) == SecretStr("third")
    assert {each.connection_id for each in any_store.pending(9)} == {last.id}


def test_the_same_token_again_is_kept(any_store: Store) -> None:
    """HubSpot may give one person the same for the same account: revoking it would end both."""
    vault = vault_of(any_store, OLD)
    connect(vault, "same")
    connect(vault, "same")
    connect(vault_of(any_store, NEW, OLD), "same")

    assert owed_tokens(vault_of(any_store, NEW, OLD)) == []


def test_what_another_connection_lives_by_is_kept(any_store: Store) -> None:
    """Until that one is replaced as well."""
    vault = vault_of(any_store, OLD)
    connect(vault, "shared")
    connect(vault, "shared", hub_id=2)
    connect(vault, "own")
    assert owed_tokens(vault) == []
    connect(vault, "own too", hub_id=2)

    assert owed_tokens(vault) == ["shared"]


def test_a_disconnected_row_has_nothing_left_to_give_back(any_store: Store) -> None:
    """That was owed as it was disconnected."""
    vault = vault_of(any_store, OLD)
    vault.erase(connect(vault, "first"))
    connect(vault, "second")

    assert owed_tokens(vault) == ["first"]


def test_what_is_not_stored_replaces_nothing(any_store: Store) -> None:
    """The attempt was cancelled meanwhile: the old grant lives on."""
    vault = vault_of(any_store, OLD)
    connect(vault, "first")
    attempt = any_store.attempt(begin_exchange(any_store))
    assert attempt
    assert any_store.move_attempt(attempt.id, AttemptStatus.CANCELLED)
    grant = Grant(SecretStr("access"), SecretStr("second"), 1800)

    assert vault.save(attempt, grant, Account(1), (), sent_at=any_store.now()) is None
    assert owed_tokens(vault) == []


class Crashing(MemoryStore):
    """A store that can be lost after any write, and looks at other rows as a twin would."""

    is_lost = False
    is_raced = False

    def enqueue(self, owed: OwedRevocation) -> None:
        """Come too late, where the process has died by then."""
        if self.is_lost:
            raise StoreBusy
        super().enqueue(owed)

    def holders(self, fingerprints: Collection[str]) -> int:
        """Return two where another is just being replaced."""
        if self.is_raced:
            self.is_raced = False
            return 2
        return super().holders(fingerprints)


def test_a_process_that_dies_after_the_write_loses_nothing() -> None:
    """What is owed was stored with what replaced it, and not after."""
    store = Crashing()
    vault = vault_of(store, OLD)
    connect(vault, "first")
    store.is_lost = True
    connect(vault, "second")

    assert owed_tokens(vault) == ["first"]


def test_of_two_that_are_replaced_at_once_one_gives_back() -> None:
    """Each saw the other hold the token; whoever is stored looks again."""
    store = Crashing()
    vault = vault_of(store, OLD)
    connect(vault, "shared")
    store.is_raced = True
    connect(vault, "own")

    assert owed_tokens(vault) == ["shared"]


def test_without_its_key_a_revocation_waits(any_store: Store) -> None:
    """The grant is erased at once, with an event; it opens again as soon as the key is back."""
    vault = vault_of(any_store, OLD)
    connection = connect(vault, "first")
    keyless = vault_of(any_store, NEW)
    owed = Disconnector(keyless, Audit(keyless)).disconnect(connection)

    assert owed
    assert list(any_store.connections("ada", "app")) == []
    with pytest.raises(NoKeyOpens, match="the key old"):
        keyless.open_owed(owed)
    assert owed_tokens(vault_of(any_store, NEW, OLD)) == ["first"]
    event = any_store.events()[-1]
    assert (event.name, event.connection_id) == ("revocation_owed", connection.id)
    assert event.facts == {"error": "no_key_opens", "key_name": "old"}


def test_without_its_key_a_replaced_grant_waits_too(any_store: Store) -> None:
    """Somebody reconnects while the old key is missing."""
    connect(vault_of(any_store, OLD), "first")
    connect(vault_of(any_store, NEW), "second")

    both = vault_of(any_store, NEW, OLD)
    assert owed_tokens(both) == ["first"]
    assert not both.is_held(SecretStr("first"))


def test_what_waits_is_not_moved_elsewhere(any_store: Store) -> None:
    """A seal that waits is bound to the row and the generation that it was made for."""
    vault = vault_of(any_store, OLD)
    connection = connect(vault, "first")
    vault_of(any_store, NEW).erase(connection)
    (owed,) = any_store.pending(9)

    for other in (f"{connection.id}~2", f"another~{connection.generation}", "plain"):
        with pytest.raises(NoKeyOpens):
            vault.open_owed(replace(owed, id=other))
