"""Invitations, of which there are none where connections are in visitors' own sessions."""

from collections.abc import Sequence

from portalkey.errors import NoSession
from portalkey.model.events import Event
from portalkey.model.invitation import Invitation


class SessionInvitations:
    """The part of ``SessionStore`` that keeps no invitations."""

    def invite(self, invitation: Invitation, *, event: Event) -> None:
        """Say that it cannot work: what somebody else connects would be in their session."""
        del invitation, event
        raise NoSession

    def invitation(self, invitation_id: str) -> Invitation | None:
        """There is none."""
        del invitation_id
        return None

    def invitation_by_secret(self, secret_hash: str) -> Invitation | None:
        """There is none."""
        del secret_hash
        return None

    def invitations(
        self, *, client_id: str | None = None, owner: str | None = None, at_most: int = 1000
    ) -> Sequence[Invitation]:
        """There are none."""
        del client_id, owner, at_most
        return []

    def bind_invitation(self, invitation_id: str, browser_hash: str, *, event: Event) -> bool:
        """There is none."""
        del invitation_id, browser_hash, event
        return False

    def withdraw(self, invitation_id: str, *, event: Event) -> bool:
        """There is none."""
        del invitation_id, event
        return False
