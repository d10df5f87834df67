"""Promises of a store about counting, for whoever watches it from outside."""
# ruff: noqa: PLR2004, S101 - these are tests, though they are shipped

from portalkey.model.connection import Account
from portalkey.model.connection import ConnectionStatus as C
from portalkey.testing.samples import Ahead, connect, load, new_owed
from portalkey.testing.throttle import fail, take
from portalkey.vault.store import Mark, Store


class StatsPromises:
    """Counts of one app's connections, of what it is owed, and the state of its breaker."""

    def test_an_empty_store_counts_nothing(self, store: Store) -> None:
        """Every status is there, with none."""
        stats = store.stats("app")

        assert stats.connections == dict.fromkeys(C, 0)
        assert (stats.oldest_failing, stats.outbox, stats.is_breaker_open) == (0, 0, False)

    def test_connections_are_counted_by_status(self, store: Store) -> None:
        """Those of this app, and no others."""
        for hub_id, status in enumerate((C.CONNECTED, C.CONNECTED, C.FAILING, C.NEEDS_RECONNECT)):
            connect(store, account=Account(hub_id), status=status)
        assert store.disconnect(connect(store, account=Account(9)), None)
        connect(store, client_id="other")

        counts = store.stats("app").connections
        assert counts == {C.CONNECTED: 2, C.FAILING: 1, C.NEEDS_RECONNECT: 1, C.DISCONNECTED: 1}

    def test_the_oldest_failing_is_failing_since_its_first_failure(
        self, store: Store, ahead: Ahead
    ) -> None:
        """Another failure, for whatever reason, does not make it younger; getting well does."""
        first, second = (connect(store, account=Account(hub_id)) for hub_id in (1, 2))
        assert store.mark(first, Mark(C.FAILING, reason="one", failures=1))
        ahead.passes(60)
        assert store.mark(load(store, first), Mark(C.FAILING, reason="two", failures=2))
        assert store.mark(second, Mark(C.FAILING, reason="one", failures=1))
        ahead.passes(40)

        assert 100 <= (store.stats("app").oldest_failing or 0) < 110
        assert store.mark(load(store, first), Mark(C.NEEDS_RECONNECT))
        assert 40 <= (store.stats("app").oldest_failing or 0) < 50
        assert store.disconnect(load(store, second), None)
        assert store.stats("app").oldest_failing == 0

    def test_what_is_owed_is_counted_due_or_not(self, store: Store) -> None:
        """A long outbox is news even while all of it waits."""
        for owed in (
            new_owed(store),
            new_owed(store, id="2"),
            new_owed(store, client_id="x", id="3"),
        ):
            store.enqueue(owed)
        store.reschedule("2", 600)

        assert store.stats("app").outbox == 2

    def test_an_open_breaker_is_seen(self, store: Store) -> None:
        """Until a good answer closes it."""
        take(store)
        assert store.stats("app").is_breaker_open is False
        fail(store, "one", "two", "three")

        assert store.stats("app").is_breaker_open is True
        assert store.stats("other").is_breaker_open is False
