"""A wrong or missing key is found at start, by its label, whatever store it is."""

from collections.abc import Callable

import pytest
from pydantic import SecretStr

from portalkey.broker.audit import Audit
from portalkey.broker.lost_key import LostKey, Sealed
from portalkey.errors import BadSettings, NoKeyOpens
from portalkey.model.connection import Account, Connection, ConnectionStatus, Grant
from portalkey.settings import Key
from portalkey.testing.samples import begin_exchange
from portalkey.vault import Keyring, MemoryStore, Store, Vault
from portalkey.vault.key_checks import KeyChecks
from portalkey.vault.keyring import new_key
from portalkey.vault.store import Mark, SealCount

pytest_plugins = ("support.postgres",)

OLD, NEW, OTHER_OLD = Key("old", new_key()), Key("new", new_key()), Key("old", new_key())


def vault_of(store: Store, *keys: Key) -> Vault:
    """A vault of the app with these keys."""
    return Vault(Keyring(keys), store, "app")


def check(store: Store, *keys: Key) -> None:
    """What a process with these keys does at its start."""
    KeyChecks(vault_of(store, *keys)).require()


def connect(store: Store, key: Key, hub_id: int = 1) -> Connection:
    """A connection that is sealed with *key*."""
    attempt = store.attempt(begin_exchange(store))
    assert attempt
    vault, now = vault_of(store, key), store.now()
    grant = Grant(SecretStr("access"), SecretStr(f"refresh {hub_id}"), 1800)
    connection = vault.save(attempt, grant, Account(hub_id), ("oauth",), sent_at=now)
    assert connection
    return connection


def test_the_first_process_of_a_new_store_is_right(any_store: Store) -> None:
    """Another key under its label is refused by name before it has sealed anything."""
    check(any_store, OLD)
    check(any_store, OLD)

    with pytest.raises(BadSettings, match="another key under the label old"):
        check(any_store, OTHER_OLD)
    with pytest.raises(BadSettings, match="the label old"):
        check(any_store, NEW, OTHER_OLD)


def test_an_older_store_is_known_by_what_opens(any_store: Store) -> None:
    """Without a check value, the rows that bear the label say which key is theirs."""
    connect(any_store, OLD)

    with pytest.raises(BadSettings, match="another key under the label old"):
        check(any_store, OTHER_OLD)
    assert any_store.meta("key_check app old") is None
    check(any_store, OLD)
    assert any_store.meta("key_check app old")


def test_an_older_store_is_known_by_what_it_owes_too(any_store: Store) -> None:
    """A revocation bears a label as well."""
    vault_of(any_store, OLD).enqueue(SecretStr("refresh"))

    with pytest.raises(BadSettings, match="the label old"):
        check(any_store, OTHER_OLD)
    check(any_store, OLD)


def test_one_damaged_row_makes_no_key_wrong(any_store: Store) -> None:
    """One that opens is enough."""
    connect(any_store, OTHER_OLD, 1)
    connect(any_store, OLD, 2)

    check(any_store, OLD)


