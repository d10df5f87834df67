"""Store in memory: for tests and trials, with the same promises as the others."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Self

from portalkey._support.clock import no_offset
from portalkey.errors import AccountTaken
from portalkey.model import transitions
from portalkey.model.attempt import Attempt, AttemptStatus
from portalkey.model.connection import Connection, ConnectionStatus
from portalkey.model.counters import COUNTERS_DAYS, Counter, Tally, counter_of, day_of
from portalkey.model.events import Event
from portalkey.model.invitation import Invitation
from portalkey.model.notifications import Notification, Subject
from portalkey.model.stats import Stats
from portalkey.model.transitions import is_forgotten
from portalkey.vault.health import StoreHealth
from portalkey.vault.memory_installs import InstallsInMemory
from portalkey.vault.memory_invitations import InvitationsInMemory
from portalkey.vault.memory_notifications import NotificationsInMemory
from portalkey.vault.memory_owners import OwnersInMemory
from portalkey.vault.snapshot import MetaRow, Snapshot, ThrottleRow
from portalkey.vault.store import OwedRevocation, Store


def _utc_now() -> datetime:
    return datetime.now(UTC)


class MemoryStore(
    InvitationsInMemory, InstallsInMemory, OwnersInMemory, NotificationsInMemory, Store
):
    """Keeps everything in this process, from any thread; gone with it.

    What each method promises stands in ``Store``.
    """

    def __init__(
        self,
        clock: Callable[[], datetime] = _utc_now,
        *,
        ahead: Callable[[], float] = no_offset,
    ) -> None:
        """Begin empty.

        Args:
            clock: The store's clock, with a time zone.
            ahead: Seconds added to the clock, asked for at every look at it.
        """
        super().__init__(lambda: clock() + timedelta(seconds=ahead()))
        self._attempts: dict[str, Attempt] = {}
        self._invitations: dict[str, Invitation] = {}
        self._owed: dict[str, OwedRevocation] = {}
        self._notifications: dict[str, Notification] = {}
        self._counters: dict[str, Counter] = {}
        self._meta: dict[str, str] = {}
        self._health = StoreHealth()

    @classmethod
    def of(cls, snapshot: Snapshot, clock: Callable[[], datetime]) -> Self:
        """Return a store that begins with *snapshot*, and goes by this *clock*."""
        store = cls(clock)
        store._connections = {each.id: each for each in snapshot.connections}
        store._attempts = {each.id: each for each in snapshot.attempts}
        store._invitations = {each.id: each for each in snapshot.invitations}
        store._owed = {each.id: each for each in snapshot.outbox}
        store._notifications = {each.id: each for each in snapshot.notifications}
        store._throttles.by_app = {each.client_id: each.state for each in snapshot.provider}
        store._events = list(snapshot.events)
        store._counters = {each.id: each for each in snapshot.counters}
        store._meta = {each.id: each.value for each in snapshot.meta}
        return store

    def snapshot(self) -> Snapshot:
        """Return all that is in it now."""
        with self._lock:
            return Snapshot(
                connections=tuple(self._connections.values()),
                attempts=tuple(self._attempts.values()),
                invitations=tuple(self._invitations.values()),
                outbox=tuple(self._owed.values()),
                notifications=tuple(self._notifications.values()),
                provider=tuple(ThrottleRow(*each) for each in self._throttles.by_app.items()),
                events=tuple(self._events),
                counters=tuple(self._counters.values()),
                meta=tuple(MetaRow(*each) for each in self._meta.items()),
            )

    @property
    def health(self) -> StoreHealth:
        """Nothing goes wrong with it."""
        return self._health

    def close(self) -> None:
        """Nothing is open."""

    def connect(
        self,
        attempt_id: str | None,
        connection: Connection,
        *,
        event: Event | None = None,
        owed: OwedRevocation | None = None,
        settled: str | None = None,
        is_sole: bool = False,
    ) -> bool:
        """Write *connection* and move its attempt to ``CONNECTED``, both or neither."""
        with self._writing():
            before = None if attempt_id is None else self.attempt(attempt_id)
            after = transitions.move(before, AttemptStatus.CONNECTED) if before else None
            invitation_id = after.invitation_id if after else None
            if after is not None and invitation_id and not self._is_live(invitation_id):
                self._move(after.id, AttemptStatus.CANCELLED)
                return False
            if (attempt_id is not None and after is None) or not self._is_next(connection):
                return False
            if is_sole and self.is_anothers(connection):
                raise AccountTaken
            if after is not None:
                self._attempts[after.id] = replace(after, connection_id=connection.id)
            if invitation_id:
                self._use_invitation(invitation_id, connection.id)
            self._write(connection)
            if owed is not None:
                self._owed[owed.id] = owed
            if settled is not None:
                self._owed.pop(settled, None)
            self._record(event, Subject(connection.client_id, connection.hub_id))
            return True

    def disconnect(
        self, connection: Connection, owed: OwedRevocation | None, *, event: Event | None = None
    ) -> bool:
        """Erase the sealed grant and keep *owed*, both or neither."""
        with self._writing():
            if not self._erase(connection, event):
                return False
            if owed is not None:
                self._owed[owed.id] = owed
            return True

    def enqueue(self, owed: OwedRevocation) -> None:
        """Keep a revocation."""
        with self._writing():
            self._owed[owed.id] = owed

    def pending(self, at_most: int, *, client_id: str | None = None) -> Sequence[OwedRevocation]:
        """Return the revocations that are due, oldest first."""
        with self._lock:
            now = self.now()
            of_app = [e for e in self._owed.values() if client_id in {None, e.client_id}]
            due = [each for each in of_app if each.due_at <= now]
        return sorted(due, key=lambda each: (each.due_at, each.id))[:at_most]

    def claim(self, owed_id: str, seconds: float) -> bool:
        """Keep others from a revocation that is due."""
        with self._writing():
            owed, now = self._owed.get(owed_id), self.now()
            if owed is None or owed.due_at > now:
                return False
            self._owed[owed_id] = replace(owed, due_at=now + timedelta(seconds=seconds))
            return True

    def reschedule(self, owed_id: str, seconds: float) -> None:
        """Count one failed try, and make the revocation due again in *seconds*."""
        with self._writing():
            owed = self._owed.get(owed_id)
            if owed is not None:
                due_at = self.now() + timedelta(seconds=seconds)
                self._owed[owed_id] = replace(owed, tries=owed.tries + 1, due_at=due_at)

    def find_owed(
        self, client_id: str, at_most: int, *, connection_id: str | None = None
    ) -> Sequence[OwedRevocation]:
        """Return revocations of the app, or of one connection."""
        with self._lock:
            of_app = [each for each in self._owed.values() if each.client_id == client_id]
        found = [each for each in of_app if connection_id in {None, each.connection_id}]
        return sorted(found, key=lambda each: (each.due_at, each.id))[:at_most]

    def hasten(self, owed_id: str) -> bool:
        """Make a revocation due now."""
        with self._writing():
            return self._hasten(owed_id)

    def complete(self, owed_id: str) -> None:
        """Forget a revocation."""
        with self._writing():
            self._owed.pop(owed_id, None)

    def count(self, client_id: str, tallies: Collection[Tally]) -> None:
        """Add *tallies* to the counters of today."""
        with self._writing():
            for tally in tallies:
                counter = counter_of(client_id, tally, day_of(self.now()))
                before = self._counters.get(counter.id)
                n = counter.n + (before.n if before else 0)
                self._counters[counter.id] = replace(counter, n=n)

    def counters(self, client_id: str, connection_id: str | None = None) -> Sequence[Counter]:
        """Return the counters of one connection, or those of none."""
        with self._lock:
            of = (client_id, connection_id)
            rows = [e for e in self._counters.values() if (e.client_id, e.connection_id) == of]
        return sorted(rows, key=lambda each: (each.day, each.kind, each.label or ""))

    def purge(self, at_most: int, *, events_days: int) -> bool:
        """Forget what is too old."""
        with self._writing():
            now = self.now()
            for each in [each.id for each in self._attempts.values() if each.sealed_grant]:
                self.attempt(each)  # ends one that is overdue
            oldest = day_of(now) - COUNTERS_DAYS
            old = [each.id for each in self._attempts.values() if is_forgotten(each, now)]
            counters = [each.id for each in self._counters.values() if each.day < oldest]
            for attempt_id in old[:at_most]:
                del self._attempts[attempt_id]
            for counter_id in counters[:at_most]:
                del self._counters[counter_id]
            is_more = self._purge_events(now - timedelta(days=events_days), at_most)
            is_more = self._purge_invitations(now, at_most) or is_more
            return is_more or max(len(old), len(counters)) > at_most

    def stats(self, client_id: str) -> Stats:
        """Count what there is of the app's."""
        with self._lock:
            now, throttle = self.now(), self._throttles.by_app.get(client_id)
            ours = [each for each in self._connections.values() if each.client_id == client_id]
            failing = [each for each in ours if each.status is ConnectionStatus.FAILING]
            return Stats(
                connections={
                    of: sum(each.status is of for each in ours) for of in ConnectionStatus
                },
                oldest_failing=max(
                    (max(0.0, (now - each.updated_at).total_seconds()) for each in failing),
                    default=0.0,
                ),
                outbox=sum(each.client_id == client_id for each in self._owed.values()),
                is_breaker_open=throttle is not None and throttle.is_open,
                **self._count_notifications(client_id),
            )
