"""Everything that a store promises, in one class."""
# ruff: noqa: S101 - these are tests, though they are shipped

from datetime import UTC

import pytest

from portalkey.errors import PortalkeyError
from portalkey.model.events import Event, EventName
from portalkey.testing.attempts import AttemptPromises
from portalkey.testing.connections import ConnectionPromises
from portalkey.testing.leases import LeasePromises
from portalkey.testing.outbox import OutboxPromises
from portalkey.testing.samples import Ahead, new_attempt
from portalkey.testing.stats import StatsPromises
from portalkey.vault.store import Store


class StoreContract(
    AttemptPromises, StatsPromises, ConnectionPromises, LeasePromises, OutboxPromises
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
