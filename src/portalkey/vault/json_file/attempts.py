"""Attempts in a config file: one part of ``ConfigFileStore``."""

from abc import abstractmethod
from collections.abc import Callable, Collection, Sequence
from typing import TypeVar

from portalkey.model.attempt import Attempt, AttemptStatus
from portalkey.model.authorization import Visitor
from portalkey.model.events import Event
from portalkey.model.installs import InstallPlace
from portalkey.model.notifications import Subject
from portalkey.model.transitions import AttemptLimits
from portalkey.vault.memory import MemoryStore
from portalkey.vault.store import OwedRevocation

T = TypeVar("T")


class ConfigFileAttempts:
    """The part of ``ConfigFileStore`` that keeps attempts."""

    @abstractmethod
    def _look(self, work: Callable[[MemoryStore], T]) -> T:
        """Do *work* that as a rule changes nothing."""

    @abstractmethod
    def _write(self, work: Callable[[MemoryStore], T]) -> T:
        """Do *work* while nobody else writes."""

    def add_attempt(
        self, attempt: Attempt, limits: AttemptLimits | None = None, *, event: Event | None = None
    ) -> Sequence[Attempt]:
        """Keep a new *attempt*, expire those that give way to it, and record *event*.

        Raises:
            AttemptMismatch: Its id or state is another attempt's already; nothing was kept.
        """
        return self._write(lambda store: store.add_attempt(attempt, limits, event=event))

    def claims(self, owner: str) -> Sequence[Attempt]:
        """Return the *owner*'s attempts that were claimed within the last minute."""
        return self._look(lambda store: store.claims(owner))

    def attempt(self, attempt_id: str) -> Attempt | None:
        """Return the attempt of this id."""
        return self._look(lambda store: store.attempt(attempt_id))

    def attempt_by_state(self, state_hash: str) -> Attempt | None:
        """Return the attempt begun with this state."""
        return self._look(lambda store: store.attempt_by_state(state_hash))

    def cancel_attempts(self, owner: str) -> Sequence[Event]:
        """End the *owner*'s attempts that are under way."""
        return self._write(lambda store: store.cancel_attempts(owner))

    def move_attempt(
        self,
        attempt_id: str,
        to: AttemptStatus,
        *,
        event: Event | None = None,
        subject: Subject | None = None,
        **facts: str | None,
    ) -> Attempt | None:
        """Move an attempt and record *event*, and return it as it stood before."""
        return self._write(
            lambda store: store.move_attempt(attempt_id, to, event=event, subject=subject, **facts)
        )

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
        return self._write(
            lambda store: store.ask(attempt_id, sealed_grant, owed, event=event, place=place)
        )

    def questions_with(self, fingerprints: Collection[str]) -> Collection[str]:
        """Return the ids of attempts that ask with such a grant."""
        return self._look(lambda store: store.questions_with(fingerprints))

    def claim_install(self, attempt_id: str, visitor: Visitor) -> Attempt | None:
        """Make a pending install *visitor*'s, and return it."""
        return self._write(lambda store: store.claim_install(attempt_id, visitor))

    def pending_installs(self, redirect_uri: str, at_most: int) -> Sequence[Attempt]:
        """Return the installs that came back to this address and wait."""
        return self._look(lambda store: store.pending_installs(redirect_uri, at_most))

    def deliver(self, attempt_id: str) -> bool:
        """Note that an attempt's access token is handed out, if it is the first time."""
        return self._write(lambda store: store.deliver(attempt_id))
