"""Everything that a store promises, in one class."""
# ruff: noqa: S101 - these are tests, though they are shipped

from datetime import UTC

import pytest

from portalkey.errors import PortalkeyError
from portalkey.model.counters import CounterKind, Tally
from portalkey.model.events import Event, EventName
from portalkey.testing.attempts import AttemptPromises
from portalkey.testing.connections import ConnectionPromises
from portalkey.testing.install_limits import InstallLimitPromises
from portalkey.testing.installs import InstallPromises
from portalkey.testing.invitations import InvitationPromises
from portalkey.testing.keys import KeyPromises
from portalkey.testing.leases import LeasePromises
from portalkey.testing.notifications import NotificationPromises
from portalkey.testing.outbox import OutboxPromises
from portalkey.testing.owners import OwnerPromises
from portalkey.testing.questions import QuestionPromises
from portalkey.testing.renewals import RenewalPromises
from portalkey.testing.samples import Ahead, new_attempt
from portalkey.testing.search import SearchPromises
from portalkey.testing.set_back import SetBackPromises
from portalkey.testing.stats import StatsPromises
from portalkey.testing.sweep import SweepPromises
from portalkey.testing.throttle import ThrottlePromises
from portalkey.testing.together import TogetherPromises
from portalkey.vault.store import Store


class StoreContract(
    AttemptPromises,
    StatsPromises,
    ConnectionPromises,
    LeasePromises,
    RenewalPromises,
    SetBackPromises,
    OutboxPromises,
    NotificationPromises,
    QuestionPromises,
    InstallPromises,
    InstallLimitPromises,
    KeyPromises,
    ThrottlePromises,
    TogetherPromises,
    SearchPromises,
    SweepPromises,
    OwnerPromises,
    InvitationPromises,
):
    """Every promise of ``Store``; a subclass adds the fixture ``store``, which asks ``ahead``."""

    @pytest.fixture
    def ahead(self) -> Ahead:
        """Seconds that the store's clock is ahead; call it for the number."""
        return Ahead()

    def test_the_clock_is_the_stores_own(self, store: Store, ahead: Ahead) -> None:
        """It goes forward, in UTC, and every read brings it along."""
        attempt, before = new_attempt(store), store.now()
        ahead.passes(30)
        row = store.attempt(attempt.id)

        assert row
        assert before.tzinfo is UTC
        assert (row.seen_at - before).total_seconds() >= 30  # noqa: PLR2004 - as above

    def test_a_closed_store_opens_again(self, store: Store) -> None:
        """Closing gives back files and sockets, nothing else."""
        attempt = new_attempt(store)
        store.close()

        assert store.attempt(attempt.id)

    def test_who_took_a_token_is_counted_by_label(self, store: Store) -> None:
        """Each process has its own count of a connection's token, beside what has no label."""
        taken = [Tally(CounterKind.TOKEN_TAKEN, "row 1", 2, name) for name in ("web", "worker")]
        store.count("app", [*taken, Tally(CounterKind.RENEWED, "row 1", 1)])
        store.count("app", taken[1:])

        counted = [(each.kind, each.label, each.n) for each in store.counters("app", "row 1")]
        assert counted == [
            (CounterKind.RENEWED, None, 1),
            (CounterKind.TOKEN_TAKEN, "web", 2),
            (CounterKind.TOKEN_TAKEN, "worker", 4),
        ]

    def test_counts_are_added_up_by_day(self, store: Store, ahead: Ahead) -> None:
        """By app, kind and connection, or none; what is 90 days old is forgotten."""
        of_row = Tally(CounterKind.RENEWED, "row 1", 2)
        strangers = Tally(CounterKind.CALLBACK_REFUSED, None, 3)
        store.count("app", [of_row, strangers])
        store.count("app", [strangers, Tally(CounterKind.RENEWED, "row 2", 9)])
        store.count("other", [strangers])
        ahead.passes(86400)
        store.count("app", [of_row])

        rows, (refused,) = store.counters("app", "row 1"), store.counters("app")
        assert [(each.kind, each.n) for each in rows] == [(CounterKind.RENEWED, 2)] * 2
        assert rows[1].day == rows[0].day + 1
        assert (refused.kind, refused.n) == (CounterKind.CALLBACK_REFUSED, 6)
        assert [each.n for each in store.counters("other")] == [3]
        ahead.passes(89 * 86400)
        assert not store.purge(9, events_days=400)
        assert len(store.counters("app", "row 1")) == 2  # noqa: PLR2004 - as above
        ahead.passes(3 * 86400)
        assert not store.purge(9, events_days=400)
        assert store.counters("app", "row 1") == store.counters("app") == []

    def test_events_are_kept_for_so_many_days(self, store: Store, ahead: Ahead) -> None:
        """The oldest are forgotten first, a few at a time."""
        old = [store.record(Event(EventName.CONNECTED, owner=str(each))) for each in range(3)]
        ahead.passes(10 * 86400)
        young = store.record(Event(EventName.DISCONNECTED))

        assert not store.purge(9, events_days=11)
        assert list(store.events()) == [*old, young]
        assert store.purge(2, events_days=9)
        assert list(store.events()) == [old[2], young]
        assert not store.purge(2, events_days=9)
        assert list(store.events()) == [young]

    def test_a_store_that_works_is_well(self, store: Store) -> None:
        """And whoever asks how it is may listen for the day it is not."""
        heard: list[PortalkeyError | None] = []
        store.health.listen(heard.append)
        new_attempt(store)

        assert store.health.trouble is None
        assert heard == []

    def test_events_are_kept_in_their_order(self, store: Store) -> None:
        """With the store's time, for an attempt, for an owner or all of them."""
        facts = {"hub_id": 2**40, "seconds": 0.5, "ok": True, "none": None, "word": "Straße"}
        names = (EventName.ATTEMPT_STARTED, EventName.CONNECTED, EventName.DISCONNECTED)
        first, second, third = (
            store.record(Event(name, owner, attempt, "connection", facts))
            for name, owner, attempt in zip(names, ("a", "a", "b"), ("1", "2", "2"), strict=True)
        )

        assert list(store.events()) == [first, second, third]
        assert list(store.events(owner="a")) == [first, second]
        assert list(store.events(attempt_id="2")) == [second, third]
        assert list(store.events(attempt_id="2", owner="b")) == [third]
        assert first.at
        assert third.at
        assert first.at <= third.at <= store.now()
