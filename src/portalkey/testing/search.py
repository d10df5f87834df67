"""Promises of a store about searches, for whoever runs the app."""
# ruff: noqa: S101 - these are tests, though they are shipped

from collections.abc import Sequence
from datetime import timedelta

import pytest

from portalkey.model.attempt import AttemptStatus
from portalkey.model.connection import Account, Connection, SealedGrant
from portalkey.model.connection import ConnectionStatus as C
from portalkey.model.events import Event, EventName
from portalkey.model.search import (
    END,
    AttemptSearch,
    ConnectionSearch,
    EventPlace,
    EventSearch,
    place_of,
)
from portalkey.testing.samples import Ahead, connect, new_attempt
from portalkey.vault.store import Store


def _ids(rows: Sequence[Connection]) -> set[str]:
    return {row.id for row in rows}


class SearchPromises:
    """Connections by what is known of them, and events by whom they concern, in pages."""

    def test_connections_are_found_by_what_is_known_of_them(self, store: Store) -> None:
        """Each narrows the search, and all of them together do."""
        sealed = SealedGrant("access", "refresh", "fingerprint 2", "b")
        one = connect(store)
        two = connect(store, owner="eve", sealed=sealed)
        domain = Account(7, hub_domain="other.example")
        three = connect(store, account=domain, status=C.FAILING)
        connect(store, client_id="another app", owner="eve")

        for named, found in (
            ({}, [one, two, three]),
            ({"owner": "ada"}, [one, three]),
            ({"hub_id": 2**40}, [one, two]),
            ({"domain": "other.example"}, [three]),
            ({"status": C.FAILING}, [three]),
            ({"key_name": "b"}, [two]),
            ({"owner": "ada", "hub_id": 7, "status": C.CONNECTED}, []),
            ({"owner": "nobody"}, []),
            ({"owner": "no\0body"}, []),
        ):
            assert _ids(store.find(ConnectionSearch("app", **named), 9).connections) == _ids(found)

    def test_a_found_connection_is_as_it_stands(self, store: Store) -> None:
        """All of its row, and the store's time beside it."""
        row = connect(store)
        (found,) = store.find(ConnectionSearch("app"), 9).connections

        assert found.seen_at >= row.seen_at
        assert found.account == row.account
        assert found.sealed == row.sealed

    def test_the_disconnected_are_found_by_that_status_only(self, store: Store) -> None:
        """As a rule it is asked who is connected."""
        row = connect(store)
        assert store.disconnect(row, None)

        assert store.find(ConnectionSearch("app", hub_id=row.hub_id), 9).connections == []
        (found,) = store.find(ConnectionSearch("app", status=C.DISCONNECTED), 9).connections
        assert found.id == row.id

    def test_old_connections_are_found(self, store: Store, ahead: Ahead) -> None:
        """By the store's own clock."""
        old = connect(store)
        ahead.passes(3600)
        connect(store, owner="eve")

        search = ConnectionSearch("app", connected_before=old.connected_at + timedelta(seconds=60))
        assert _ids(store.find(search, 9).connections) == {old.id}

    @pytest.mark.parametrize("size", [1, 2, 5, 6, 7])
    def test_pages_hold_each_connection_once(self, store: Store, size: int) -> None:
        """By id, whatever the size; the last page has no cursor."""
        rows = {connect(store, account=Account(number)).id for number in range(6)}
        seen: list[str] = []
        after: str | None = ""
        while after is not None:
            page = store.find(ConnectionSearch("app"), size, after=after)
            assert 0 < len(page.connections) <= size
            seen += [row.id for row in page.connections]
            after = page.cursor

        assert seen == sorted(rows)

    def test_a_connection_that_ends_between_pages_costs_no_other(self, store: Store) -> None:
        """Whoever ends what a page shows, and asks for the next, comes by all of them."""
        rows = {connect(store, account=Account(number)).id for number in range(5)}
        ended, after = set(), ""
        while page := store.find(ConnectionSearch("app"), 2, after=after):
            for row in page.connections:
                assert store.disconnect(row, None)
                ended.add(row.id)
            if page.cursor is None:
                break
            after = page.cursor

        assert ended == rows

    def test_attempts_are_found_the_newest_first(self, store: Store, ahead: Ahead) -> None:
        """By owner and by when they began; nothing is moved by looking."""
        first = new_attempt(store)
        ahead.passes(60)
        second = new_attempt(store, owner="eve")
        third = new_attempt(store, created_at=second.created_at, id=f"{second.id}x")

        def find(**named: object) -> list[str]:
            search = AttemptSearch(**named)  # type: ignore[arg-type]
            return [each.id for each in store.find_attempts(search, 9)]

        assert find() == [third.id, second.id, first.id]
        assert find(owner="eve") == [second.id]
        assert find(owner="no\0body") == []
        assert find(since=second.created_at.timestamp()) == [third.id, second.id]
        assert find(before=place_of(third)) == [second.id, first.id]
        assert find(before=place_of(first)) == []
        assert [each.id for each in store.find_attempts(AttemptSearch(), 1)] == [third.id]

    def test_attempts_are_found_as_they_stand(self, store: Store, ahead: Ahead) -> None:
        """One that is overdue has ended, though nobody has looked at it since."""
        late, dead = new_attempt(store), new_attempt(store)
        assert store.move_attempt(dead.id, AttemptStatus.EXCHANGING)
        failed = new_attempt(store)
        assert store.move_attempt(failed.id, AttemptStatus.FAILED, error="declined")
        ahead.passes(700)
        open_, claimed = new_attempt(store), new_attempt(store)
        assert store.move_attempt(claimed.id, AttemptStatus.EXCHANGING)

        for status, ids in (
            (AttemptStatus.EXPIRED, {late.id}),
            (AttemptStatus.FAILED, {failed.id, dead.id}),
            (AttemptStatus.AT_HUBSPOT, {open_.id}),
            (AttemptStatus.EXCHANGING, {claimed.id}),
            (AttemptStatus.CONNECTED, set()),
        ):
            found = store.find_attempts(AttemptSearch(status=status), 9)
            assert {each.id for each in found} == ids, status
            assert {each.status for each in found} <= {status}

    def test_events_are_found_by_whom_they_concern(self, store: Store) -> None:
        """Each with its place, from which on the search goes on."""
        first = store.record(Event(EventName.CONNECTED, "ada", "try 1", "row 1"))
        second = store.record(Event(EventName.CONNECTED, "eve", "try 2", "row 2"))
        third = store.record(Event(EventName.REVOKED, connection_id="row 1"))

        def find(after: EventPlace | None = None, **named: object) -> list[Event]:
            search = EventSearch(after or EventPlace(), **named)  # type: ignore[arg-type]
            return [event for _, event in store.find_events(search, 9)]

        assert find() == [first, second, third]
        assert find(owner="ada") == [first]
        assert find(connection_id="row 1") == [first, third]
        assert find(owner="no\0body") == []
        places = [place for place, _ in store.find_events(EventSearch(), 9)]
        assert places == sorted(set(places))
        assert [find(place) for place in places] == [[second, third], [third], []]
        assert find(until=places[0].at - 1) == []

    def test_events_are_found_backwards(self, store: Store, ahead: Ahead) -> None:
        """The newest first, and each place leads on to what was before it."""
        events = []
        for number in range(4):
            events.append(store.record(Event(EventName.CONNECTED, connection_id="row 1")))
            ahead.passes(60 * (number % 2))
        store.record(Event(EventName.CONNECTED, connection_id="row 2"))
        found: list[Event] = []
        place = END
        while page := store.find_events(
            EventSearch(place, connection_id="row 1", is_backward=True), 3
        ):
            found += [event for _, event in page]
            place = page[-1][0]

        assert found == events[::-1]

    def test_events_are_found_from_a_moment_on(self, store: Store, ahead: Ahead) -> None:
        """By the store's clock, the moment itself among them."""
        store.record(Event(EventName.CONNECTED))
        ahead.passes(60)
        young = store.record(Event(EventName.DISCONNECTED))

        assert young.at
        search = EventSearch(EventPlace(young.at.timestamp()))
        assert [event for _, event in store.find_events(search, 9)] == [young]

    def test_the_place_of_an_event_stays(self, store: Store, ahead: Ahead) -> None:
        """Older ones that are forgotten move none of those that are left."""
        store.record(Event(EventName.CONNECTED))
        ahead.passes(10 * 86400)
        for _ in range(3):
            store.record(Event(EventName.REVOKED))
        before = list(store.find_events(EventSearch(), 9))[1:]
        assert not store.purge(9, events_days=9)

        assert list(store.find_events(EventSearch(), 9)) == before
