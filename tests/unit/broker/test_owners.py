"""Whoever asks to be forgotten is forgotten: in every table, and in every byte of the file."""

import random
from collections.abc import Callable
from pathlib import Path
from string import ascii_lowercase

import pytest
from sqlalchemy import Connection as Tx
from sqlalchemy import text

from portalkey.broker import Broker
from portalkey.errors import NoSession, NotConnected, StoreBusy
from portalkey.flask.session_store import SessionStore
from portalkey.model.connection import Account
from portalkey.model.events import Event, EventName
from portalkey.model.notifications import Subject
from portalkey.settings import Settings
from portalkey.testing.account import connect
from portalkey.testing.parts import broker_over
from portalkey.testing.samples import connect as put
from portalkey.vault import MemoryStore, SQLStore
from portalkey.vault.json_file.store import ConfigFileStore
from portalkey.vault.sql.owners import ERASURES
from portalkey.vault.sql.tables import metadata
from portalkey_simulator import HubSpot

OF_OWNERS = {"owner", "person", "connection_id", "attempt_id", "hub_domain", "account_facts"}
NOBODYS = {"portalkey_meta", "portalkey_provider"}
"""Tables that tell of no owner: keys, and the state of the token endpoint."""
GONE = [f"owner-{number}-of-the-app" for number in range(200) if number % 4]
PUT = text(
    "INSERT INTO portalkey_attempts (id, owner, state_hash, cookie_hash, browser_hash, "
    "redirect_uri, opener_origin, next, language, status, created_at, expires_at) VALUES "
    "(:id, :owner, :id, 'c', 'b', 'r', 'o', :next, 'en', 'at_hubspot', :at, :at)"
)
CHANGE = text("UPDATE portalkey_attempts SET next = :next WHERE owner = :owner AND id < 'm'")
TAKE = text("DELETE FROM portalkey_attempts WHERE owner = :owner AND id > 'd'")


def test_every_table_is_known_to_erase() -> None:
    """A column that tells of somebody brings its table here, or the table is nobody's."""
    telling = {table for table in metadata.tables.values() if OF_OWNERS & set(table.columns.keys())}

    assert set(ERASURES) == telling
    assert {table.name for table in ERASURES} | NOBODYS == set(metadata.tables)


def churn(store: SQLStore) -> None:
    """Move rows about between pages, as years of use do."""
    draw = random.Random(4)  # noqa: S311 - no secret
    at = store.now().timestamp()

    def write(tx: Tx) -> None:
        for _ in range(4000):
            owner = f"owner-{draw.randrange(200)}-of-the-app"
            name = "".join(draw.choices(ascii_lowercase, k=22))
            values = {"at": at, "owner": owner, "id": name, "next": "/" * draw.randrange(400)}
            tx.execute(draw.choices((PUT, CHANGE, TAKE), (12, 4, 2))[0], values)

    store._database.write(write)


def delete(store: SQLStore) -> None:
    """Delete the rows of those that are to be gone, and do no more."""
    statement = text("DELETE FROM portalkey_attempts WHERE owner = :owner")
    store._database.write(lambda tx: tx.execute(statement, [{"owner": name} for name in GONE]))


def bytes_of(path: Path) -> bytes:
    """All that is on the disk: the file, its log and what else stands beside it."""
    return b"".join(each.read_bytes() for each in sorted(path.parent.glob(f"{path.name}*")))


def test_no_byte_of_a_sqlite_file_tells_of_them(
    broker: Broker, hubspot: HubSpot, settings: Settings, tmp_path: Path
) -> None:
    """Neither a page, nor a free one, nor the log; others' rows are as they were."""
    path, store = tmp_path / "portalkey.db", broker.vault.store
    assert isinstance(store, SQLStore)
    churn(store)
    owner = "ada-lovelace-4711"
    connect(broker, hubspot, owner)
    row = broker.find(owner=owner).connections[0]
    traces = [owner.encode(), b"maya@harbourpine.example", b"harbourpine.example", row.id.encode()]
    assert all(trace in bytes_of(path) for trace in traces)

    delete(store)
    assert broker.erase(owner) == 1
    broker.close()

    content = bytes_of(path)
    assert [trace for trace in traces if trace in content] == []
    assert [name for name in GONE if name.encode() in content] == []
    assert b"owner-4-of-the-app" in content


