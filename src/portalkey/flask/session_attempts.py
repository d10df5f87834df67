"""Attempts, in the store beside the sessions: a state and a code are used once."""

from collections.abc import Collection, Sequence

from portalkey.model.attempt import Attempt, AttemptStatus
from portalkey.model.authorization import Visitor
from portalkey.model.events import Event
from portalkey.model.installs import InstallPlace
from portalkey.model.notifications import Subject
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
        subject: Subject | None = None,
        **facts: str | None,
    ) -> Attempt | None:
        """Move an attempt, and record *event*."""
        return self._store.move_attempt(attempt_id, to, event=event, subject=subject, **facts)

    def claim_install(self, attempt_id: str, visitor: Visitor) -> Attempt | None:
        """Say that there is none: an install that nobody has claimed has no session to lie in."""
        del attempt_id, visitor
        return None

    def pending_installs(self, redirect_uri: str, at_most: int) -> Sequence[Attempt]:
        """Say that there are none."""
        del redirect_uri, at_most
        return []

    def ask(
        self,
        attempt_id: str,
        sealed_grant: str,
        owed: OwedRevocation,
        *,
        event: Event | None = None,
        place: InstallPlace | None = None,
    ) -> bool:
        """Move an attempt to ``ASKING`` and keep *owed*."""
        return self._store.ask(attempt_id, sealed_grant, owed, event=event, place=place)

    def questions_with(self, fingerprints: Collection[str]) -> Collection[str]:
        """The ids of attempts that ask with such a grant."""
        return self._store.questions_with(fingerprints)

    def deliver(self, attempt_id: str) -> bool:
        """Note that the access token of a connected attempt is handed to the opening page."""
        return self._store.deliver(attempt_id)
