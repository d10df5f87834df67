"""Promises of a store about the sweep, which looks after connections that nobody uses."""
# ruff: noqa: PLR2004, S101 - these are tests, though they are shipped

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest

from portalkey.model.connection import Account, Connection
from portalkey.model.connection import ConnectionStatus as C
from portalkey.testing.samples import Ahead, connect, load, next_generation
from portalkey.vault.store import Mark, Store

Plan = Callable[[Connection], datetime]


def plan_in(seconds: float) -> Plan:
    """Return the plan to look at each connection in so many *seconds*."""
    return lambda row: row.seen_at + timedelta(seconds=seconds)


class SweepPromises:
    """Looks at idle connections: planned on their rows, and each claimed by one process."""

    def test_what_nobody_has_planned_is_due(self, store: Store) -> None:
        """It comes as it was read, and is due no more."""
        row = connect(store)
        (due,) = store.claim_looks("app", 9, plan_in(60))

        assert (due.id, due.check_at, due.sealed) == (row.id, None, row.sealed)
        assert load(store, row).check_at is not None
        assert store.claim_looks("app", 9, plan_in(60)) == []

    def test_what_is_longest_due_comes_first(self, store: Store, ahead: Ahead) -> None:
        """A few at a time, and only those whose time has come."""
        rows = [connect(store, account=Account(number)) for number in range(1, 5)]
        waits = dict(zip([row.id for row in rows], (30, 10, 20, 90), strict=True))
        store.claim_looks("app", 9, lambda row: row.seen_at + timedelta(seconds=waits[row.id]))
        assert store.claim_looks("app", 9, plan_in(60)) == []
        ahead.passes(60)

        first = store.claim_looks("app", 2, plan_in(600))
        second = store.claim_looks("app", 2, plan_in(600))
        assert [row.id for row in first] == [rows[1].id, rows[2].id]
        assert [row.id for row in second] == [rows[0].id]

    def test_what_has_ended_is_not_looked_at(self, store: Store) -> None:
        """Nor is what another app has."""
        ended = connect(store, account=Account(1))
        assert store.disconnect(ended, None)
        connect(store, account=Account(2), status=C.NEEDS_RECONNECT)
        connect(store, client_id="other")
        failing = connect(store, account=Account(3), status=C.FAILING)

        assert [row.id for row in store.claim_looks("app", 9, plan_in(60))] == [failing.id]

    def test_a_look_is_noted(self, store: Store, ahead: Ahead) -> None:
        """With its time, what it came to, and when the next one is; nothing else changes."""
        row = connect(store)
        ahead.passes(10)
        assert store.note_look(row, 100, suspicion="inactive")
        after = load(store, row)

        assert after.checked_at is not None
        assert after.check_at is not None
        assert (after.checked_at - row.seen_at).total_seconds() >= 10
        assert 99 < (after.check_at - after.checked_at).total_seconds() < 101
        assert after.suspicion == "inactive"
        same = ("status", "updated_at", "generation", "granted_at", "sealed", "lease_id")
        assert all(getattr(after, name) == getattr(row, name) for name in same)
        assert store.claim_looks("app", 9, plan_in(60)) == []
        ahead.passes(101)
        assert store.claim_looks("app", 9, plan_in(60))
        assert store.note_look(row, 100)
        assert load(store, row).suspicion is None

    def test_what_was_not_looked_at_is_due_as_before(self, store: Store, ahead: Ahead) -> None:
        """Before whatever became due later; one with another grant is left alone."""
        rows = [connect(store, account=Account(number)) for number in (1, 2, 3)]
        for row, wait in zip(rows, (10, 20, 30), strict=True):
            assert store.note_look(row, wait)
        ahead.passes(60)
        claimed = store.claim_looks("app", 2, plan_in(600))
        renewed = next_generation(load(store, rows[1]))
        assert store.renew(renewed, instead_of="fingerprint 1")
        store.release_looks(claimed)

        assert load(store, rows[0]).check_at == claimed[0].check_at
        found = store.claim_looks("app", 9, plan_in(600))
        assert [row.id for row in found] == [rows[0].id, rows[2].id]

    def test_a_look_at_another_grant_is_not_noted(self, store: Store) -> None:
        """Somebody renewed it meanwhile, and that is the newer word."""
        row = connect(store)
        assert store.renew(next_generation(row), instead_of="fingerprint 1")

        assert not store.note_look(row, 100, suspicion="inactive")
        assert load(store, row).suspicion is None

    def test_a_renewal_leaves_the_plan(self, store: Store) -> None:
        """It writes no more than it has to; the sweep sees by itself that it was used."""
        row = connect(store)
        assert store.note_look(row, 100)
        planned = load(store, row)
        assert store.renew(next_generation(planned), instead_of="fingerprint 1")
        renewed = load(store, row)

        assert (renewed.check_at, renewed.checked_at) == (planned.check_at, planned.checked_at)

    def test_a_new_grant_begins_anew(self, store: Store) -> None:
        """Nothing that was suspected of the old one is true of it."""
        row = connect(store)
        assert store.note_look(row, 100, suspicion="inactive")
        assert store.mark(load(store, row), Mark(C.NEEDS_RECONNECT, "inactive"))
        assert store.connect(None, next_generation(row, status=C.CONNECTED))
        after = load(store, row)

        assert (after.suspicion, after.checked_at, after.check_at) == (None, None, None)

    def test_the_one_that_is_marked_is_the_one_that_was_claimed(self, store: Store) -> None:
        """Claiming and noting are no renewal: a mark that follows is not overtaken by them."""
        connect(store)
        (due,) = store.claim_looks("app", 9, plan_in(60))
        assert store.note_look(due, 100, suspicion="inactive")

        assert store.mark(due, Mark(C.NEEDS_RECONNECT, "inactive"))

    @pytest.mark.parametrize("threads", [4])
    def test_each_is_claimed_once(self, store: Store, threads: int) -> None:
        """Of many who sweep at one moment, one gets it."""
        rows = {connect(store, account=Account(number)).id for number in range(1, 21)}

        def sweep(_: int) -> list[str]:
            claimed: list[str] = []
            while due := store.claim_looks("app", 3, plan_in(600)):
                claimed += [row.id for row in due]
            return claimed

        with ThreadPoolExecutor(threads) as pool:
            claimed = [row for each in pool.map(sweep, range(threads)) for row in each]
        claimed += sweep(0)  # what one passed by as another had it in hand
        assert sorted(claimed) == sorted(rows)
