"""Promises of a store about grants that wait until the person says yes."""
# ruff: noqa: S101 - these are tests, though they are shipped

from dataclasses import replace
from datetime import timedelta

import pytest

from portalkey.model.attempt import ASKING_SECONDS
from portalkey.model.attempt import AttemptStatus as A
from portalkey.model.connection import Account
from portalkey.model.events import Event, EventName
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
_OWED = "owed 1"


def ask(store: Store, seconds: float = 700) -> str:
    """Return the id of an attempt that asks; its grant is owed in so many *seconds*."""
    attempt_id, due_at = begin_exchange(store), store.now() + timedelta(seconds=seconds)
    assert store.ask(attempt_id, "sealed", new_owed(store, due_at=due_at), event=_ASKED)
    return attempt_id


class QuestionPromises:
    """A grant waits with its attempt, owed from the start, until a yes forgets what is owed."""

    def test_a_grant_waits_and_is_owed(self, store: Store, ahead: Ahead) -> None:
        """It lies with its attempt; what is owed is not due yet, but will be by itself."""
        row = store.attempt(ask(store))

        assert row
        assert (row.status, row.sealed_grant, row.is_open) == (A.ASKING, "sealed", True)
        assert [each.name for each in store.events()] == [EventName.ACCOUNT_ASKED]
        assert list(store.pending(9)) == []
        ahead.passes(701)
        assert [each.id for each in store.pending(9)] == [_OWED]

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

        assert store.connect(attempt_id, connection, settled=_OWED)
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

        assert not store.connect(attempt_id, new_connection(store), settled=_OWED)
        row = store.attempt(attempt_id)
        assert row
        assert (row.status, row.sealed_grant) == (A.ASKING, "sealed")
        ahead.passes(701)
        assert [each.id for each in store.pending(9)] == [_OWED]

    @pytest.mark.parametrize("how", ["cancel", "owner", "time", "purge"])
    def test_without_a_yes_it_is_given_back(self, store: Store, ahead: Ahead, how: str) -> None:
        """However the attempt ends: nothing is attached after it, and what is owed comes due."""
        attempt_id = ask(store)
        if how == "cancel":
            before = store.move_attempt(attempt_id, A.CANCELLED)
            assert before
            assert before.sealed_grant == "sealed"
        if how == "owner":
            store.cancel_attempts("ada")
        if how in {"time", "purge"}:
            ahead.passes(601)
        if how == "purge":
            assert not store.purge(9, events_days=400)

        assert not store.connect(attempt_id, new_connection(store), settled=_OWED)
        row = store.attempt(attempt_id)
        assert row
        assert row.status is (A.CANCELLED if how in {"cancel", "owner"} else A.EXPIRED)
        assert row.sealed_grant is None
        ahead.passes(101)
        assert how in {"cancel", "owner"} or [each.id for each in store.pending(9)] == [_OWED]
        ahead.passes(601)
        assert [each.id for each in store.pending(9)] == [_OWED]

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
