"""Attempts, in the store beside the sessions: a state and a code are used once."""

from collections.abc import Sequence

from portalkey.model.attempt import Attempt, AttemptStatus
from portalkey.model.events import Event
from portalkey.model.transitions import AttemptLimits
from portalkey.vault.store import OwedRevocation, Store


class SessionAttempts:
    """The part of ``SessionStore`` that keeps attempts, all in the other store."""

    _store: Store

    def add_attempt(
        self, attempt: Attempt, limits: AttemptLimits | None = None, *, event: Event | None = None
    ) -> Sequence[Attempt]:
        """Keep a new *attempt*, and record *event*."""
        return self._store.add_attempt(attempt, limits, event=event)

    def claims(self, owner: str) -> Sequence[Attempt]:
        """The *owner*'s attempts that were claimed within the last minute."""
        return self._store.claims(owner)

    def attempt(self, attempt_id: str) -> Attempt | None:
        """The attempt of this id."""
        return self._store.attempt(attempt_id)

    def attempt_by_state(self, state_hash: str) -> Attempt | None:
        """The attempt begun with this state."""
        return self._store.attempt_by_state(state_hash)

    def cancel_attempts(self, owner: str) -> Sequence[Event]:
        """End the *owner*'s attempts that are under way."""
        return self._store.cancel_attempts(owner)

    def move_attempt(
        self,
        attempt_id: str,
        to: AttemptStatus,
        *,
        event: Event | None = None,
        **facts: str | None,
    ) -> Attempt | None:
        """Move an attempt, and record *event*."""
        return self._store.move_attempt(attempt_id, to, event=event, **facts)

    def ask(
        self,
        attempt_id: str,
        sealed_grant: str,
        owed: OwedRevocation,
        *,
        event: Event | None = None,
    ) -> bool:
        """Move an attempt to ``ASKING`` and keep *owed*."""
        return self._store.ask(attempt_id, sealed_grant, owed, event=event)

    def deliver(self, attempt_id: str) -> bool:
        """Note that the access token of a connected attempt is handed to the opening page."""
        return self._store.deliver(attempt_id)
