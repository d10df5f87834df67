"""Promises of a store about who hears of an app's events."""
# ruff: noqa: PLR2004, S101 - these are tests, though they are shipped

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from portalkey.model.connection import ConnectionStatus
from portalkey.model.events import Event, EventName
from portalkey.model.notifications import Subject
from portalkey.model.throttle import Limits, PortionRequest
from portalkey.testing.claims import APP, DAY, ClaimPromises, find_due, record
from portalkey.testing.samples import Ahead, begin_exchange, load, new_connection, next_generation
from portalkey.vault.store import Mark, Store


class NotificationPromises(ClaimPromises):
    """A change and who has to hear of it are one; each lane keeps its order."""

    def test_nobody_is_owed_what_nobody_hears(self, store: Store) -> None:
        """Without a receiver nothing waits, and each app has its own."""
        store.add_receivers("another app", ["billing"])
        record(store, "row")

        assert list(find_due(store)) == []
        assert store.waiting_notifications("app") == {}
        assert store.receivers("app") == {}
        assert set(store.receivers("another app")) == {"billing"}

    def test_a_change_is_owed_to_each_receiver(self, store: Store) -> None:
        """With all that the event has, under the event's own id."""
        store.add_receivers("app", ["billing"])
        store.add_receivers("app", ["billing", "webhook"])
        facts = {"error": "needs_reconnect", "word": "Straße"}
        event = Event(EventName.NEEDS_RECONNECT, "ada", "try", "row", facts)
        recorded = store.record(event, APP)

        found = [*find_due(store), *find_due(store, "webhook")]
        assert [each.receiver for each in found] == ["billing", "webhook"]
        for each in found:
            assert (each.event, each.event_id) == (recorded, recorded.id)
            assert (each.hub_id, each.tries, each.lane) == (7, 0, "row")
        assert store.event(recorded.id or "") == recorded
        assert recorded.id in {each.id for each in store.events(owner="ada")}

    def test_only_changes_are_owed(self, store: Store) -> None:
        """Neither what people tried, nor what concerns no app."""
        store.add_receivers("app", ["billing"])
        store.record(Event(EventName.ATTEMPT_STARTED, "ada"), APP)
        store.record(Event(EventName.CONNECTED, "ada"))

        assert list(find_due(store)) == []

    def test_what_a_connection_goes_through_is_owed_with_it(self, store: Store) -> None:
        """Connecting, marking, renewing and disconnecting: each with its event, or not at all."""
        store.add_receivers("app", ["billing"])
        row, attempt = new_connection(store), begin_exchange(store)
        event = Event(EventName.CONNECTED, "ada", attempt, row.id)
        assert store.connect(attempt, row, event=event)
        mark = Mark(
            ConnectionStatus.NEEDS_RECONNECT, event=replace(event, name=EventName.NEEDS_RECONNECT)
        )
        assert store.mark(load(store, row), mark)
        assert not store.mark(replace(row, generation=9), mark)
        healed = {ConnectionStatus.NEEDS_RECONNECT: replace(event, name=EventName.HEALED)}
        for is_first in (True, False):  # by somebody who read it before it ended
            before = store.renew(next_generation(row), instead_of="fingerprint 1", tell=healed.get)
            assert (before is not None) is is_first
        ended = replace(event, name=EventName.DISCONNECTED)
        assert store.disconnect(load(store, row), None, event=ended)

        names = []
        while due := find_due(store):
            (each,) = due
            names.append(each.name)
            assert (each.lane, each.hub_id) == (row.id, row.hub_id)
            store.complete_notification(each)
        assert names == [
            EventName.CONNECTED,
            EventName.NEEDS_RECONNECT,
            EventName.HEALED,
            EventName.DISCONNECTED,
        ]

    def test_the_breaker_tells_as_it_changes(self, store: Store) -> None:
        """The event is recorded with the change of the throttle, where that is one."""
        store.add_receivers("app", ["billing"])
        store.take_portion("app", PortionRequest(Limits(1000, 1000)))
        event = Event(EventName.BREAKER_OPENED)
        store.update_throttle("app", lambda known, _: known, lambda *_: None)
        store.update_throttle(
            "app", lambda known, now: replace(known, open_until=now), lambda *_: event
        )

        assert [each.name for each in find_due(store)] == [EventName.BREAKER_OPENED]
        assert EventName.BREAKER_OPENED in {each.name for each in store.events()}

    def test_the_first_of_each_lane_goes_first(self, store: Store) -> None:
        """The others of one connection wait for it; other connections do not."""
        store.add_receivers("app", ["billing"])
        first, second = record(store, "row 1"), record(store, "row 1", EventName.DISCONNECTED)
        other = record(store, "row 2")

        due = {each.lane: each for each in find_due(store)}
        assert [due["row 1"].event_id, due["row 2"].event_id] == [first.id, other.id]
        assert len(find_due(store, at_most=1)) == 1
        store.complete_notification(due["row 1"])
        assert {each.event_id for each in find_due(store)} == {second.id, other.id}

    def test_what_comes_last_goes_last(self, store: Store, ahead: Ahead) -> None:
        """Though the audit is forgotten meanwhile, and numbers its events from 1 again."""
        store.add_receivers("app", ["billing"])
        for _ in range(3):
            store.record(Event(EventName.ATTEMPT_STARTED, "ada"))
        first = record(store, "row")
        ahead.passes(2 * DAY)
        assert not store.purge(9, events_days=1)
        assert list(store.events()) == []
        second = record(store, "row", EventName.DISCONNECTED)

        (due,) = find_due(store)
        assert due.event_id == first.id
        store.complete_notification(due)
        assert [each.event_id for each in find_due(store)] == [second.id]

    def test_what_waits_is_counted(self, store: Store, ahead: Ahead) -> None:
        """By receiver, with the oldest change; and in the census, which has its age."""
        store.add_receivers("app", ["billing", "webhook"])
        first = record(store, "row")
        (due,) = find_due(store, "webhook")
        store.complete_notification(due)
        ahead.passes(60)
        record(store, "row")

        waiting = store.waiting_notifications("app")
        assert {name: each.number for name, each in waiting.items()} == {"billing": 2, "webhook": 1}
        assert waiting["billing"].oldest == first.at
        counted = store.stats("app")
        assert counted.notifications == 3
        assert 60 <= counted.oldest_notification < 3600
        assert store.stats("another app").notifications == 0

    def test_a_receiver_is_forgotten_with_what_it_is_owed(self, store: Store, ahead: Ahead) -> None:
        """Others stay; it is known when a process had each last."""
        before = store.now()
        store.add_receivers("app", ["billing", "webhook"])
        ahead.passes(60)
        store.add_receivers("app", ["webhook"])
        record(store, "row 1")
        record(store, "row 2")

        known = store.receivers("app")
        assert (known["webhook"] - known["billing"]).total_seconds() >= 60
        assert known["billing"] >= before
        assert store.remove_receiver("app", "billing", silent=3600) is None
        assert store.waiting_notifications("app")["billing"].number == 2
        assert store.remove_receiver("app", "billing", silent=30) == 2
        assert store.remove_receiver("app", "nobody") == 0
        record(store, "row 3")
        assert set(store.receivers("app")) == {"webhook"}
        assert list(find_due(store)) == []
        assert len(find_due(store, "webhook")) == 3

    def test_receivers_that_are_added_at_once_are_all_there(self, store: Store) -> None:
        """None of several processes that start writes over what another wrote."""
        names = [f"receiver-{number}" for number in range(8)]
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda name: store.add_receivers("app", [name]), names))

        assert sorted(store.receivers("app")) == names

    def test_an_event_is_owed_again(self, store: Store) -> None:
        """Under its id, to all that there are now, behind what waits; and due at once."""
        store.add_receivers("app", ["billing"])
        event = record(store, "row")
        (due,) = find_due(store)
        store.complete_notification(due)
        store.add_receivers("app", ["webhook"])
        assert store.notify_again(event, APP) == 2
        (late,) = find_due(store)
        store.reschedule_notification(late, 3600)
        assert store.notify_again(event, APP) == 2

        again = [*find_due(store), *find_due(store, "webhook")]
        assert [each.event_id for each in again] == [event.id] * 2
        assert [each.receiver for each in again] == ["billing", "webhook"]
        (late, _) = [*find_due(store), *find_due(store, "webhook")]
        assert store.claim_notification(late.id, 60)
        assert store.notify_again(event, APP) == 2
        assert list(find_due(store)) == []
        assert store.claim_notification(late.id, 60) is None
        assert store.notify_again(event, Subject("another app")) == 0
        for unknown in ("evt_1_1", "nonsense", "", "evt_99999999999999999_1", "no\0body"):
            assert store.event(unknown) is None

    def test_what_is_owed_tells_nothing_of_the_erased(self, store: Store) -> None:
        """It arrives as before, in no order, and names nobody; others' are as they were."""
        store.add_receivers("app", ["billing"])
        mine, other = record(store, "row of ada"), None
        event = Event(EventName.CONNECTED, "eve", None, "row of eve", {"hub_id": 8})
        other = store.record(event, APP)
        assert store.erase_owner("ada", Event(EventName.OWNER_ERASED), Subject("app"))

        due = {each.event_id: each for each in find_due(store)}
        stripped = due.pop(mine.id or "")
        assert (stripped.owner, stripped.connection_id, stripped.hub_id) == (None, None, None)
        assert stripped.facts == {"erased": True}
        assert "ada" not in repr(stripped)
        assert due.pop(other.id or "").event == other
        assert [each.name for each in due.values()] == [EventName.OWNER_ERASED]
