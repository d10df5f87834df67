"""Searches and the sweep in memory: one part of ``MemoryStore``."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from portalkey.model import leases, sweep, transitions
from portalkey.model.attempt import Attempt
from portalkey.model.connection import Connection
from portalkey.model.search import (
    AttemptSearch,
    ConnectionPage,
    ConnectionSearch,
    EventPlace,
    EventSearch,
    PlacedEvent,
    place_of,
)
from portalkey.vault.memory_keys import KeysInMemory


class SearchInMemory(KeysInMemory):
    """The part of ``MemoryStore`` that ``SearchStore`` and ``SweepStore`` promise."""

    def find(self, search: ConnectionSearch, at_most: int, *, after: str = "") -> ConnectionPage:
        """Return the connections of *search* by id."""
        with self._lock:
            now = self.now()
            rows = [row for row in self._connections.values() if row.id > after]
        found = sorted((row for row in rows if search.finds(row)), key=lambda row: row.id)
        page = [replace(row, seen_at=now) for row in found[:at_most]]
        return ConnectionPage(page, page[-1].id if len(found) > at_most else None)

    def find_attempts(self, search: AttemptSearch, at_most: int) -> Sequence[Attempt]:
        """Return the attempts of *search* as they stand, the newest first."""
        with self._lock:
            now = self.now()
            rows = [replace(each, seen_at=now) for each in self._attempts.values()]
        found = [each for each in map(transitions.expire_overdue, rows) if search.finds(each)]
        return sorted(found, key=place_of, reverse=True)[:at_most]

    def find_events(self, search: EventSearch, at_most: int) -> Sequence[PlacedEvent]:
        """Return the events of *search* in its order."""
        with self._lock:
            placed = list(self._place_events())
        found = [each for each in placed if search.finds(*each)]
        found.sort(key=lambda each: each[0], reverse=search.is_backward)
        return found[:at_most]

    def _place_events(self) -> Iterator[PlacedEvent]:
        """Number the events of one moment: their places are the same when others are purged."""
        numbers: Counter[float] = Counter()
        for event in self._events:
            at = event.at.timestamp() if event.at else 0.0
            yield EventPlace(at, numbers[at]), event
            numbers[at] += 1

    def claim_looks(
        self, client_id: str, at_most: int, plan: Callable[[Connection], datetime]
    ) -> Sequence[Connection]:
        """Return connections whose time has come, each put off to what *plan* says."""
        with self._writing():
            now = self.now()
            ours = [row for row in self._connections.values() if row.client_id == client_id]
            due = [row for row in ours if row.is_authenticated and _is_due(row, now)]
            due.sort(key=lambda row: row.check_at or _FIRST)
            found = [replace(row, seen_at=now) for row in due[:at_most]]
            for row in found:
                self._connections[row.id] = replace(row, check_at=plan(row))
        return found

    def release_looks(self, connections: Sequence[Connection]) -> None:
        """Make *connections* due when they were, if they still bear the same grant."""
        with self._writing():
            for before in connections:
                row = self._connections.get(before.id)
                if row is not None and leases.is_same_grant(row, before):
                    self._connections[row.id] = replace(row, check_at=before.check_at)

    def note_look(
        self, connection: Connection, wait: float, *, suspicion: str | None = None
    ) -> bool:
        """Note what HubSpot said, if the row still bears the same grant."""
        with self._writing():
            row = self._connections.get(connection.id)
            if row is None or not leases.is_same_grant(row, connection):
                return False
            row = replace(row, seen_at=self.now())
            self._connections[row.id] = sweep.note(row, wait, suspicion)
            return True


_FIRST = datetime.min.replace(tzinfo=UTC)


def _is_due(row: Connection, now: datetime) -> bool:
    return row.check_at is None or row.check_at <= now
