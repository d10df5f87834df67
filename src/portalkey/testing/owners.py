"""Promises of a store about all that it keeps of one owner."""
# ruff: noqa: S101 - these are tests, though they are shipped

from dataclasses import replace

from portalkey.model.connection import Account, Connection
from portalkey.model.counters import CounterKind, Tally
from portalkey.model.events import Event, EventName
from portalkey.testing.samples import connect, load, new_attempt, new_owed
from portalkey.vault.store import Store

_ERASED = Event(EventName.OWNER_ERASED, facts={"connections": 1})


def _end(store: Store, row: Connection) -> Connection:
    """Disconnect a *row* that HubSpot is owed the token of."""
    assert store.disconnect(row, new_owed(store, id=f"owed {row.id}", connection_id=row.id))
    return load(store, row)


class OwnerPromises:
    """An owner's rows are known, whichever app they are of, and all of them can be erased."""

    def test_all_of_an_owner_is_known(self, store: Store) -> None:
        """Of any app and status, and nothing of anybody else."""
        mine = connect(store)
        ended = _end(store, connect(store, account=Account(7)))
        foreign = connect(store, client_id="another app")
        connect(store, owner="eve")
        attempt = new_attempt(store, owner="ada")

        assert [row.id for row in store.holdings("ada")] == sorted([mine.id, ended.id, foreign.id])
        assert attempt.id in {each.id for each in store.attempts_of("ada")}
        assert {each.owner for each in store.attempts_of("ada")} == {"ada"}
        assert not store.holdings("no\0body")
        assert not store.attempts_of("nobody")

    def test_an_owner_is_erased_from_every_table(self, store: Store) -> None:
        """Rows that name a connection or an attempt of theirs alone go, too; others stay."""
        row, other = _end(store, connect(store)), connect(store, owner="eve")
        attempt = new_attempt(store)
        for each in (row, other):
            store.count("app", [Tally(CounterKind.RENEWED, each.id, 1)])
            store.record(Event(EventName.REVOKED, connection_id=each.id))
        store.record(Event(EventName.CALLBACK_REFUSED, attempt_id=attempt.id))
        before = [event for event in store.events() if event.connection_id == other.id]

        assert store.erase_owner("ada", _ERASED)
        store.scrub()

        assert store.connection(row.id) is None
        assert store.attempt(attempt.id) is None
        assert not store.holdings("ada")
        assert not store.attempts_of("ada")
        assert store.counters("app", row.id) == []
        assert len(store.counters("app", other.id)) == 1
        *left, erased = store.events()
        assert [event for event in left if event.connection_id == other.id] == before
        assert not [e for e in left if e.owner == "ada" or row.id == e.connection_id]
        assert not [e for e in left if attempt.id == e.attempt_id]
        assert replace(erased, at=None) == _ERASED
        assert load(store, other).sealed

    def test_what_hubspot_is_owed_outlives_its_owner(self, store: Store) -> None:
        """It is sent as before, and names no connection any more."""
        row = _end(store, connect(store))
        uninstall = new_owed(
            store, id="uninstall", connection_id=row.id, hub_id=7, asked_at=store.now()
        )
        store.enqueue(uninstall)
        before = store.pending(9)
        assert store.erase_owner("ada", _ERASED)

        after = store.pending(9)
        assert [each.connection_id for each in before] == [row.id, row.id]
        assert after == [replace(each, connection_id=None) for each in before]

    def test_no_token_is_lost_with_its_owner(self, store: Store) -> None:
        """While one is connected nothing is erased: its token could never be revoked."""
        _end(store, connect(store))
        connect(store, account=Account(7))
        rows, events = store.holdings("ada"), list(store.events())

        assert not store.erase_owner("ada", _ERASED)
        assert [row.id for row in store.holdings("ada")] == [row.id for row in rows]
        assert list(store.events()) == events

    def test_erasing_nobody_is_no_mistake(self, store: Store) -> None:
        """Whoever was cut off does it again; others' rows stay."""
        row = connect(store, owner="eve")

        assert store.erase_owner("nobody", _ERASED)
        assert store.erase_owner("no\0body", _ERASED)
        store.scrub()
        assert load(store, row).sealed
