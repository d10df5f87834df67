"""Invitations in a config file: one part of ``ConfigFileStore``."""

from abc import abstractmethod
from collections.abc import Callable, Sequence
from typing import TypeVar

from portalkey.model.events import Event
from portalkey.model.invitation import Invitation
from portalkey.vault.memory import MemoryStore

T = TypeVar("T")


class ConfigFileInvitations:
    """The part of ``ConfigFileStore`` that keeps invitations."""

    @abstractmethod
    def _look(self, work: Callable[[MemoryStore], T]) -> T:
        """Do *work* that as a rule changes nothing."""

    @abstractmethod
    def _write(self, work: Callable[[MemoryStore], T]) -> T:
        """Do *work* while nobody else writes."""

    def invite(self, invitation: Invitation, *, event: Event) -> None:
        """Keep a new *invitation*, and record *event*."""
        self._write(lambda store: store.invite(invitation, event=event))

    def invitation(self, invitation_id: str) -> Invitation | None:
        """Return the invitation of this id."""
        return self._look(lambda store: store.invitation(invitation_id))

    def invitation_by_secret(self, secret_hash: str) -> Invitation | None:
        """Return the invitation whose link has this secret."""
        return self._look(lambda store: store.invitation_by_secret(secret_hash))

    def invitations(
        self, *, client_id: str | None = None, owner: str | None = None, at_most: int = 1000
    ) -> Sequence[Invitation]:
        """Return invitations of this app, and of this *owner*, newest first."""
        return self._look(
            lambda store: store.invitations(client_id=client_id, owner=owner, at_most=at_most)
        )

    def bind_invitation(self, invitation_id: str, browser_hash: str, *, event: Event) -> bool:
        """Bind it to a browser, and record *event*."""
        return self._write(
            lambda store: store.bind_invitation(invitation_id, browser_hash, event=event)
        )

    def withdraw(self, invitation_id: str, *, event: Event) -> bool:
        """End a live invitation, and cancel what is under way by it."""
        return self._write(lambda store: store.withdraw(invitation_id, event=event))
