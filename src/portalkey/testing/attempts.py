"""Promises of a store about attempts."""
# ruff: noqa: S101 - these are tests, though they are shipped

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from portalkey.errors import AttemptMismatch, TooManyAttempts
from portalkey.model import attempt as attempts
from portalkey.model.attempt import (
    ENDS,
    EXPIRES,
    INTERRUPTED,
    OWNER_TIMES,
    Attempt,
)
from portalkey.model.attempt import AttemptStatus as A
from portalkey.model.events import EventName
from portalkey.model.transitions import AttemptLimits
from portalkey.testing.samples import Ahead, begin_exchange, new_attempt
from portalkey.vault.memory import MemoryStore
from portalkey.vault.store import Store

_DAY = 86400.0
_CALLERS = 16


def add(store: Store, limits: AttemptLimits, **changes: str) -> Sequence[Attempt]:
    """Add another attempt by *limits*; return what ended for it."""
    sample = new_attempt(MemoryStore(store.now), **changes)
    return store.add_attempt(sample, limits)


class AttemptPromises:
    """Attempts: kept whole, moved along the table, ended in time, claimed once."""

    def test_an_attempt_comes_back_whole(self, store: Store) -> None:
        """By its id and by its state, to the microsecond."""
        attempt = new_attempt(store)
        for row in (store.attempt(attempt.id), store.attempt_by_state(attempt.state_hash)):
            assert row
            assert replace(row, seen_at=attempt.seen_at) == attempt

    def test_an_unknown_attempt_is_none(self, store: Store) -> None:
        """Asking for one and moving one do no harm."""
        assert store.attempt("x") is store.attempt_by_state("x") is None
        assert store.move_attempt("x", A.CANCELLED) is None

    def test_an_owners_attempts_are_cancelled_at_once(self, store: Store, ahead: Ahead) -> None:
        """Those under way, each with its event; nobody else's, none that is over or overdue."""
        overdue, late_exchange = new_attempt(store), begin_exchange(store)
        ahead.passes(601)
        waiting, failed = (new_attempt(store) for _ in range(2))
        exchanging, hers = begin_exchange(store), new_attempt(store, owner="eve")
        assert store.move_attempt(failed.id, A.FAILED, error="declined")

        events = store.cancel_attempts("ada")

        assert {each.attempt_id for each in events} == {waiting.id, exchanging}
        assert {each.name for each in events} == {EventName.ATTEMPT_CANCELLED}
        assert list(store.events(owner="ada")) == list(events)
        rows = [store.attempt(each) for each in (overdue.id, late_exchange, failed.id, hers.id)]
        expected = [A.EXPIRED, A.FAILED, A.FAILED, A.AT_HUBSPOT]
        assert [row and row.status for row in rows] == expected
        row = store.attempt(waiting.id)
        assert row
        assert (row.status, row.sealed_verifier, row.sealed_code) == (A.CANCELLED, None, None)
        assert row.ended_at
        assert store.move_attempt(exchanging, A.CONNECTED) is None
        assert store.cancel_attempts("ada") == []

    def test_a_browser_ends_its_own_oldest(self, store: Store) -> None:
        """Only those give way to a new one; those of others are left alone."""
        limits = AttemptLimits(2, 6)
        mine = [new_attempt(store) for _ in range(2)]
        others = [new_attempt(store, browser_hash="2"), new_attempt(store, owner="eve")]
        exchanging = begin_exchange(store)

        surplus = add(store, limits)

        assert [each.id for each in surplus] == [each.id for each in mine]
        rows = [store.attempt(each.id) for each in (*mine, *others)]
        expected = [A.EXPIRED, A.EXPIRED, A.AT_HUBSPOT, A.AT_HUBSPOT]
        assert [row and row.status for row in rows] == expected
        row = store.attempt(exchanging)
        assert row
        assert row.status is A.EXCHANGING

    def test_an_owner_has_room_for_so_many(self, store: Store, ahead: Ahead) -> None:
        """Nobody's attempt is ended for another browser; it waits until one is over."""
        limits = AttemptLimits(1, 6)
        first = new_attempt(store, browser_hash="first")
        ahead.passes(100)
        for number in range(OWNER_TIMES - 1):
            add(store, limits, browser_hash=str(number))
        with pytest.raises(TooManyAttempts) as refused:
            add(store, limits, browser_hash="another")

        assert 495 < refused.value.retry_after <= 500  # noqa: PLR2004 - those left of 600
        row = store.attempt(first.id)
        assert row
        assert row.status is A.AT_HUBSPOT
        assert [each.id for each in add(store, limits, browser_hash="first")] == [first.id]
        assert list(add(store, limits, owner="eve")) == []
        ahead.passes(601)
        assert list(add(store, limits, browser_hash="another")) == []

    def test_claims_of_the_last_minute_are_known(self, store: Store, ahead: Ahead) -> None:
        """The owner's own, oldest first, whatever came of them."""
        begin_exchange(store)
        ahead.passes(61)
        first = begin_exchange(store)
        ahead.passes(1)
        second = begin_exchange(store)
        store.move_attempt(first, A.FAILED, error="attempt_expired")
        new_attempt(store)
        hers = new_attempt(store, owner="eve")
        store.move_attempt(hers.id, A.EXCHANGING)

        rows = store.claims("ada")

        assert [each.id for each in rows] == [first, second]
        assert [each.error for each in rows] == ["attempt_expired", None]

    def test_an_exchange_goes_on_beyond_the_persons_time(self, store: Store, ahead: Ahead) -> None:
        """It is under way until its own minute is over, and cancelled like all the others."""
        attempt = new_attempt(store)
        ahead.passes(590)
        assert store.move_attempt(attempt.id, A.EXCHANGING)
        ahead.passes(30)

        assert [each.attempt_id for each in store.cancel_attempts("ada")] == [attempt.id]

    @pytest.mark.parametrize("same", ["id", "state_hash"])
    def test_an_attempt_is_not_written_over(self, store: Store, same: str) -> None:
        """An id comes from the opening page, so it may be another's already."""
        first = new_attempt(store)
        with pytest.raises(AttemptMismatch):
            new_attempt(store, owner="eve", **{same: getattr(first, same)})
        row = store.attempt_by_state(first.state_hash)
        assert row
        assert (row.id, row.owner) == (first.id, "ada")

    @pytest.mark.parametrize("to", A)
    @pytest.mark.parametrize("at", A)
    def test_an_attempt_moves_as_the_table_says(self, store: Store, at: A, to: A) -> None:
        """A move returns the attempt as it stood before, or None and nothing has changed."""
        attempt = new_attempt(store, status=at, claimed_at=store.now())
        is_move = to in attempts.MOVES[at]
        before = store.move_attempt(attempt.id, to, error="code")
        after = store.attempt(attempt.id)
        assert after
        assert after.status is (to if is_move else at)
        assert (before and before.status) == (at if is_move else None)
        assert after.error == ("code" if is_move and to in ENDS else None)

    @pytest.mark.parametrize("check", ["owner", "person", "session", None])
    def test_a_failed_check_stays_on_the_row(self, store: Store, check: str | None) -> None:
        """Whoever reads the end can say what was another's; who began it is still there."""
        attempt = new_attempt(store, person=None if check is None else "lovelace")
        assert store.move_attempt(attempt.id, A.FAILED, error="code", failed_check=check)
        after = store.attempt(attempt.id)
        assert after
        assert (after.error, after.failed_check) == ("code", check)
        assert after.person == attempt.person

    def test_a_parked_code_is_kept_for_a_minute(self, store: Store, ahead: Ahead) -> None:
        """A browser comes back with its session at once, or never."""
        attempt = new_attempt(store, status=A.AT_HUBSPOT)
        assert store.move_attempt(attempt.id, A.RETURNED, sealed_code="sealed")
        parked = store.attempt(attempt.id)
        assert parked
        assert (parked.status, parked.sealed_code) == (A.RETURNED, "sealed")
        ahead.passes(attempts.RETURNED_SECONDS + 1)
        overdue = store.attempt(attempt.id)
        assert overdue
        assert (overdue.status, overdue.sealed_code) == (A.EXPIRED, None)

    def test_an_end_leaves_nothing_secret(self, store: Store) -> None:
        """Whoever moved it has verifier and code; the row has them no more."""
        attempt = new_attempt(store)
        before = store.move_attempt(attempt.id, A.FAILED)
        after = store.attempt(attempt.id)
        assert before
        assert after
        assert (before.sealed_verifier, before.sealed_code) == ("sealed verifier", "sealed code")
        assert (after.sealed_verifier, after.sealed_code) == (None, None)
        assert after.ended_at
        assert after.ended_at >= attempt.created_at

    @pytest.mark.parametrize("status", sorted(EXPIRES))
    def test_an_attempt_left_lying_expires(self, store: Store, ahead: Ahead, status: A) -> None:
        """Whoever looks first ends it, at the moment its time was up."""
        attempt = new_attempt(store, status=status)
        ahead.passes(600)
        assert store.move_attempt(attempt.id, A.EXCHANGING) is None
        after = store.attempt_by_state(attempt.state_hash)
        assert after
        assert (after.status, after.ended_at) == (A.EXPIRED, attempt.expires_at)
        assert after.sealed_verifier is after.sealed_code is None

    def test_an_exchange_has_a_minute(self, store: Store, ahead: Ahead) -> None:
        """Its process died, if it takes longer; what the person may take does not count."""
        attempt = new_attempt(store)
        ahead.passes(590)
        assert store.move_attempt(attempt.id, A.EXCHANGING)
        ahead.passes(55)
        claimed = store.attempt(attempt.id)
        ahead.passes(10)
        after = store.attempt(attempt.id)
        assert claimed
        assert after
        assert (claimed.status, claimed.claimed_at is not None) == (A.EXCHANGING, True)
        assert (after.status, after.error) == (A.FAILED, INTERRUPTED)

    def test_old_attempts_are_purged(self, store: Store, ahead: Ahead) -> None:
        """30 days after they ended, whether or not anybody ever came back to them."""
        old = [begin_exchange(store), new_attempt(store).id]
        assert store.move_attempt(old[0], A.CANCELLED)
        ahead.passes(29 * _DAY)
        young = new_attempt(store)
        assert not store.purge(9, events_days=400)
        assert store.attempt(old[0])
        ahead.passes(_DAY + 601)
        assert not store.purge(9, events_days=400)
        assert [store.attempt(each) for each in old] == [None, None]
        assert store.attempt(young.id)

    def test_much_that_is_old_goes_in_small_bites(self, store: Store, ahead: Ahead) -> None:
        """However much there is, nobody waits long for the purge; the oldest go first."""
        old = [new_attempt(store).id for _ in range(5)]
        ahead.passes(31 * _DAY)

        assert store.purge(2, events_days=400)
        assert sum(store.attempt(each) is not None for each in old) == 3  # noqa: PLR2004
        while store.purge(2, events_days=400):
            pass
        assert [store.attempt(each) for each in old] == [None] * 5

    def test_a_token_is_handed_out_once(self, store: Store) -> None:
        """Of many callers at one moment, one may; and never again."""
        attempt = new_attempt(store, status=A.CONNECTED, ended_at=store.now())
        with ThreadPoolExecutor(_CALLERS) as threads:
            calls = [threads.submit(store.deliver, attempt.id) for _ in range(_CALLERS)]
        assert sum(each.result() for each in calls) == 1
        assert not store.deliver(attempt.id)
        after = store.attempt(attempt.id)
        assert after
        assert after.delivered_at

    @pytest.mark.parametrize("status", [each for each in A if each is not A.CONNECTED])
    def test_only_a_connected_attempt_has_a_token(self, store: Store, status: A) -> None:
        """Whatever else it came to, nothing is handed out."""
        attempt = new_attempt(store, status=status, ended_at=store.now())
        assert not store.deliver(attempt.id)
        assert not store.deliver("x")

    def test_a_token_is_asked_for_at_once_or_never(self, store: Store, ahead: Ahead) -> None:
        """The opening page is there, or it is not."""
        attempt = new_attempt(store, status=A.CONNECTED, ended_at=store.now())
        ahead.passes(attempts.DELIVER_SECONDS + 1)
        assert not store.deliver(attempt.id)

    def test_one_caller_claims(self, store: Store) -> None:
        """Of many threads at one moment, one gets the attempt."""
        attempt = new_attempt(store)
        with ThreadPoolExecutor(_CALLERS) as threads:
            claims = [
                threads.submit(store.move_attempt, attempt.id, A.EXCHANGING)
                for _ in range(_CALLERS)
            ]
        assert sum(claim.result() is not None for claim in claims) == 1
