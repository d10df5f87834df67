"""Promises of a store about what is written, or found, together."""
# ruff: noqa: S101 - these are tests, though they are shipped

from dataclasses import replace

import pytest

from portalkey.errors import AttemptMismatch, TooManyAttempts
from portalkey.model.attempt import Attempt
from portalkey.model.attempt import AttemptStatus as A
from portalkey.model.connection import Account, Connection
from portalkey.model.events import Event, EventName
from portalkey.model.transitions import AttemptLimits
from portalkey.testing.samples import Ahead, connect, new_attempt
from portalkey.vault.memory import MemoryStore
from portalkey.vault.store import Store


class TogetherPromises:
    """An attempt with its event, a move with its own, and connections beside an attempt."""

    def test_an_attempt_and_its_event_are_kept_together(self, store: Store) -> None:
        """Both or neither: nothing is recorded of what was refused."""
        started = Event(EventName.ATTEMPT_STARTED, "ada", "first")
        sample = new_attempt(MemoryStore(store.now), id="first")
        assert list(store.add_attempt(sample, AttemptLimits(1, 6), event=started)) == []
        for refused, limits in (
            (sample, None),
            (replace(sample, id="x", state_hash="x"), AttemptLimits(0, 6)),
        ):
            with pytest.raises(TooManyAttempts if limits else AttemptMismatch):
                store.add_attempt(refused, limits, event=Event(EventName.REVOKED, "ada"))

        events = store.events(owner="ada")
        assert [replace(each, at=None) for each in events] == [started]
        assert all(each.at and each.at <= store.now() for each in events)

    def test_a_move_and_its_event_are_kept_together(self, store: Store) -> None:
        """Of several callers who move an attempt one is recorded."""
        attempt = new_attempt(store)
        failed = Event(EventName.ATTEMPT_FAILED, "ada", attempt.id, facts={"error": "declined"})
        for _ in range(2):
            store.move_attempt(attempt.id, A.FAILED, error="declined", event=failed)

        assert [replace(each, at=None) for each in store.events(owner="ada")] == [failed]

    def test_an_attempt_is_found_with_its_owners_connections(
        self, store: Store, ahead: Ahead
    ) -> None:
        """As each would be by itself; an attempt of somebody else's is none."""
        attempt = new_attempt(store)
        assert _find_both(store, attempt.id)[1] == []
        rows = [connect(store, account=Account(number)) for number in (1, 2)]
        gone = connect(store, account=Account(3))
        assert store.disconnect(gone, None)

        found, connections = _find_both(store, attempt.id)

        assert found
        assert replace(found, seen_at=attempt.seen_at) == attempt
        assert [each.id for each in connections] == [row.id for row in rows]
        assert _find_both(store, attempt.id, "eve") == (None, [])
        assert _find_both(store, "x") == _find_both(store, "no\0id") == (None, [])
        ahead.passes(601)
        found, _ = _find_both(store, attempt.id)
        assert found
        assert found.status is A.EXPIRED


def _find_both(
    store: Store, attempt_id: str, owner: str = "ada"
) -> tuple[Attempt | None, list[Connection]]:
    """Return what the store finds at once."""
    attempt, rows = store.attempt_and_connections(attempt_id, owner, "app")
    return attempt, list(rows)
