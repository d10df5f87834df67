"""Promises of a store about leases."""
# ruff: noqa: ANN401, PLR2004, S101 - these are tests, though they are shipped

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from portalkey.model.connection import Connection, SealedGrant
from portalkey.model.connection import ConnectionStatus as C
from portalkey.model.events import Event, EventName
from portalkey.model.leases import DenialReason, Lease, LeaseDenied, LeaseRequest
from portalkey.testing.samples import Ahead, begin_exchange, connect, load, next_generation
from portalkey.vault.store import Mark, Store


def ask(holder: str = "me", **changes: Any) -> LeaseRequest:
    """Return a request for a lease of 30 seconds."""
    return replace(LeaseRequest(holder, 30.0), **changes)


def take_lease(store: Store, row: Connection, request: LeaseRequest | None = None) -> Lease:
    """Take the lease, which has to be granted."""
    lease = store.lease(row, request or ask())
    assert isinstance(lease, Lease), lease
    return lease


def expect_denial(
    store: Store, row: Connection, request: LeaseRequest | None = None
) -> LeaseDenied:
    """Return the denial; the lease must not be granted."""
    lease = store.lease(row, request or ask())
    assert isinstance(lease, LeaseDenied)
    return lease


class LeasePromises:
    """Leases: one at a time, by the store's clock, for the grant that was read."""

    def test_a_lease_stands_in_the_row(self, store: Store) -> None:
        """With its holder, its end and its count."""
        row = connect(store, lease_id=None)

        lease = take_lease(store, row)

        current = load(store, row)
        assert replace(current, seen_at=lease.connection.seen_at) == lease.connection
        assert (current.lease_id, current.lease_fence, current.is_leased) == ("me", 1, True)
        assert current.lease_until
        assert 29 < (current.lease_until - store.now()).total_seconds() <= 30
        assert not lease.was_unanswered

    def test_of_many_one_gets_it(self, store: Store) -> None:
        """Whoever comes while it runs is told how long it may take."""
        row = connect(store)

        with ThreadPoolExecutor(8) as pool:
            results = list(pool.map(lambda n: store.lease(row, ask(f"thread {n}")), range(8)))

        others = [each for each in results if isinstance(each, LeaseDenied)]
        assert len(others) == 7
        assert {each.why for each in others} <= {DenialReason.LEASED}
        assert all(29 < each.wait <= 30 for each in others)

    def test_a_lease_ends_by_the_stores_clock(self, store: Store, ahead: Ahead) -> None:
        """The next one is another, and knows that an answer never came."""
        row = connect(store)
        take_lease(store, row)

        ahead.passes(29)
        assert expect_denial(store, row).why is DenialReason.LEASED
        ahead.passes(2)
        second = take_lease(store, row, ask("other"))

        assert second.was_unanswered
        assert (second.connection.lease_id, second.connection.lease_fence) == ("other", 2)

    def test_a_moment_that_was_told_too_early_takes_no_lease(
        self, store: Store, ahead: Ahead
    ) -> None:
        """The one that waited for the row may know an earlier time than the one that had it."""
        row = connect(store)
        take_lease(store, row)
        ahead.passes(-0.05)

        denial = expect_denial(store, row, ask("other"))

        assert denial.why is DenialReason.LEASED
        assert denial.wait <= 30

    def test_a_dead_holders_lease_is_taken_over(self, store: Store) -> None:
        """Only where it is that holder's still."""
        row = connect(store)
        take_lease(store, row)

        assert expect_denial(store, row, ask("other", dead="somebody")).why is DenialReason.LEASED
        assert take_lease(store, row, ask("other", dead="me")).connection.lease_id == "other"
        assert expect_denial(store, row, ask("third", dead="me")).why is DenialReason.LEASED

    @pytest.mark.parametrize("change", ["renewed", "dead", "disconnected", "resealed", "unknown"])
    def test_no_lease_on_what_was_not_seen(self, store: Store, change: str) -> None:
        """Whoever asks has to read the row again."""
        row = connect(store)
        if change == "renewed":
            assert store.renew(next_generation(row), instead_of="fingerprint 1")
        elif change == "dead":
            assert store.mark(row, Mark(C.NEEDS_RECONNECT))
        elif change == "disconnected":
            assert store.disconnect(row, None)
        elif change == "resealed":
            row = replace(row, sealed=SealedGrant("access", "refresh", "other fingerprint", "a"))
        else:
            row = replace(row, id="x")

        assert expect_denial(store, row).why is DenialReason.STALE

    def test_a_failure_is_waited_out(self, store: Store, ahead: Ahead) -> None:
        """Until the store's clock says that the next try is due, for the reason it had."""
        row = connect(store)
        assert store.mark(row, Mark(C.FAILING, reason="why", failures=1, wait=20))

        denial = expect_denial(store, load(store, row))
        assert (denial.why, denial.reason) == (DenialReason.WAITING, "why")
        assert 19 < denial.wait <= 20
        ahead.passes(21)
        assert take_lease(store, load(store, row))

    def test_it_is_forced_once_in_five_minutes(self, store: Store, ahead: Ahead) -> None:
        """Whoever's 401 it was; a renewal that is due is not held up by that."""
        row = connect(store)
        first = take_lease(store, row, ask(is_forced=True))
        assert store.renew(next_generation(first.connection), instead_of="fingerprint 1")
        current = load(store, row)

        assert expect_denial(store, current, ask(is_forced=True)).why is DenialReason.FORCED
        ahead.passes(301)
        assert take_lease(store, current, ask(is_forced=True))

    def test_a_forced_try_that_failed_does_not_count(self, store: Store) -> None:
        """The next may come as soon as the failure has been waited out."""
        row = connect(store)
        first = take_lease(store, row, ask(is_forced=True)).connection
        assert store.mark(first, Mark(C.FAILING))

        assert store.release(take_lease(store, load(store, row), ask(is_forced=True)).connection)
        assert take_lease(store, load(store, row), ask(is_forced=True))

    def test_a_released_lease_is_free(self, store: Store) -> None:
        """Nothing was sent, and nothing is unanswered."""
        row = connect(store)
        lease = take_lease(store, row)

        assert store.release(lease.connection)
        assert not take_lease(store, row, ask("other")).was_unanswered

    def test_the_newest_holder_judges(self, store: Store, ahead: Ahead) -> None:
        """A holder that lost the lease neither releases nor marks what another is at."""
        row = connect(store)
        old = take_lease(store, row).connection
        ahead.passes(31)
        new = take_lease(store, row, ask("other")).connection

        assert not store.release(old)
        assert not store.mark(old, Mark(C.FAILING))
        assert not store.mark(old, Mark(C.NEEDS_RECONNECT))
        assert load(store, row).lease_id == "other"
        assert store.mark(new, Mark(C.FAILING, is_unanswered=True))
        assert load(store, row).lease_id is None

    def test_what_has_ended_does_not_end_again(self, store: Store) -> None:
        """Of two who find out at once, one says so; the grant of an ended one can be given up."""
        row = connect(store)
        leased = take_lease(store, row).connection
        one, two = (Event(EventName.NEEDS_RECONNECT, "ada", facts={"n": n}) for n in (1, 2))
        assert store.mark(load(store, row), Mark(C.NEEDS_RECONNECT, "one", event=one))

        assert not store.mark(leased, Mark(C.NEEDS_RECONNECT, "two", event=two))
        assert load(store, row).status_reason == "one"
        assert [each.facts for each in store.events()] == [{"n": 1}]
        assert store.mark(leased, Mark(C.NEEDS_RECONNECT, "two", erases=True))

    def test_a_late_success_heals(self, store: Store, ahead: Ahead) -> None:
        """A lease that is over does not make a new grant worthless."""
        row = connect(store)
        old = take_lease(store, row).connection
        ahead.passes(31)
        new = take_lease(store, row, ask("other")).connection
        assert store.mark(new, Mark(C.NEEDS_RECONNECT))

        assert store.renew(next_generation(old, status=C.CONNECTED), instead_of="fingerprint 1")
        current = load(store, row)
        assert (current.status, current.generation, current.lease_id) == (C.CONNECTED, 2, None)

    def test_an_unanswered_request_is_remembered(self, store: Store) -> None:
        """Until an answer is kept, whoever's it is."""
        row = connect(store)
        first = take_lease(store, row).connection
        assert store.mark(first, Mark(C.FAILING, is_unanswered=True))

        again = take_lease(store, load(store, row))
        assert again.was_unanswered
        assert store.renew(next_generation(again.connection), instead_of="fingerprint 1")
        assert load(store, row).unanswered_since is None

    def test_what_happened_is_kept_with_the_change(self, store: Store) -> None:
        """Or not at all, where there was no change."""
        row = connect(store)
        one, two, three = (Event(name, owner="ada") for name in list(EventName)[:3])

        assert store.renew(next_generation(row), instead_of="fingerprint 1", tell=lambda _: one)
        assert not store.renew(next_generation(row), instead_of="fingerprint 1", tell=lambda _: one)
        assert not store.mark(row, Mark(C.FAILING, event=two))
        current = load(store, row)
        assert store.mark(current, Mark(C.FAILING, event=two))
        assert store.disconnect(current, None, event=three)
        assert not store.disconnect(current, None, event=three)
        events = store.events(owner="ada")
        assert [each.name for each in events] == [one.name, two.name, three.name]
        assert all(each.at for each in store.events())

    def test_a_count_moves_with_every_commit(self, store: Store) -> None:
        """A store that has one tells by it that nothing was written."""
        row, before = connect(store), store.version()
        if before is None:
            return
        store.connections("ada", "app")

        assert store.version() == before
        assert store.mark(row, Mark(C.FAILING))
        assert store.version() != before

    def test_a_reconnect_ends_a_lease(self, store: Store) -> None:
        """And whoever had it loses at the save."""
        row = connect(store)
        old = take_lease(store, row).connection
        again = next_generation(row, updated_at=row.updated_at + timedelta(seconds=1))
        assert store.connect(begin_exchange(store), again)

        assert not load(store, row).is_leased
        assert not store.renew(next_generation(old), instead_of="fingerprint 1")
