"""Connections, the token endpoint's state and the audit in memory: one part of ``MemoryStore``."""

import threading
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta

from portalkey.model import leases
from portalkey.model import transitions as rules
from portalkey.model.connection import Connection, ConnectionStatus
from portalkey.model.events import Event
from portalkey.model.leases import Lease, LeaseDenied, LeaseRequest
from portalkey.model.throttle import Throttle, new_throttle
from portalkey.vault.store import Mark


class ConnectionsInMemory:
    """What each method promises stands in ``Store``."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._lock = threading.RLock()
        self._connections: dict[str, Connection] = {}
        self._events: list[Event] = []
        self._providers: dict[str, Throttle] = {}
        self._version = 0

    @contextmanager
    def _writing(self) -> Iterator[None]:
        with self._lock:
            self._version += 1
            yield

    def now(self) -> datetime:
        """The clock."""
        return self._now()

    def version(self) -> int | None:
        """How much has been written."""
        return self._version

    def connection(self, connection_id: str) -> Connection | None:
        """The connection of this id."""
        with self._lock:
            return self._seen(self._connections.get(connection_id))

    def connections(self, owner: str, client_id: str) -> Sequence[Connection]:
        """All of the *owner*'s live connections, oldest first."""
        with self._lock:
            now = self.now()
            found = [
                replace(each, seen_at=now)
                for each in self._live()
                if (each.owner, each.client_id) == (owner, client_id)
            ]
        return sorted(found, key=lambda each: (each.connected_at, each.id))

    def connection_to(self, owner: str, client_id: str, hub_id: int) -> Connection | None:
        """The owner's connection to that account."""
        with self._lock:
            return self._seen(self._to(owner, client_id, hub_id))

    def _to(self, owner: str, client_id: str, hub_id: int) -> Connection | None:
        wanted = (owner, client_id, hub_id)
        known = self._connections.values()
        return next((e for e in known if (e.owner, e.client_id, e.hub_id) == wanted), None)

    def _seen(self, found: Connection | None) -> Connection | None:
        return replace(found, seen_at=self.now()) if found else None

    def _live(self) -> Sequence[Connection]:
        known = self._connections.values()
        return [each for each in known if each.status is not ConnectionStatus.DISCONNECTED]

    def _fits(self, connection: Connection) -> bool:
        there = self._to(connection.owner, connection.client_id, connection.hub_id)
        if connection.generation == 1:
            return there is None and connection.id not in self._connections
        return (
            there is not None
            and there.id == connection.id
            and there.generation == connection.generation - 1
        )

    def _put(self, connection: Connection) -> None:
        is_new = connection.generation == 1
        self._connections[connection.id] = connection if is_new else leases.clear_lease(connection)

    def lease(self, seen: Connection, ask: LeaseRequest) -> Lease | LeaseDenied:
        """The lease on the row of *seen*, or why not."""
        with self._writing():
            lease = leases.grant_lease(seen, self.connection(seen.id), ask)
            if isinstance(lease, LeaseDenied):
                return lease
            known = self._providers.get(seen.client_id)
            provider = known or new_throttle(ask.pace, lease.connection.seen_at)
            outcome = leases.apply_throttle(lease, provider, ask.pace)
            if isinstance(outcome, LeaseDenied):
                return outcome
            given, self._providers[seen.client_id] = outcome
            self._connections[seen.id] = given.connection
            return given

    def release(self, connection: Connection, *, is_unanswered: bool = False) -> bool:
        """Give the lease back, where it is still this one."""
        with self._writing():
            there = self._same(connection)
            if there is None:
                return False
            freed = leases.clear_try(there)
            if is_unanswered:
                freed = replace(freed, unanswered_since=there.unanswered_since)
            self._connections[there.id] = freed
            return True

    def update_throttle(
        self, client_id: str, change: Callable[[Throttle, datetime], Throttle]
    ) -> tuple[Throttle, Throttle] | None:
        """Put what *change* makes of the app's provider in its place."""
        with self._writing():
            before = self._providers.get(client_id)
            if before is None:
                return None
            after = self._providers[client_id] = change(before, self.now())
            return before, after

    def renew(self, connection: Connection, *, instead_of: str, event: Event | None = None) -> bool:
        """Write the renewed *connection*, if the row still bears what it was made from."""
        with self._writing():
            there = self._connections.get(connection.id)
            if there is None or there.generation != connection.generation - 1:
                return False
            if leases.lineage(there) != instead_of:
                return False
            self._connections[there.id] = replace(
                leases.clear_lease(there),
                **{name: getattr(connection, name) for name in rules.RENEWED},
                updated_at=self.now(),
            )
            self._record(event)
            return True

    def mark(self, connection: Connection, mark: Mark) -> bool:
        """Write *mark*, if that is a move and the grant is still the one that was seen."""
        with self._writing():
            row = self._same(connection)
            if row is None or row.status not in rules.can_become(mark.status):
                return False
            now = self.now()
            self._connections[row.id] = replace(
                leases.clear_try(row),
                status=mark.status,
                status_reason=mark.reason,
                failures=mark.failures,
                retry_at=None if mark.wait is None else now + timedelta(seconds=mark.wait),
                updated_at=row.updated_at if row.status is mark.status else now,
                unanswered_since=row.unanswered_since if mark.is_unanswered else None,
            )
            self._record(mark.event)
            return True

    def _same(self, connection: Connection) -> Connection | None:
        """The row, while it bears this grant and nobody took a lease since."""
        there = self._connections.get(connection.id)
        if there is None or not leases.is_same_grant(there, connection):
            return None
        return there if there.lease_fence == connection.lease_fence else None

    def _erase(self, connection: Connection, event: Event | None) -> bool:
        there = self._connections.get(connection.id)
        if there is None or there.generation != connection.generation:
            return False
        self._connections[there.id] = replace(
            leases.clear_lease(there),
            sealed=None,
            status=ConnectionStatus.DISCONNECTED,
            status_reason=None,
            failures=0,
            retry_at=None,
            generation=there.generation + 1,
            updated_at=self.now(),
        )
        self._record(event)
        return True

    def holders(self, fingerprints: Collection[str]) -> int:
        """How many live rows hold a refresh token with one of these *fingerprints*."""
        with self._lock:
            return sum(leases.lineage(each) in fingerprints for each in self._live())

    def record(self, event: Event) -> Event:
        """Append *event*, and return it with its time."""
        with self._writing():
            kept = replace(event, at=self.now())
            self._events.append(kept)
            return kept

    def _record(self, event: Event | None) -> None:
        if event is not None:
            self.record(event)

    def events(self, *, attempt_id: str | None = None, owner: str | None = None) -> Sequence[Event]:
        """The audit, oldest first; all of it, where nothing is named."""
        with self._lock:
            return [
                each
                for each in self._events
                if attempt_id in {None, each.attempt_id} and owner in {None, each.owner}
            ]