def test_a_page_keeps_what_only_was_deleted(broker: Broker, tmp_path: Path) -> None:
    """Negative control: without writing the file anew, a search finds some of it."""
    store = broker.vault.store
    assert isinstance(store, SQLStore)
    churn(store)
    delete(store)
    broker.close()

    content = bytes_of(tmp_path / "portalkey.db")
    assert [name for name in GONE if name.encode() in content]


def test_a_config_file_and_its_copy_forget(
    hubspot: HubSpot, settings: Settings, tmp_path: Path
) -> None:
    """The good copy beside it as well."""
    path = tmp_path / "connections.json"
    broker = broker_over(settings, ConfigFileStore(path), hubspot)
    connect(broker, hubspot, "ada-lovelace-4711")
    broker.erase("ada-lovelace-4711")
    broker.close()

    content = bytes_of(path)
    assert [each for each in (b"ada-lovelace", b"harbourpine") if each in content] == []
    assert b"owner_erased" in content


def test_hubspot_is_still_told(
    broker: Broker, hubspot: HubSpot, ahead: Callable[[], float]
) -> None:
    """While it is away the revocation waits, and names nobody."""
    connect(broker, hubspot, "ada")
    hubspot.stop()
    broker.erase("ada")
    broker.close()
    ahead.passes(3600)  # type: ignore[attr-defined]
    (owed,) = broker.vault.store.pending(9)
    assert owed.connection_id is None
    with pytest.raises(NotConnected):
        broker.access_token("ada")

    hubspot.start()
    assert broker.send_owed() == 1
    assert hubspot.requests[-1].path.endswith("/token/revoke")
    assert [event.owner for event in broker.vault.store.events()] == [None] * len(
        broker.vault.store.events()
    )


def test_whoever_was_never_here_leaves_no_event(broker: Broker) -> None:
    """Nothing was erased, so the audit says nothing; whoever left an event alone was here."""
    store = broker.vault.store
    assert broker.erase("nobody") == 0
    assert store.events() == []

    store.record(Event(EventName.CONNECTED, "ada"))
    broker.erase("ada")
    assert [event.name for event in store.events()] == [EventName.OWNER_ERASED]


def test_what_another_app_connected_is_erased_too(broker: Broker) -> None:
    """Whoever changed the app at HubSpot still has its old rows; that app is owed the token."""
    store = broker.vault.store
    put(store, client_id="the app of before")

    assert broker.erase("ada") == 1
    assert store.holdings("ada") == []
    (owed,) = store.pending(9)
    assert owed.client_id == "the app of before"


class Tireless(MemoryStore):
    """Somebody connects again whenever they were disconnected."""

    def erase_owner(self, owner: str, event: Event | None, subject: Subject | None = None) -> bool:
        """Come too late."""
        put(self, owner=owner, account=Account(len(self._connections)))
        return super().erase_owner(owner, event, subject)


def test_whoever_comes_back_meanwhile_is_not_half_erased(
    settings: Settings, hubspot: HubSpot
) -> None:
    """Nothing goes while a token would be lost; it is said what to do."""
    store = Tireless()
    broker = broker_over(settings, store, hubspot)

    with pytest.raises(StoreBusy, match="keep them out"):
        broker.erase("ada")
    assert store.holdings("ada")
    broker.close()


def test_connections_in_sessions_are_the_apps_to_end(settings: Settings, hubspot: HubSpot) -> None:
    """All else is erased, and it says so."""
    store = MemoryStore()
    store.record(Event(EventName.CONNECTED, "ada"))
    broker = broker_over(settings, store, hubspot)
    broker.wrap_store(SessionStore)

    with pytest.raises(NoSession, match="end the sessions"):
        broker.erase("ada")
    assert [event.name for event in store.events()] == [EventName.OWNER_ERASED]
    broker.close()


def test_an_owner_is_named(broker: Broker) -> None:
    """An empty name is the app's mistake, and erases nobody."""
    for call in (broker.erase, broker.export):
        with pytest.raises(TypeError, match="owner must be"):
            call("")


def test_an_export_holds_what_names_a_connection_alone(broker: Broker, hubspot: HubSpot) -> None:
    """Such as that HubSpot was told to forget its token."""
    connect(broker, hubspot, "ada")
    (row,) = broker.connections("ada")
    broker.disconnect("ada", row.id)

    kept = broker.export("ada")
    names = [each["name"] for each in kept["events"]]
    assert names == ["attempt_started", "connected", "disconnected", "revoked"]
    assert [each["status"] for each in kept["connections"]] == ["disconnected"]
