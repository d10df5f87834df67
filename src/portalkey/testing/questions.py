"""Promises of a store about grants that wait until the person says yes."""
# ruff: noqa: S101 - these are tests, though they are shipped

from dataclasses import replace
from datetime import timedelta

import pytest

from portalkey.model.attempt import ASKING_SECONDS
from portalkey.model.attempt import AttemptStatus as A
from portalkey.model.connection import Account
from portalkey.model.events import Event, EventName
from portalkey.testing.invitations import new_invitation
from portalkey.testing.samples import (
    Ahead,
    begin_exchange,
    connect,
    load,
    new_attempt,
    new_connection,
    new_owed,
)
from portalkey.vault.store import Store

_ASKED = Event(EventName.ACCOUNT_ASKED, "ada")


def ask(store: Store, **changes: str) -> str:
    """Return the id of an attempt that asks; its grant is owed after its time."""
    attempt_id, due_at = begin_exchange(store, **changes), store.now() + timedelta(seconds=700)
    owed = new_owed(store, id=attempt_id, due_at=due_at)
    assert store.ask(attempt_id, "sealed", owed, event=_ASKED)
    return attempt_id


class QuestionPromises:
    """A grant waits with its attempt, owed from the start, until a yes forgets what is owed."""

    def test_a_grant_waits_and_is_owed(self, store: Store, ahead: Ahead) -> None:
        """It lies with its attempt; what is owed is not due yet, but will be by itself."""
        attempt_id = ask(store)
        row = store.attempt(attempt_id)

        assert row
        assert (row.status, row.sealed_grant, row.is_open) == (A.ASKING, "sealed", True)
        assert [each.name for each in store.events()] == [EventName.ACCOUNT_ASKED]
        assert list(store.pending(9)) == []
        ahead.passes(701)
        assert [each.id for each in store.pending(9)] == [attempt_id]

    @pytest.mark.parametrize("end", [A.CANCELLED, A.FAILED])
    def test_nothing_waits_where_the_attempt_has_ended(self, store: Store, end: A) -> None:
        """Neither the grant nor what would be owed is kept, and nothing is recorded."""
        attempt_id = begin_exchange(store)
        assert store.move_attempt(attempt_id, end)

        assert not store.ask(attempt_id, "sealed", new_owed(store), event=_ASKED)
        row = store.attempt(attempt_id)
        assert row
        assert (row.status, row.sealed_grant) == (end, None)
        assert not store.pending(9)
        assert not store.events()

    def test_only_an_exchange_asks(self, store: Store) -> None:
        """An attempt that has no grant yet, or asks already, keeps what it has."""
        asking = ask(store)
        for attempt_id in (asking, new_attempt(store).id, "x"):
            assert not store.ask(attempt_id, "other", new_owed(store, id="owed 2"))

        row = store.attempt(asking)
        assert row
        assert row.sealed_grant == "sealed"

    @pytest.mark.parametrize(("ahead_by", "left"), [(0, 600), (590, ASKING_SECONDS)])
    def test_there_is_time_for_an_answer(
        self, store: Store, ahead: Ahead, ahead_by: float, left: float
    ) -> None:
        """The attempt's own, and two minutes at least."""
        attempt = new_attempt(store)
        ahead.passes(ahead_by)
        assert store.move_attempt(attempt.id, A.EXCHANGING)
        assert store.ask(attempt.id, "sealed", new_owed(store))
        row = store.attempt(attempt.id)

        assert row
        assert left - 10 < (row.expires_at - row.seen_at).total_seconds() <= left

    def test_a_yes_forgets_what_was_owed(self, store: Store, ahead: Ahead) -> None:
        """With the connection that it makes; the grant lies with the attempt no more."""
        attempt_id, connection = ask(store), new_connection(store)
        store.enqueue(new_owed(store, id="another"))

        assert store.connect(attempt_id, connection, settled=attempt_id)
        row = store.attempt(attempt_id)
        assert row
        assert (row.status, row.sealed_grant) == (A.CONNECTED, None)
        assert load(store, connection).sealed == connection.sealed
        ahead.passes(701)
        assert [each.id for each in store.pending(9)] == ["another"]

    def test_a_yes_that_loses_a_race_settles_nothing(self, store: Store, ahead: Ahead) -> None:
        """The row had moved on: the attempt asks on, and its grant is owed as before."""
        attempt_id = ask(store)
        connect(store)

        assert not store.connect(attempt_id, new_connection(store), settled=attempt_id)
        row = store.attempt(attempt_id)
        assert row
        assert (row.status, row.sealed_grant) == (A.ASKING, "sealed")
        ahead.passes(701)
        assert [each.id for each in store.pending(9)] == [attempt_id]

    @pytest.mark.parametrize("how", ["time", "purge"])
    def test_without_a_yes_in_time_it_is_given_back(
        self, store: Store, ahead: Ahead, how: str
    ) -> None:
        """Nothing is attached any more, and what is owed comes due by itself."""
        attempt_id = ask(store)
        ahead.passes(601)
        if how == "purge":
            assert not store.purge(9, events_days=400)

        assert not store.connect(attempt_id, new_connection(store), settled=attempt_id)
        row = store.attempt(attempt_id)
        assert row
        assert (row.status, row.sealed_grant) == (A.EXPIRED, None)
        ahead.passes(101)
        assert [each.id for each in store.pending(9)] == [attempt_id]

    @pytest.mark.parametrize("how", [A.CANCELLED, A.FAILED, A.EXPIRED, "all"])
    def test_what_ends_early_is_given_back_at_once(self, store: Store, how: str) -> None:
        """Whoever ends it: its grant must not live on until the time would have been over."""
        attempt_id, other = ask(store), ask(store, owner="eve")
        assert list(store.pending(9)) == []
        if how == "all":
            assert store.cancel_attempts("ada")
        else:
            assert store.move_attempt(attempt_id, A(how))

        assert [each.id for each in store.pending(9)] == [attempt_id]
        row = store.attempt(other)
        assert row
        assert row.status is A.ASKING

    def test_what_ends_with_its_owner_is_given_back_at_once(self, store: Store) -> None:
        """In the transaction that erases all else of theirs."""
        attempt_id, _ = ask(store), ask(store, owner="eve")
        assert store.erase_owner("ada", Event(EventName.OWNER_ERASED))

        assert [each.id for each in store.pending(9)] == [attempt_id]

    def test_what_ends_with_its_link_is_given_back_at_once(self, store: Store) -> None:
        """In the transaction that withdraws the invitation."""
        made = new_invitation(store)
        attempt_id, _ = ask(store, invitation_id=made.id), ask(store)
        assert store.withdraw(made.id, event=Event(EventName.INVITATION_WITHDRAWN))

        assert [each.id for each in store.pending(9)] == [attempt_id]

    def test_questions_are_found_by_their_token(self, store: Store, ahead: Ahead) -> None:
        """While somebody may still say yes: the same token must not be revoked for another."""
        first, second = ask(store), begin_exchange(store)
        owed = new_owed(store, id=second, fingerprint="fingerprint 2", due_at=store.now())
        assert store.ask(second, "sealed", owed)
        store.enqueue(new_owed(store, id="of no question"))

        def find(*fingerprints: str) -> set[str]:
            return set(store.questions_with(fingerprints))

        assert find("fingerprint 1", "another") == {first}
        assert find("fingerprint 1", "fingerprint 2") == {first, second}
        assert find("another") == find() == set()
        assert store.move_attempt(second, A.CANCELLED)
        assert find("fingerprint 2") == set()
        ahead.passes(601)
        assert find("fingerprint 1") == set()

    def test_the_last_connection_is_a_live_one(self, store: Store, ahead: Ahead) -> None:
        """The newest of the owner's for this app; without any, the one disconnected last."""
        assert store.last_connection("ada", "app") is None
        first = connect(store)
        ahead.passes(1)
        second = connect(store, account=Account(2))
        ahead.passes(1)
        connect(store, owner="eve", account=Account(3))
        connect(store, client_id="other", account=Account(4))

        found = []
        for gone in (None, second, first):
            assert gone is None or store.disconnect(gone, None)
            ahead.passes(1)
            last = store.last_connection("ada", "app")
            found.append(last and last.id)
        assert found == [second.id, first.id, first.id]
        last = store.last_connection("ada", "app")
        row = load(store, first)
        assert last
        assert replace(last, seen_at=row.seen_at) == row
