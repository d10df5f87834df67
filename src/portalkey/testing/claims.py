"""Promises of a store about delivering what is owed: claims, failed tries, giving up."""
# ruff: noqa: PLR2004, S101 - these are tests, though they are shipped

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from portalkey.model.events import Event, EventName
from portalkey.model.notifications import Notification, Subject
from portalkey.testing.samples import Ahead
from portalkey.vault.store import Store

APP = Subject("app", 7)
DAY = 86400.0


def record(store: Store, connection_id: str | None, name: EventName = EventName.HEALED) -> Event:
    """Record an event of the connection of this id, and return it."""
    return store.record(Event(name, "ada", None, connection_id), APP)


def find_due(store: Store, receiver: str = "billing", at_most: int = 9) -> Sequence[Notification]:
    """Return what may be delivered to a receiver now."""
    return store.due_notifications("app", receiver, at_most)


class ClaimPromises:
    """Whoever claims one keeps it from the others, tells what is there by then, and for a while."""

    def test_one_of_many_delivers(self, store: Store, ahead: Ahead) -> None:
        """Whoever has it keeps others from it and from what is behind it, for a while."""
        store.add_receivers("app", ["billing"])
        record(store, "row")
        record(store, "row", EventName.DISCONNECTED)
        (due,) = find_due(store)
        with ThreadPoolExecutor(8) as pool:
            claims = list(pool.map(lambda _: store.claim_notification(due.id, 60), range(8)))

        (claimed,) = [each for each in claims if each is not None]
        assert replace(claimed, due_at=due.due_at, claim=None) == due
        assert list(find_due(store)) == []
        assert store.claim_notification("unknown", 60) is None
        ahead.passes(61)
        (again,) = find_due(store)
        assert (again.id, again.tries) == (due.id, 0)

    def test_a_claim_is_of_what_is_there_by_then(self, store: Store, ahead: Ahead) -> None:
        """Whatever it was as it was found due: erased, tried, or behind others meanwhile."""
        store.add_receivers("app", ["billing"])
        event = record(store, "row")
        (found,) = find_due(store)
        store.reschedule_notification(found, 60)
        assert store.erase_owner("ada", Event(EventName.OWNER_ERASED), Subject("app"))
        ahead.passes(61)
        claimed = store.claim_notification(found.id, 60)
        assert claimed is not None
        assert (claimed.owner, claimed.connection_id, claimed.tries) == (None, None, 1)
        store.complete_notification(claimed)

        first, _ = record(store, "other row"), record(store, "other row")
        found = next(each for each in find_due(store) if each.event_id == first.id)
        store.complete_notification(found)
        store.notify_again(first, APP)
        assert store.claim_notification(found.id, 60) is None
        assert event.id != first.id

    def test_a_claim_that_is_over_changes_nothing(self, store: Store, ahead: Ahead) -> None:
        """Another has come after it: neither its failure nor its success is the other's."""
        store.add_receivers("app", ["billing"])
        event = record(store, "row")
        (due,) = find_due(store)
        late = store.claim_notification(due.id, 60)
        ahead.passes(61)
        current = store.claim_notification(due.id, 60)
        assert late is not None
        assert current is not None
        store.reschedule_notification(late, 0)
        assert list(find_due(store)) == []
        store.complete_notification(late)
        assert store.waiting_notifications("app")["billing"].number == 1
        store.complete_notification(current)
        assert store.waiting_notifications("app") == {}

        assert store.notify_again(event, APP) == 1
        store.complete_notification(current)
        assert [each.event_id for each in find_due(store)] == [event.id]

    def test_a_failed_try_holds_up_its_lane_alone(self, store: Store, ahead: Ahead) -> None:
        """It counts, and once it has arrived the next one need not wait any longer."""
        store.add_receivers("app", ["billing"])
        for lane in ("row 1", "row 1", "row 2"):
            record(store, lane)
        due = next(each for each in find_due(store) if each.lane == "row 1")
        store.reschedule_notification(due, 3600)
        assert [each.lane for each in find_due(store)] == ["row 2"]
        ahead.passes(3601)

        again = next(each for each in find_due(store) if each.lane == "row 1")
        assert (again.id, again.tries) == (due.id, 1)
        store.reschedule_notification(again, 7200)
        third = replace(again, tries=2)
        store.complete_notification(third)
        store.complete_notification(third)
        lanes = [each.lane for each in find_due(store)]
        assert sorted(lanes) == ["row 1", "row 2"]

    def test_what_is_too_old_is_given_up(self, store: Store, ahead: Ahead) -> None:
        """The oldest first, a few at a time, and whoever gives up knows what it was."""
        store.add_receivers("app", ["billing"])
        old = [record(store, f"row {number}") for number in range(3)]
        ahead.passes(3 * DAY)
        young = record(store, "row 1")
        give_up = store.give_up_notifications

        assert list(give_up("app", "billing", 4 * DAY, 9)) == []
        gone = [each.event_id for _ in range(3) for each in give_up("app", "billing", DAY, 2)]
        assert gone == [each.id for each in old]
        assert [each.event_id for each in find_due(store)] == [young.id]

    def test_giving_up_counts_from_when_it_was_owed(self, store: Store, ahead: Ahead) -> None:
        """An old event that is owed again is young; and nobody is interrupted at one."""
        store.add_receivers("app", ["billing"])
        event = record(store, "row")
        ahead.passes(9 * DAY)
        give_up = store.give_up_notifications
        before = store.now()
        assert store.notify_again(event, APP) == 1
        assert list(give_up("app", "billing", DAY, 9)) == []
        assert store.waiting_notifications("app")["billing"].oldest >= before
        assert store.stats("app").oldest_notification < 3600
        (due,) = find_due(store)
        store.complete_notification(due)
        assert store.notify_again(event, APP) == 1
        assert list(give_up("app", "billing", DAY, 9)) == []
        ahead.passes(2 * DAY)
        assert store.claim_notification(due.id, 60)
        assert list(give_up("app", "billing", DAY, 9)) == []
        ahead.passes(61)
        assert [each.event_id for each in give_up("app", "billing", DAY, 9)] == [event.id]
