"""Promises of a store about a clock that was set back: nothing lasts longer by that."""
# ruff: noqa: PLR2004, S101 - these are tests, though they are shipped

from datetime import timedelta

from portalkey.testing.leases import ask, take_lease
from portalkey.testing.samples import Ahead, connect, load, next_generation
from portalkey.vault.store import Store


class SetBackPromises:
    """Leases, tokens and waits after the store's clock was set back by an hour."""

    def test_a_clock_that_was_set_back_keeps_nobody_out(self, store: Store, ahead: Ahead) -> None:
        """No lease lasts longer than leases do."""
        row = connect(store)
        take_lease(store, row)
        ahead.passes(-3600)

        assert take_lease(store, row, ask("other"))

    def test_a_clock_that_was_set_back_keeps_no_dead_token_alive(
        self, store: Store, ahead: Ahead
    ) -> None:
        """Of a token that was granted in the future nobody knows how long it lives."""
        now = store.now()
        until = now + timedelta(seconds=1800)
        row = connect(store, granted_at=now, access_expires_at=until, lease_id=None)

        ahead.passes(-30)
        assert 1800 < load(store, row).seconds_left < 1900
        ahead.passes(-3600)
        current = load(store, row)
        (same,) = store.connections(row.owner, row.client_id)

        assert (current.seconds_left, same.seconds_left) == (0.0, 0.0)
        assert take_lease(store, current)

    def test_a_clock_that_was_set_back_lets_a_401_force_a_renewal(
        self, store: Store, ahead: Ahead
    ) -> None:
        """Five minutes are not an hour."""
        row = connect(store)
        first = take_lease(store, row, ask(is_forced=True))
        assert store.renew(next_generation(first.connection), instead_of="fingerprint 1")
        ahead.passes(-3600)

        assert take_lease(store, load(store, row), ask(is_forced=True))
