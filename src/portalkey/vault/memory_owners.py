"""All that is kept of one owner in memory: one part of ``MemoryStore``."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from portalkey.model.attempt import Attempt
from portalkey.model.connection import Connection, ConnectionStatus
from portalkey.model.counters import Counter
from portalkey.model.events import Event
from portalkey.model.invitation import Invitation
from portalkey.model.notifications import Notification, Subject, strip_notification
from portalkey.vault.memory_search import SearchInMemory


class OwnersInMemory(SearchInMemory):
    """The part of ``MemoryStore`` that ``OwnerStore`` promises."""

    _hasten: Callable[[str], bool]

    _attempts: dict[str, Attempt]
    _invitations: dict[str, Invitation]
    _counters: dict[str, Counter]
    _notifications: dict[str, Notification]

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

    def erase_owner(self, owner: str, event: Event | None, subject: Subject | None = None) -> bool:
        """Erase every row that tells of *owner*."""
        with self._writing():
            rows = [row for row in self._connections.values() if row.owner == owner]
            if any(row.status is not ConnectionStatus.DISCONNECTED for row in rows):
                return False
            attempts = {row.id for row in self._attempts.values() if row.owner == owner}
            self._erase_rows(owner, {row.id for row in rows}, attempts)
            if event is not None:
                self.record(event, subject)
            return True

    def _erase_rows(self, owner: str, connections: set[str], attempts: set[str]) -> None:
        for name in connections:
            del self._connections[name]
        for name in attempts:
            if self._attempts.pop(name).sealed_grant is not None:
                self._hasten(name)
        for name in [each.id for each in self._invitations.values() if each.owner == owner]:
            del self._invitations[name]
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
        for each in list(self._notifications.values()):
            if each.owner == owner or each.connection_id in connections:
                self._notifications[each.id] = strip_notification(each)

    def scrub(self) -> None:
        """Nothing lies about."""