def test_a_lost_key_is_named_with_what_needs_it(
    any_store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    """Connections refuse the start; revocations wait for it, and the log says so."""
    check(any_store, OLD)
    connection = connect(any_store, OLD)

    with pytest.raises(
        BadSettings,
        match=r"lacks the key old, .* \(1\).*give each app a PORTALKEY_DATABASE_URL.*forget",
    ):
        check(any_store, NEW)
    vault_of(any_store, OLD).erase(connection)
    check(any_store, NEW)
    assert "no key here opens revocations that HubSpot is owed (1, key old)" in caplog.text


def test_a_start_that_is_refused_decides_nothing(any_store: Store) -> None:
    """The key that stood in for a lost one is no key of this store, once that is back."""
    check(any_store, OLD)
    connect(any_store, OLD)
    with pytest.raises(BadSettings, match="lacks the key old"):
        check(any_store, NEW)

    check(any_store, Key("new", new_key()), OLD)


def test_keys_are_rotated_without_a_stop(any_store: Store) -> None:
    """Appended last, moved first, and the old one taken away once nothing bears it."""
    check(any_store, OLD)
    connection = connect(any_store, OLD)
    check(any_store, OLD, NEW)
    check(any_store, NEW, OLD)
    with pytest.raises(BadSettings, match="lacks the key old"):
        check(any_store, NEW)
    both = vault_of(any_store, NEW, OLD)
    grant = Grant(SecretStr("access"), None, 1800)
    assert both.renew(connection, grant, sent_at=any_store.now())

    check(any_store, NEW)


def test_each_app_has_keys_of_its_own(any_store: Store) -> None:
    """Two apps in one store may use one label."""
    check(any_store, OLD)

    KeyChecks(Vault(Keyring([OTHER_OLD]), any_store, "other")).require()


def test_a_key_that_is_lost_for_good_is_given_up(any_store: Store) -> None:
    """What opens stays; what does not is erased and waits for its people; the label is free."""
    check(any_store, OLD)
    lost, kept = connect(any_store, OLD, 1), connect(any_store, NEW, 2)
    waiting = connect(any_store, OLD, 3)
    assert any_store.mark(waiting, Mark(ConnectionStatus.NEEDS_RECONNECT, "uninstalled"))
    vault_of(any_store, OLD).enqueue(SecretStr("refresh"), lost.id)
    vault = vault_of(any_store, NEW)
    given_up = LostKey(vault, Audit(vault), "old")

    assert given_up.count() == Sealed(2, 1)
    assert given_up.give_up() == Sealed(2, 1)
    rows = {row.id: (row.status, row.status_reason) for row in any_store.connections("ada", "app")}
    assert rows == {
        lost.id: ("needs_reconnect", "key_lost"),
        waiting.id: ("needs_reconnect", "uninstalled"),
        kept.id: ("connected", None),
    }
    assert any_store.count_sealed("app", "old") == SealCount()
    names = [event.name for event in any_store.events()]
    assert names[-2:] == ["needs_reconnect", "revocation_forgotten"]
    check(any_store, NEW, OTHER_OLD)


def test_what_opens_is_never_given_up(any_store: Store) -> None:
    """Nor is its key forgotten."""
    check(any_store, OLD)
    connection = connect(any_store, OLD)
    vault = vault_of(any_store, OLD)

    assert LostKey(vault, Audit(vault), "old").give_up() == Sealed(0, 0)
    (row,) = any_store.connections("ada", "app")
    assert (row.id, row.status) == (connection.id, "connected")
    with pytest.raises(BadSettings):
        check(any_store, OTHER_OLD)


class Renewed(MemoryStore):
    """A store in which a connection is renewed as somebody gives it up."""

    before_mark: Callable[[], object] = staticmethod(lambda: None)

    def mark(self, *arguments: object, **named: object) -> bool:
        """Renew it first."""
        self.before_mark()
        return super().mark(*arguments, **named)  # type: ignore[arg-type]


def test_what_is_renewed_meanwhile_is_not_given_up() -> None:
    """Somebody had the key after all."""
    store = Renewed()
    connection = connect(store, OLD)
    grant = Grant(SecretStr("access"), None, 1800)
    store.before_mark = lambda: vault_of(store, NEW, OLD).renew(
        connection, grant, sent_at=store.now()
    )
    vault = vault_of(store, NEW)

    assert LostKey(vault, Audit(vault), "old").give_up() == Sealed(0, 0)
    assert store.connections("ada", "app")[0].is_authenticated


def test_the_sentence_names_the_key() -> None:
    """The operator reads which one to bring back."""
    store = MemoryStore()
    connection = connect(store, OLD)

    with pytest.raises(NoKeyOpens, match="put the key old back into PORTALKEY_KEYS"):
        vault_of(store, NEW).open_refresh(connection)
