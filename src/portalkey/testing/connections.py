"""Promises of a store about connections."""
# ruff: noqa: PLR2004, S101 - these are tests, though they are shipped

from dataclasses import replace
from datetime import timedelta

import pytest

from portalkey.model import connection as connections
from portalkey.model.attempt import AttemptStatus
from portalkey.model.connection import Account, Connection, SealedGrant
from portalkey.model.connection import ConnectionStatus as C
from portalkey.model.events import Event, EventName
from portalkey.testing.samples import (
    Ahead,
    begin_exchange,
    connect,
    load,
    new_attempt,
    new_connection,
    new_owed,
    next_generation,
)
from portalkey.vault.store import Mark, Store

DEAD = frozenset({(C.CONNECTED, C.NEEDS_RECONNECT), (C.CONNECTED, C.DISCONNECTED)})
"""Moves that take another grant, and no mark."""
_OTHERS = (("owner", "eve"), ("client_id", "other"), ("account", Account(2)))


class ConnectionPromises:
    """Connections: written with their attempt, never over what the writer did not see."""

    def test_unknown_scopes_are_not_none(self, store: Store) -> None:
        """Nobody has named them yet; a renewal that does is kept."""
        row = connect(store, scopes=None)

        assert row.scopes is None
        assert store.renew(next_generation(row, scopes=("oauth",)), instead_of="fingerprint 1")
        assert load(store, row).scopes == ("oauth",)

    def test_a_connection_comes_back_whole(self, store: Store) -> None:
        """By its id and by its account, and its attempt is connected to it."""
        connection, attempt_id = new_connection(store), begin_exchange(store)

        assert store.connect(attempt_id, connection)
        attempt = store.attempt(attempt_id)
        assert attempt
        assert (attempt.status, attempt.connection_id) == (AttemptStatus.CONNECTED, connection.id)
        assert attempt.sealed_verifier is None
        for row in (load(store, connection), store.connection_to("ada", "app", 2**40)):
            assert row
            assert replace(row, seen_at=connection.seen_at) == connection

    def test_an_unknown_connection_is_none(self, store: Store) -> None:
        """Asking for one does no harm."""
        assert store.connection("x") is store.connection_to("ada", "app", 1) is None
        assert list(store.connections("ada", "app")) == []

    @pytest.mark.parametrize("end", ["cancelled", "interrupted", "never claimed", "unknown"])
    def test_no_connection_without_its_attempt(self, store: Store, ahead: Ahead, end: str) -> None:
        """A cancel during the exchange wins, and so does the minute that an exchange has."""
        attempt_id = {"never claimed": new_attempt(store).id, "unknown": "x"}.get(end)
        attempt_id = attempt_id or begin_exchange(store)
        if end == "cancelled":
            store.move_attempt(attempt_id, AttemptStatus.CANCELLED)
        ahead.passes(61 if end == "interrupted" else 0)
        connection = new_connection(store)

        assert not store.connect(attempt_id, connection)
        assert store.connection(connection.id) is None

    def test_no_attempt_without_its_connection(self, store: Store) -> None:
        """The attempt stays where it is and can try again, where another row came first."""
        first, attempt_id = connect(store), begin_exchange(store)

        for late in (new_connection(store), new_connection(store, id=first.id, owner="eve")):
            assert not store.connect(attempt_id, late)
        attempt = store.attempt(attempt_id)
        assert attempt
        assert (attempt.status, attempt.connection_id) == (AttemptStatus.EXCHANGING, None)
        assert load(store, first).owner == "ada"

    def test_a_connection_from_elsewhere_needs_no_attempt(self, store: Store) -> None:
        """It is written once, and what happened with it; the second finds the first."""
        connection = new_connection(store)
        event = Event(EventName.CONNECTED, "ada", None, connection.id)

        assert store.connect(None, connection, event=event)
        assert load(store, connection)
        assert not store.connect(None, replace(connection, id="another"))
        assert [each.connection_id for each in store.events()] == [connection.id]

    def test_a_reconnect_writes_over_one_generation(self, store: Store) -> None:
        """It names the row that it saw; the lease of whoever renews just now is void."""
        first = connect(store)
        second = next_generation(first, scopes=("oauth",), connected_at=store.now())

        assert store.connect(begin_exchange(store), second)
        assert not store.connect(begin_exchange(store), second)
        current = load(store, first)
        assert current == replace(second, lease_id=None, seen_at=current.seen_at)

    @pytest.mark.parametrize(("field", "value"), _OTHERS)
    def test_a_reconnect_is_the_same_tie(self, store: Store, field: str, value: object) -> None:
        """A row never passes to another owner, app or account."""
        first = connect(store)
        other = replace(next_generation(first), **{field: value})  # type: ignore[arg-type]

        assert not store.connect(begin_exchange(store), other)
        assert load(store, first).generation == 1

    def test_an_owner_sees_their_own(self, store: Store) -> None:
        """Live ones only, oldest first; names are equal only byte by byte."""
        now = store.now()
        second = connect(store, account=Account(2), connected_at=now)
        first = connect(store, account=Account(1), connected_at=now - timedelta(seconds=9))
        gone = connect(store, account=Account(3))
        store.disconnect(gone, None)
        for owner in ("Straße", "STRASSE", "ADA", "ada "):
            connect(store, owner=owner)
        connect(store, client_id="other")

        assert [each.id for each in store.connections("ada", "app")] == [first.id, second.id]
        assert [each.owner for each in store.connections("Straße", "app")] == ["Straße"]
        assert store.connection_to("ada", "app", 3)

    def test_a_renewal_writes_its_grant(self, store: Store, ahead: Ahead) -> None:
        """Grant, expiry, scopes, status and failures; the row stays whose it was."""
        first = connect(store, status=C.FAILING, failures=3, status_reason="rate_limited")
        ours = {"status": C.CONNECTED, "failures": 0, "status_reason": None, "lease_id": None}
        expires_at = store.now() + timedelta(seconds=60)
        second = next_generation(first, scopes=("oauth",), access_expires_at=expires_at, **ours)

        ahead.passes(1)
        assert store.renew(replace(second, owner="eve"), instead_of="fingerprint 1")
        current = load(store, first)
        assert current.updated_at > first.updated_at
        assert current == replace(second, updated_at=current.updated_at, seen_at=current.seen_at)

    @pytest.mark.parametrize("late", ["generation", "fingerprint", "disconnected", "unknown"])
    def test_a_late_renewal_is_lost(self, store: Store, late: str) -> None:
        """Nothing newer is ever undone."""
        first = connect(store)
        if late == "disconnected":
            assert store.disconnect(first, None)
        before = load(store, first)
        renewed = next_generation(first, generation=3 if late == "generation" else 2)
        renewed = replace(renewed, id="x" if late == "unknown" else first.id)

        assert not store.renew(
            renewed, instead_of="0" if late == "fingerprint" else "fingerprint 1"
        )
        after = load(store, first)
        assert replace(after, seen_at=before.seen_at) == before

    @pytest.mark.parametrize("to", [each for each in C if each is not C.DISCONNECTED])
    @pytest.mark.parametrize("at", C)
    def test_a_mark_follows_the_table(self, store: Store, at: C, to: C) -> None:
        """A status may also be marked anew, with other facts; a dead grant stays dead."""
        row = connect(store, status=at)
        is_move = to is at or (to in connections.MOVES[at] and (to, at) not in DEAD)

        assert store.mark(row, Mark(to, reason="why", failures=2, wait=9)) == is_move
        current = load(store, row)
        expected = (to, "why", 2) if is_move else (at, None, 0)
        assert (current.status, current.status_reason, current.failures) == expected
        assert (current.retry_at is not None) == is_move
        assert current.retry_at is None or 8 < (current.retry_at - store.now()).total_seconds() <= 9

    def test_a_mark_does_not_disconnect(self, store: Store) -> None:
        """That takes erasing the grant."""
        row = connect(store)

        assert not store.mark(row, Mark(C.DISCONNECTED))
        assert load(store, row).sealed == row.sealed

    def test_a_late_mark_is_lost(self, store: Store) -> None:
        """The loser of a race never marks the winner's grant dead."""
        row = connect(store)
        resealed = replace(row, sealed=SealedGrant("access", "refresh", "other fingerprint", "a"))

        assert not store.mark(resealed, Mark(C.NEEDS_RECONNECT))
        assert store.renew(next_generation(row), instead_of="fingerprint 1")
        assert not store.mark(row, Mark(C.NEEDS_RECONNECT))
        assert load(store, row).status is C.CONNECTED

    def test_disconnecting_erases_and_owes(self, store: Store) -> None:
        """In one go; the next generation bears no grant and no lease."""
        row, owed = connect(store, status=C.FAILING, failures=2), new_owed(store)

        assert store.disconnect(row, owed)
        current = load(store, row)
        assert (current.status, current.generation, current.failures) == (C.DISCONNECTED, 2, 0)
        assert (current.sealed, current.lease_id) == (None, None)
        assert list(store.pending(9)) == [owed]

    def test_a_late_disconnect_is_lost(self, store: Store) -> None:
        """It owes nothing, for what it saw is not what is there."""
        row = connect(store)
        assert store.renew(next_generation(row), instead_of="fingerprint 1")

        assert not store.disconnect(row, new_owed(store))
        assert list(store.pending(9)) == []
        assert load(store, row).sealed == next_generation(row).sealed

    def test_a_disconnected_account_connects_again(self, store: Store) -> None:
        """In the same row, at the generation after."""
        gone = connect(store)
        assert store.disconnect(gone, None)
        again = next_generation(gone, generation=3, status=C.CONNECTED)

        assert store.connect(begin_exchange(store), again)
        assert [each.id for each in store.connections("ada", "app")] == [gone.id]

    def test_live_rows_hold_a_token(self, store: Store) -> None:
        """Whoever's they are; a disconnected row holds nothing."""
        pair: list[Connection] = [connect(store), connect(store, owner="eve")]
        connect(store, owner="bob", sealed=SealedGrant("access", "refresh", "fingerprint 3", "a"))

        assert store.holders(["fingerprint 1", "fingerprint 2"]) == 2
        assert store.disconnect(pair[0], None)
        assert store.holders(["fingerprint 1"]) == 1
        assert store.holders(["fingerprint 1", "fingerprint 3"]) == 2
        assert store.holders([]) == 0
