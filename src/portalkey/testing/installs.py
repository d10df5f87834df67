"""Promises of a store about installs that begin at HubSpot."""
# ruff: noqa: S101 - these are tests, though they are shipped

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest

from portalkey.errors import TooManyAttempts
from portalkey.model.attempt import NOBODY, Attempt, AttemptStatus
from portalkey.model.authorization import Visitor
from portalkey.model.installs import InstallLimits, InstallPlace
from portalkey.testing.samples import Ahead, new_attempt, new_owed
from portalkey.vault.memory import MemoryStore
from portalkey.vault.store import Store

_ADA, _EVE = Visitor("ada", "her session"), Visitor("eve", "another session")
_DAY = 86400.0
_CALLERS = 8


def sample_install(store: Store, owner: str = NOBODY) -> Attempt:
    """Return an install that is exchanged now."""
    attempt = new_attempt(MemoryStore(store.now), owner=owner)
    until = attempt.seen_at + timedelta(seconds=_DAY)
    exchanging, at = AttemptStatus.EXCHANGING, attempt.seen_at
    return replace(
        attempt,
        person=None,
        status=exchanging,
        claimed_at=at,
        expires_at=until,
        pending_until=until,
    )


def add_pending(store: Store, owner: str = NOBODY, *, place: InstallPlace | None = None) -> Attempt:
    """Return an install that waits for a yes."""
    attempt = sample_install(store, owner)
    store.add_attempt(attempt)
    due_at = attempt.expires_at + timedelta(seconds=60)
    owed = new_owed(store, id=attempt.id, due_at=due_at)
    assert store.ask(attempt.id, "sealed", owed, place=place)
    return attempt


class InstallPromises:
    """An install waits for a day, is claimed by one, and is bounded in number."""

    def test_an_install_waits_as_long_as_it_may(self, store: Store, ahead: Ahead) -> None:
        """Beyond what a question is given otherwise, and no longer."""
        attempt = add_pending(store)
        ahead.passes(_DAY - 60)
        row = store.attempt(attempt.id)
        assert row
        assert (row.is_pending, row.pending_until) == (True, attempt.pending_until)
        ahead.passes(61)
        row = store.attempt(attempt.id)
        assert row
        assert (row.status, row.sealed_grant) == (AttemptStatus.EXPIRED, None)

    def test_one_visitor_claims_an_install(self, store: Store) -> None:
        """It is theirs then, with its session, and still waits for the yes."""
        attempt = add_pending(store)
        claimed = store.claim_install(attempt.id, _ADA)

        assert claimed
        assert (claimed.owner, claimed.is_pending) == ("ada", True)
        assert store.claim_install(attempt.id, _EVE) is None
        assert store.claim_install(attempt.id, _ADA) is not None
        row = store.attempt(attempt.id)
        assert row
        assert replace(row, seen_at=claimed.seen_at) == claimed

    def test_of_many_claims_one_is_heard(self, store: Store) -> None:
        """However many come at once."""
        attempt = add_pending(store)
        visitors = [Visitor(f"owner {number}", "session") for number in range(_CALLERS)]
        with ThreadPoolExecutor(_CALLERS) as pool:
            won = [*pool.map(lambda each: store.claim_install(attempt.id, each), visitors)]

        assert sum(each is not None for each in won) == 1

    def test_an_install_of_somebody_is_theirs_alone(self, store: Store) -> None:
        """Whoever was signed in as it began; and nobody signed out claims anything."""
        attempt = add_pending(store, "ada")

        assert store.claim_install(attempt.id, _EVE) is None
        assert store.claim_install(attempt.id, Visitor("ada", "s", "another member")) is None
        assert store.claim_install(attempt.id, Visitor(None)) is None
        assert store.claim_install("x", _ADA) is None
        assert store.claim_install(attempt.id, _ADA) is not None

    def test_what_does_not_wait_is_not_claimed(self, store: Store, ahead: Ahead) -> None:
        """A usual attempt, an install before its exchange or after its end."""
        exchanging, over, usual = sample_install(store), add_pending(store), new_attempt(store)
        store.add_attempt(exchanging)
        store.move_attempt(over.id, AttemptStatus.CANCELLED)
        late = add_pending(store)
        ahead.passes(_DAY + 1)

        for each in (exchanging, over, usual, late):
            assert store.claim_install(each.id, _ADA) is None

    def test_those_that_wait_are_listed(self, store: Store) -> None:
        """By the address that they came back to, and nothing else."""
        new_attempt(store)
        first, second = add_pending(store), add_pending(store, "ada")
        store.move_attempt(add_pending(store).id, AttemptStatus.CANCELLED)

        def ids(rows: Sequence[Attempt]) -> set[str]:
            return {each.id for each in rows}

        assert ids(store.pending_installs(first.redirect_uri, 9)) == {first.id, second.id}
        assert len(store.pending_installs(first.redirect_uri, 1)) == 1
        assert store.pending_installs("https://another.example", 9) == []

    def test_installs_of_nobody_are_bounded(self, store: Store) -> None:
        """None gives way to a new one, which may be anybody's; another app's do not count."""
        limits = InstallLimits(2, 30)
        for _ in range(2):
            assert store.add_attempt(sample_install(store), limits) == ()
        with pytest.raises(TooManyAttempts):
            store.add_attempt(sample_install(store), limits)
        other = replace(sample_install(store), redirect_uri="https://another.example/cb")
        assert store.add_attempt(other, limits) == ()

    def test_installs_of_nobody_are_forgotten_soon(self, store: Store, ahead: Ahead) -> None:
        """An hour after their end, where others are kept for a month."""
        attempt, kept = add_pending(store), add_pending(store, "ada")
        for each in (attempt, kept):
            assert store.move_attempt(each.id, AttemptStatus.CANCELLED)
        ahead.passes(3599)
        store.purge(9, events_days=400)
        assert store.attempt(attempt.id)
        ahead.passes(2)
        store.purge(9, events_days=400)
        assert store.attempt(attempt.id) is None
        assert store.attempt(kept.id)
