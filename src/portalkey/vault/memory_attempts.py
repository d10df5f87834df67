"""Attempts in memory: one part of ``MemoryStore``."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from portalkey.errors import AttemptMismatch
from portalkey.model import transitions
from portalkey.model.attempt import MINUTE, Attempt, AttemptStatus
from portalkey.model.events import Event, cancelled_event, replaced_event
from portalkey.model.installs import InstallPlace
from portalkey.model.notifications import Subject
from portalkey.model.transitions import AttemptLimits
from portalkey.vault.memory_connections import ConnectionsInMemory
from portalkey.vault.store import OwedRevocation


class AttemptsInMemory(ConnectionsInMemory):
    """The part of ``MemoryStore`` that keeps attempts; ``Store`` says what it promises."""

    _attempts: dict[str, Attempt]
    _owed: dict[str, OwedRevocation]

    def add_attempt(
        self, attempt: Attempt, limits: AttemptLimits | None = None, *, event: Event | None = None
    ) -> Sequence[Attempt]:
        """Keep a new *attempt*, expire those that give way to it, and record *event*.

        Raises:
            AttemptMismatch: Its id or state is another attempt's already; nothing was kept.
        """
        with self._writing():
            states = {attempt.id: attempt.state_hash for attempt in self._attempts.values()}
            if attempt.id in states or attempt.state_hash in states.values():
                raise AttemptMismatch
            surplus = limits.make_room(attempt, self._under_way(attempt.owner)) if limits else []
            if limits is not None and attempt.claimed_at is not None:
                limits.require_turn(attempt, self.claims(attempt.owner))
            for each in surplus:
                self.move_attempt(each.id, AttemptStatus.EXPIRED)
            self._attempts[attempt.id] = attempt
            self._record(event)
            return surplus

    def _under_way(self, owner: str) -> Sequence[Attempt]:
        theirs = [each.id for each in self._attempts.values() if each.owner == owner]
        rows = [self.attempt(each) for each in theirs]
        return [row for row in rows if row is not None and row.is_open]

    def claims(self, owner: str) -> Sequence[Attempt]:
        """Return the *owner*'s attempts that were claimed within the last minute."""
        with self._lock:
            now = self.now()
            since = now - timedelta(seconds=MINUTE)
            rows = self._attempts.values()
            theirs = [replace(each, seen_at=now) for each in rows if each.owner == owner]
        claimed = [(e.claimed_at, e.id, e) for e in theirs if e.claimed_at and e.claimed_at > since]
        return [each for *_, each in sorted(claimed)]

    def attempt(self, attempt_id: str) -> Attempt | None:
        """Return the attempt of this id."""
        with self._writing():
            if attempt_id not in self._attempts:
                return None
            row = replace(self._attempts[attempt_id], seen_at=self.now())
            attempt = transitions.expire_overdue(row)
            if attempt is not row:
                self._attempts[attempt_id] = attempt
            return attempt

    def attempt_by_state(self, state_hash: str) -> Attempt | None:
        """Return the attempt begun with this state."""
        with self._lock:
            ids = [each.id for each in self._attempts.values() if each.state_hash == state_hash]
            return self.attempt(ids[0]) if ids else None

    def cancel_attempts(self, owner: str) -> Sequence[Event]:
        """End the *owner*'s attempts that are under way."""
        with self._writing():
            theirs = [each for each in self._attempts.values() if each.owner == owner]
            moved = [self.move_attempt(each.id, AttemptStatus.CANCELLED) for each in theirs]
            return [self.record(cancelled_event(each)) for each in moved if each is not None]

    def move_attempt(
        self,
        attempt_id: str,
        to: AttemptStatus,
        *,
        error: str | None = None,
        failed_check: str | None = None,
        sealed_code: str | None = None,
        connection_id: str | None = None,
        event: Event | None = None,
        subject: Subject | None = None,
    ) -> Attempt | None:
        """Move an attempt and record *event*, and return it as it stood before."""
        facts = {"error": error, "failed_check": failed_check, "sealed_code": sealed_code}
        with self._writing():
            before = self._move(attempt_id, to, connection_id=connection_id, **facts)
            self._record(event if before is not None else None, subject)
            return before

    def _move(
        self,
        attempt_id: str,
        to: AttemptStatus,
        *,
        connection_id: str | None = None,
        **facts: str | None,
    ) -> Attempt | None:
        with self._writing():
            before = self.attempt(attempt_id)
            after = transitions.move(before, to, **facts) if before else None
            if before is None or after is None:
                return None
            self._attempts[attempt_id] = replace(after, connection_id=connection_id)
            if transitions.is_given_back(before, to):
                self._hasten(attempt_id)
            return before

    def _hasten(self, owed_id: str) -> bool:
        owed = self._owed.get(owed_id)
        if owed is not None:
            self._owed[owed_id] = replace(owed, due_at=self.now())
        return owed is not None

    def ask(
        self,
        attempt_id: str,
        sealed_grant: str,
        owed: OwedRevocation,
        *,
        event: Event | None = None,
        place: InstallPlace | None = None,
    ) -> bool:
        """Move an attempt to ``ASKING`` and keep *owed*, both or neither."""
        with self._writing():
            before, asking = self.attempt(attempt_id), AttemptStatus.ASKING
            after = transitions.move(before, asking, sealed_grant=sealed_grant) if before else None
            if before is None or after is None:
                return False
            if place is not None:
                for each in place.make_room(before, self._waiting_for(place.hub_id, before)):
                    self._move(each.id, AttemptStatus.CANCELLED)
                    self._record(replaced_event(each, attempt_id), Subject(owed.client_id))
            self._attempts[attempt_id] = place.take(after) if place else after
            self._owed[owed.id] = owed
            self._record(event)
            return True

    def _waiting_for(self, hub_id: int, attempt: Attempt) -> Sequence[Attempt]:
        """Return the installs of the account, by the address of *attempt*, that wait."""
        ids = [each.id for each in self._attempts.values() if each.is_pending]
        rows = [row for row in map(self.attempt, ids) if row is not None and row.is_pending]
        place = (hub_id, attempt.redirect_uri)
        return [row for row in rows if (row.expected_hub_id, row.redirect_uri) == place]

    def deliver(self, attempt_id: str) -> bool:
        """Note that an attempt's access token is handed out, if it is the first time."""
        with self._writing():
            attempt = self.attempt(attempt_id)
            after = transitions.mark_delivered(attempt) if attempt else None
            if after is not None:
                self._attempts[attempt_id] = after
            return after is not None
