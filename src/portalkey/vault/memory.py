"""The store in memory: the twin that tests and trials use, with the same promises."""

import threading
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from portalkey.attempt import Attempt, AttemptStatus
from portalkey.connection import Connection, ConnectionStatus
from portalkey.errors import AttemptMismatch
from portalkey.events import Event
from portalkey.vault import rules
from portalkey.vault.store import OwedRevocation, Store


def _utc_now() -> datetime:
    return datetime.now(UTC)


class MemoryStore(Store):
    """Keeps everything in this process, from any thread; gone with it.

    What each method promises stands in ``Store``.
    """

    def __init__(
        self,
        clock: Callable[[], datetime] = _utc_now,
        *,
        ahead: Callable[[], float] = lambda: 0.0,
    ) -> None:
        """Begin empty.

        Args:
            clock: The store's clock, with a time zone.
            ahead: Seconds added to the clock, asked for at every look at it.
        """
        self._clock = clock
        self._ahead = ahead
        self._lock = threading.RLock()
        self._attempts: dict[str, Attempt] = {}
        self._connections: dict[str, Connection] = {}
        self._owed: dict[str, OwedRevocation] = {}
        self._events: list[Event] = []

    def now(self) -> datetime:
        """The clock."""
        return self._clock() + timedelta(seconds=self._ahead())

    def close(self) -> None:
        """Nothing is open."""

    def add_attempt(self, attempt: Attempt) -> None:
        """Keep a new *attempt*, and purge the old.

        Raises:
            AttemptMismatch: Its id or state is another attempt's already; nothing was kept.
        """
        with self._lock:
            self._purge(self.now() - rules.KEPT)
            taken = {attempt.id: attempt.state_hash for attempt in self._attempts.values()}
            if attempt.id in taken or attempt.state_hash in taken.values():
                raise AttemptMismatch
            self._attempts[attempt.id] = attempt

    def _purge(self, before: datetime) -> None:
        for attempt in list(self._attempts.values()):
            if (attempt.ended_at or attempt.expires_at) < before:
                del self._attempts[attempt.id]

    def attempt(self, attempt_id: str) -> Attempt | None:
        """The attempt of this id."""
        with self._lock:
            found = self._attempts.get(attempt_id)
            if found is None:
                return None
            attempt = rules.in_time(replace(found, seen_at=self.now()))
            self._attempts[attempt_id] = attempt
            return attempt

    def attempt_by_state(self, state_hash: str) -> Attempt | None:
        """The attempt begun with this state."""
        with self._lock:
            known = [each.id for each in self._attempts.values() if each.state_hash == state_hash]
            return self.attempt(known[0]) if known else None

    def move_attempt(
        self,
        attempt_id: str,
        to: AttemptStatus,
        *,
        error: str | None = None,
        sealed_code: str | None = None,
    ) -> Attempt | None:
        """Move an attempt, and return it as it stood before."""
        with self._lock:
            before = self.attempt(attempt_id)
            after = (
                rules.moved(before, to, error=error, sealed_code=sealed_code) if before else None
            )
            if after is None:
                return None
            self._attempts[attempt_id] = after
            return before

    def connect(self, attempt_id: str, connection: Connection) -> bool:
        """Write *connection* and move its attempt to ``CONNECTED``, both or neither."""
        with self._lock:
            before = self.attempt(attempt_id)
            after = rules.moved(before, AttemptStatus.CONNECTED) if before else None
            if after is None or not self._fits(connection):
                return False
            self._attempts[attempt_id] = replace(after, connection_id=connection.id)
            is_new = connection.generation == 1
            self._connections[connection.id] = connection if is_new else _unleased(connection)
            return True

    def deliver(self, attempt_id: str) -> bool:
        """Note that an attempt's access token is handed out, if it is the first time."""
        with self._lock:
            attempt = self.attempt(attempt_id)
            after = rules.delivered(attempt) if attempt else None
            if after is not None:
                self._attempts[attempt_id] = after
            return after is not None

    def _fits(self, connection: Connection) -> bool:
        there = self._to(connection.owner, connection.client_id, connection.hub_id)
        if connection.generation == 1:
            return there is None and connection.id not in self._connections
        return (
            there is not None
            and there.id == connection.id
            and there.generation == connection.generation - 1
        )

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

    def renew(self, connection: Connection, *, instead_of: str) -> bool:
        """Write the renewed *connection*, if the row still bears what it was made from."""
        with self._lock:
            there = self._same(connection.id, connection.generation - 1)
            if there is None or there.sealed is None or there.sealed.fingerprint != instead_of:
                return False
            self._connections[there.id] = replace(
                _unleased(there),
                sealed=connection.sealed,
                access_expires_at=connection.access_expires_at,
                scopes=connection.scopes,
                status=connection.status,
                status_reason=connection.status_reason,
                failures=connection.failures,
                retry_at=connection.retry_at,
                generation=connection.generation,
                updated_at=self.now(),
            )
            return True

    def mark(
        self,
        connection: Connection,
        status: ConnectionStatus,
        *,
        reason: str | None = None,
        failures: int = 0,
        retry_at: datetime | None = None,
    ) -> bool:
        """Set the status, if that is a move and the grant is still the one that was seen."""
        with self._lock:
            there = self._same(connection.id, connection.generation)
            if there is None or _lineage(there) != _lineage(connection):
                return False
            if there.status not in rules.can_become(status):
                return False
            self._connections[there.id] = replace(
                there,
                status=status,
                status_reason=reason,
                failures=failures,
                retry_at=retry_at,
                updated_at=self.now(),
            )
            return True

    def _same(self, connection_id: str, generation: int) -> Connection | None:
        there = self._connections.get(connection_id)
        return there if there is not None and there.generation == generation else None

    def disconnect(self, connection: Connection, owed: OwedRevocation | None) -> bool:
        """Erase the sealed grant and keep *owed*, both or neither."""
        with self._lock:
            there = self._same(connection.id, connection.generation)
            if there is None:
                return False
            self._connections[there.id] = replace(
                _unleased(there),
                sealed=None,
                status=ConnectionStatus.DISCONNECTED,
                status_reason=None,
                failures=0,
                retry_at=None,
                generation=there.generation + 1,
                updated_at=self.now(),
            )
            if owed is not None:
                self._owed[owed.id] = owed
            return True

    def holders(self, fingerprints: Collection[str]) -> int:
        """How many live rows hold a refresh token with one of these *fingerprints*."""
        with self._lock:
            return sum(_lineage(each) in fingerprints for each in self._live())

    def owe(self, owed: OwedRevocation) -> None:
        """Keep a revocation."""
        with self._lock:
            self._owed[owed.id] = owed

    def owed(self, at_most: int) -> Sequence[OwedRevocation]:
        """Revocations that are due, oldest first."""
        with self._lock:
            now = self.now()
            due = [each for each in self._owed.values() if each.due_at <= now]
        return sorted(due, key=lambda each: (each.due_at, each.id))[:at_most]

    def put_off(self, owed_id: str, seconds: float) -> None:
        """Count one failed try, and make the revocation due again in *seconds*."""
        with self._lock:
            owed = self._owed.get(owed_id)
            if owed is not None:
                due_at = self.now() + timedelta(seconds=seconds)
                self._owed[owed_id] = replace(owed, tries=owed.tries + 1, due_at=due_at)

    def settle(self, owed_id: str) -> None:
        """Forget a revocation."""
        with self._lock:
            self._owed.pop(owed_id, None)

    def record(self, event: Event) -> Event:
        """Append *event*, and return it with its time."""
        with self._lock:
            kept = replace(event, at=self.now())
            self._events.append(kept)
            return kept

    def events(self, *, attempt_id: str | None = None, owner: str | None = None) -> Sequence[Event]:
        """The audit, oldest first; all of it, where nothing is named."""
        with self._lock:
            return [
                each
                for each in self._events
                if attempt_id in {None, each.attempt_id} and owner in {None, each.owner}
            ]


def _lineage(connection: Connection) -> str | None:
    return connection.sealed.fingerprint if connection.sealed else None


def _unleased(connection: Connection) -> Connection:
    return replace(connection, lease_id=None, lease_until=None)
