"""All that is kept of one owner in memory: one part of ``MemoryStore``."""

from collections.abc import Sequence
from dataclasses import replace

from portalkey.model.attempt import Attempt
from portalkey.model.connection import Connection, ConnectionStatus
from portalkey.model.counters import Counter
from portalkey.model.events import Event
from portalkey.vault.memory_search import SearchInMemory


class OwnersInMemory(SearchInMemory):
    """The part of ``MemoryStore`` that ``OwnerStore`` promises."""

    _attempts: dict[str, Attempt]
    _counters: dict[str, Counter]

    def holdings(self, owner: str) -> Sequence[Connection]:
        """Return all of the *owner*'s connections."""
        with self._lock:
            now = self.now()
            rows = [row for row in self._connections.values() if row.owner == owner]
        return [replace(row, seen_at=now) for row in sorted(rows, key=lambda row: row.id)]

    def attempts_of(self, owner: str) -> Sequence[Attempt]:
        """Return all of the *owner*'s attempts."""
        with self._lock:
            now = self.now()
            rows = [row for row in self._attempts.values() if row.owner == owner]
        ordered = sorted(rows, key=lambda row: (row.created_at, row.id))
        return [replace(row, seen_at=now) for row in ordered]

    def erase_owner(self, owner: str, event: Event) -> bool:
        """Erase every row that tells of *owner*."""
        with self._writing():
            rows = [row for row in self._connections.values() if row.owner == owner]
            if any(row.status is not ConnectionStatus.DISCONNECTED for row in rows):
                return False
            attempts = {row.id for row in self._attempts.values() if row.owner == owner}
            self._erase_rows(owner, {row.id for row in rows}, attempts)
            self.record(event)
            return True

    def _erase_rows(self, owner: str, connections: set[str], attempts: set[str]) -> None:
        for name in connections:
            del self._connections[name]
        for name in attempts:
            del self._attempts[name]
        self._events[:] = [
            event
            for event in self._events
            if event.owner != owner
            and event.connection_id not in connections
            and event.attempt_id not in attempts
        ]
        for counter in [e for e in self._counters.values() if e.connection_id in connections]:
            del self._counters[counter.id]
        for owed in [e for e in self._owed.values() if e.connection_id in connections]:
            self._owed[owed.id] = replace(owed, connection_id=None)

    def scrub(self) -> None:
        """Nothing lies about."""
