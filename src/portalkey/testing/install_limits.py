"""Promises of a store about what strangers may send, and about accounts that others have."""
# ruff: noqa: PLR2004, S101 - these are tests, though they are shipped

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial

import pytest

from portalkey.errors import AccountTaken, TooManyAttempts
from portalkey.model.attempt import NOBODY, Attempt
from portalkey.model.attempt import AttemptStatus as A
from portalkey.model.events import Event, EventName
from portalkey.model.installs import MOST_OF_ACCOUNT, InstallLimits, InstallPlace
from portalkey.testing.installs import add_pending, sample_install
from portalkey.testing.samples import Ahead, connect, load, new_connection, new_owed
from portalkey.vault.store import Store

_CALLERS = 8
_HUB = 4410001


def _wait_at(store: Store, hub_id: int, *tickets: str, **changes: str) -> Attempt:
    """Return an install of the account that waits, brought with *tickets*."""
    return add_pending(store, place=InstallPlace(hub_id, tickets), **changes)


def _is_pending(store: Store, attempt: Attempt) -> bool:
    row = store.attempt(attempt.id)
    return row is not None and row.is_pending


def _count_well(calls: Sequence[Callable[[], object]], refusal: type[Exception]) -> int:
    """Return how many of the *calls*, all at once, are well; the others are refused so."""

    def is_well(call: Callable[[], object]) -> bool:
        try:
            call()
        except refusal:
            return False
        return True

    with ThreadPoolExecutor(len(calls)) as pool:
        return sum(pool.map(is_well, calls))


class InstallLimitPromises:
    """Codes and installs of strangers are counted where they are written, and so are owners."""

    def test_codes_of_strangers_are_counted_as_they_are_added(
        self, store: Store, ahead: Ahead
    ) -> None:
        """Those of the last minute, whatever became of them; another app's do not count."""
        limits = InstallLimits(99, 2)
        for _ in range(2):
            attempt = sample_install(store)
            store.add_attempt(attempt, limits)
            assert store.move_attempt(attempt.id, A.FAILED)
        late = sample_install(store)
        with pytest.raises(TooManyAttempts) as refused:
            store.add_attempt(late, limits)
        assert 1 <= refused.value.retry_after <= 60
        assert store.attempt(late.id) is None
        other = replace(sample_install(store), redirect_uri="https://another.example/cb")
        assert store.add_attempt(other, limits) == ()

        ahead.passes(61)
        assert store.add_attempt(sample_install(store), limits) == ()

    def test_of_codes_that_come_at_once_none_is_over_the_limit(self, store: Store) -> None:
        """However many processes count: each waits for the one before."""
        limits = InstallLimits(99, 3)
        samples = [sample_install(store) for _ in range(_CALLERS)]
        calls = [partial(store.add_attempt, each, limits) for each in samples]

        assert _count_well(calls, TooManyAttempts) == 3
        assert len(store.claims(NOBODY)) == 3

    def test_the_newest_of_a_browser_takes_the_place_of_an_older(self, store: Store) -> None:
        """Of the same account only; its grant is due, and there is a record of it."""
        first, elsewhere = _wait_at(store, _HUB), _wait_at(store, _HUB + 1)
        strangers = _wait_at(store, _HUB)

        newest = _wait_at(store, _HUB, first.id, elsewhere.id)

        assert not _is_pending(store, first)
        assert all(_is_pending(store, each) for each in (elsewhere, strangers, newest))
        assert [each.id for each in store.pending(9)] == [first.id]
        (told,) = store.events(attempt_id=first.id)
        assert replace(told, at=None) == Event(
            EventName.INSTALL_WITHDRAWN, None, first.id, facts={"replaced_by": newest.id}
        )
        row = store.attempt(newest.id)
        assert row
        assert row.expected_hub_id == _HUB

    def test_the_newest_of_a_person_takes_the_place_of_an_older(self, store: Store) -> None:
        """Whoever began both in the app, in whichever browser; and nobody else's."""
        first, others = _wait_at(store, _HUB, owner="ada"), _wait_at(store, _HUB, owner="eve")
        newest = _wait_at(store, _HUB, owner="ada")

        assert not _is_pending(store, first)
        assert all(_is_pending(store, each) for each in (others, newest))

    def test_one_account_cannot_fill_the_room_of_all(self, store: Store) -> None:
        """Only so many of strangers wait for it; what is refused changes nothing."""
        waiting = [_wait_at(store, _HUB) for _ in range(MOST_OF_ACCOUNT)]
        late = sample_install(store)
        store.add_attempt(late)
        place = InstallPlace(_HUB)
        with pytest.raises(TooManyAttempts) as refused:
            store.ask(late.id, "sealed", new_owed(store, id=late.id), place=place)

        assert 1 <= refused.value.retry_after <= 86400
        row = store.attempt(late.id)
        assert row
        assert (row.status, row.sealed_grant) == (A.EXCHANGING, None)
        assert list(store.pending(9)) == []
        assert all(_is_pending(store, each) for each in waiting)
        _wait_at(store, _HUB + 1)
        _wait_at(store, _HUB, owner="ada")
        _wait_at(store, _HUB, waiting[0].id)

    def test_of_installs_that_come_at_once_none_is_over_the_limit(self, store: Store) -> None:
        """They wait for each other, as codes do."""
        attempts = [sample_install(store) for _ in range(_CALLERS)]
        for each in attempts:
            store.add_attempt(each)

        def ask(attempt: Attempt) -> object:
            owed = new_owed(store, id=attempt.id)
            return store.ask(attempt.id, "sealed", owed, place=InstallPlace(_HUB))

        calls = [partial(ask, each) for each in attempts]
        assert _count_well(calls, TooManyAttempts) == MOST_OF_ACCOUNT

    def test_an_account_of_another_owner_is_not_taken(self, store: Store) -> None:
        """Decided with the write, which writes nothing then; the attempt waits on."""
        hers = connect(store, owner="eve")
        attempt, row = add_pending(store, owner="ada"), new_connection(store)
        with pytest.raises(AccountTaken):
            store.connect(attempt.id, row, settled=attempt.id, is_sole=True)

        assert store.connection(row.id) is None
        assert _is_pending(store, attempt)
        assert not store.pending(9)
        assert store.disconnect(load(store, hers), None)
        assert store.connect(attempt.id, row, settled=attempt.id, is_sole=True)

    def test_an_account_is_not_taken_by_its_own_owner_nor_elsewhere(self, store: Store) -> None:
        """Neither by their own row, nor by another app's, nor by another account's."""
        connect(store, owner="eve", client_id="other")
        connect(store, owner="eve", account=replace(new_connection(store).account, hub_id=7))
        mine = connect(store)
        again = replace(mine, generation=mine.generation + 1)

        assert store.connect(add_pending(store, owner="ada").id, again, is_sole=True)
        assert store.connect(None, new_connection(store, owner="eve"))

    def test_of_owners_who_come_at_once_one_gets_the_account(self, store: Store) -> None:
        """However many processes look: each waits for the one before."""
        owners = [f"owner {number}" for number in range(_CALLERS)]
        rows = [new_connection(store, owner=owner) for owner in owners]
        attempts = [add_pending(store, owner=owner) for owner in owners]
        calls = [
            partial(store.connect, attempt.id, row, is_sole=True)
            for attempt, row in zip(attempts, rows, strict=True)
        ]

        assert _count_well(calls, AccountTaken) == 1
        assert sum(store.connection(row.id) is not None for row in rows) == 1
