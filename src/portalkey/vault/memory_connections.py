"""Connections, the token endpoint's state and the audit in memory: one part of ``MemoryStore``."""

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta

from portalkey._support.fork import ProcessLock
from portalkey.model import leases, transitions
from portalkey.model.connection import Connection, ConnectionStatus
from portalkey.model.events import Event
from portalkey.model.leases import Lease, LeaseDenied, LeaseRequest
from portalkey.model.notifications import Subject, write_event_id
from portalkey.model.throttle import Portion, PortionRequest, Throttle, Throttled
from portalkey.vault.memory_throttles import MemoryThrottles
from portalkey.vault.store import Mark, Tell, TellRenewal


class ConnectionsInMemory:
    """The part of ``MemoryStore`` that a session keeps too; ``Store`` says what it promises."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._lock = ProcessLock()
        self._connections: dict[str, Connection] = {}
        self._events: list[Event] = []
        self._throttles = MemoryThrottles()
        self._version = 0

    @contextmanager
    def _writing(self) -> Iterator[None]:
        with self._lock:
            self._version += 1
            yield

    def now(self) -> datetime:
        """Return the clock."""
        return self._now()

    def version(self) -> int | None:
        """Return a number that grows with every write."""
        return self._version

    def connection(self, connection_id: str) -> Connection | None:
        """Return the connection of this id."""
        with self._lock:
            return self._stamp(self._connections.get(connection_id))

    def connections(self, owner: str, client_id: str) -> Sequence[Connection]:
        """Return all of the *owner*'s live connections, oldest first."""
        with self._lock:
            now = self.now()
            connections = [
                replace(each, seen_at=now)
                for each in self._find_live()
                if (each.owner, each.client_id) == (owner, client_id)
            ]
        return sorted(connections, key=lambda each: (each.connected_at, each.id))

    def last_connection(self, owner: str, client_id: str) -> Connection | None:
        """Return the *owner*'s connection that came last."""
        with self._lock:
            rows = self._connections.values()
            theirs = [row for row in rows if (row.owner, row.client_id) == (owner, client_id)]
            return self._stamp(transitions.find_last(theirs))

    def connection_to(self, owner: str, client_id: str, hub_id: int) -> Connection | None:
        """Return the owner's connection to that account."""
        with self._lock:
            return self._stamp(self._find_to(owner, client_id, hub_id))

    def _find_to(self, owner: str, client_id: str, hub_id: int) -> Connection | None:
        place = (owner, client_id, hub_id)
        rows = self._connections.values()
        return next((row for row in rows if (row.owner, row.client_id, row.hub_id) == place), None)

    def _stamp(self, row: Connection | None) -> Connection | None:
        return replace(row, seen_at=self.now()) if row else None

    def _find_live(self) -> Sequence[Connection]:
        rows = self._connections.values()
        return [row for row in rows if row.status is not ConnectionStatus.DISCONNECTED]

    def _is_next(self, connection: Connection) -> bool:
        row = self._find_to(connection.owner, connection.client_id, connection.hub_id)
        if connection.generation == 1:
            return row is None and connection.id not in self._connections
        return (
            row is not None
            and row.id == connection.id
            and row.generation == connection.generation - 1
        )

    def is_anothers(self, connection: Connection) -> bool:
        """Return True where another owner has the account of *connection*."""
        place = (connection.client_id, connection.hub_id)
        rows = [row for row in self._find_live() if (row.client_id, row.hub_id) == place]
        return any(row.owner != connection.owner for row in rows)

    def _write(self, connection: Connection) -> None:
        is_new = connection.generation == 1
        self._connections[connection.id] = connection if is_new else leases.clear_lease(connection)

    def lease(self, connection: Connection, request: LeaseRequest) -> Lease | LeaseDenied:
        """Return the lease on the row of *connection*, or why not."""
        with self._writing():
            lease = leases.grant_lease(connection, self.connection(connection.id), request)
            if isinstance(lease, Lease):
                self._connections[connection.id] = lease.connection
            return lease

    def release(self, connection: Connection, *, is_unanswered: bool = False) -> bool:
        """Give the lease back, where it is still this one."""
        with self._writing():
            row = self._find_same(connection)
            if row is None:
                return False
            since = row.unanswered_since if is_unanswered else None
            self._connections[row.id] = replace(leases.clear_try(row), unanswered_since=since)
            return True

    def take_portion(self, client_id: str, request: PortionRequest) -> Portion | Throttled:
        """Return permits for requests to the token endpoint, or why there are none now."""
        with self._writing():
            return self._throttles.take(client_id, request, self.now())

    def update_throttle(
        self,
        client_id: str,
        change: Callable[[Throttle, datetime], Throttle],
        tell: Tell | None = None,
    ) -> tuple[Throttle, Throttle] | None:
        """Put what *change* makes of the app's throttle in its place."""
        with self._writing():
            changed = self._throttles.update(client_id, change, self.now())
            if changed is not None and tell is not None:
                self._record(tell(*changed), Subject(client_id))
            return changed

    def count_authenticated(self, client_id: str, at_most: int) -> tuple[int, bool]:
        """Return how many connections are authenticated, and if they are of several owners."""
        owners = self.authenticated_owners(client_id)
        return min(len(owners), at_most), len(set(owners)) > 1

    def authenticated_owners(self, client_id: str) -> list[str]:
        """Return the owner of each of the app's authenticated connections."""
        with self._lock:
            rows = self._connections.values()
            return [r.owner for r in rows if r.client_id == client_id and r.is_authenticated]

    def renew(
        self,
        connection: Connection,
        *,
        instead_of: str,
        status: ConnectionStatus | None = None,
        tell: TellRenewal | None = None,
    ) -> ConnectionStatus | None:
        """Write the renewed *connection*, if the row still bears what it was made from."""
        with self._writing():
            row = self._connections.get(connection.id)
            if row is None or not leases.is_renewable(row, connection, instead_of, status):
                return None
            self._connections[row.id] = replace(
                leases.clear_lease(row),
                **{name: getattr(connection, name) for name in transitions.RENEWED},
                updated_at=self.now(),
            )
            event = tell(row.status) if tell is not None else None
            self._record(event, Subject(connection.client_id, connection.hub_id))
            return row.status

    def mark(self, connection: Connection, mark: Mark) -> bool:
        """Write *mark*, if that is a move and the grant is still the one of *connection*."""
        with self._writing():
            row = self._find_same(connection)
            befores = transitions.can_become(mark.status, is_told=mark.event is not None)
            if row is None or row.status not in befores:
                return False
            now = self.now()
            self._connections[row.id] = replace(
                leases.clear_try(row),
                sealed=None if mark.erases else row.sealed,
                status=mark.status,
                status_reason=mark.reason,
                failures=mark.failures,
                retry_at=None if mark.wait is None else now + timedelta(seconds=mark.wait),
                updated_at=row.updated_at if row.status is mark.status else now,
                unanswered_since=row.unanswered_since if mark.is_unanswered else None,
            )
            self._record(mark.event, Subject(connection.client_id, connection.hub_id))
            return True

    def _find_same(self, connection: Connection) -> Connection | None:
        """Return the row, while it bears this grant and nobody took a lease since."""
        row = self._connections.get(connection.id)
        if row is None or not leases.is_same_grant(row, connection):
            return None
        return row if row.lease_fence == connection.lease_fence else None

    def _erase(self, connection: Connection, event: Event | None) -> bool:
        row = self._connections.get(connection.id)
        if row is None or row.generation != connection.generation:
            return False
        self._connections[row.id] = replace(
            leases.clear_lease(row),
            sealed=None,
            status=ConnectionStatus.DISCONNECTED,
            status_reason=None,
            failures=0,
            retry_at=None,
            generation=row.generation + 1,
            updated_at=self.now(),
        )
        self._record(event, Subject(connection.client_id, connection.hub_id))
        return True

    def holders(self, fingerprints: Collection[str]) -> int:
        """Return how many live rows hold a refresh token with one of these *fingerprints*."""
        with self._lock:
            return sum(
                leases.refresh_fingerprint(each) in fingerprints for each in self._find_live()
            )

    def record(self, event: Event, subject: Subject | None = None) -> Event:
        """Append *event*, and return it with its time and id."""
        with self._writing():
            at = self.now()
            number = sum(each.at == at for each in self._events)
            recorded = replace(event, at=at, id=write_event_id(at, number))
            self._events.append(recorded)
            self._notify(recorded, subject)
            return recorded

    def _notify(self, event: Event, subject: Subject | None) -> None:
        """Owe *event* to whoever is to hear of it."""

    def event(self, event_id: str) -> Event | None:
        """Return the event of this id."""
        with self._lock:
            return next((each for each in self._events if each.id == event_id), None)

    def _purge_events(self, before: datetime, at_most: int) -> bool:
        old = sum(event.at is not None and event.at < before for event in self._events)
        del self._events[: min(old, at_most)]  # they stand in the order in which they came
        return old > at_most

    def _record(self, event: Event | None, subject: Subject | None = None) -> None:
        if event is not None:
            self.record(event, subject)

    def events(self, *, attempt_id: str | None = None, owner: str | None = None) -> Sequence[Event]:
        """Return the audit, oldest first; all of it, where nothing is named."""
        with self._lock:
            return [
                event
                for event in self._events
                if attempt_id in {None, event.attempt_id} and owner in {None, event.owner}
            ]
