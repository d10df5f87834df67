"""Protocol of the part of a store that keeps invitations."""

from collections.abc import Sequence
from typing import Protocol

from portalkey.model.events import Event
from portalkey.model.invitation import Invitation


class InvitationStore(Protocol):
    """Links for people without a login; ``connect`` ends the one that its attempt went by."""

    def invite(self, invitation: Invitation, *, event: Event) -> None:
        """Keep a new *invitation*, and record *event*."""

    def invitation(self, invitation_id: str) -> Invitation | None:
        """The invitation of this id, whatever became of it."""

    def invitation_by_secret(self, secret_hash: str) -> Invitation | None:
        """The invitation whose link has the secret of this hash, whatever became of it."""

    def invitations(
        self, *, client_id: str | None = None, owner: str | None = None, at_most: int = 1000
    ) -> Sequence[Invitation]:
        """Invitations of this app, and of this *owner*, newest first; one of both is needed."""

    def bind_invitation(self, invitation_id: str, browser_hash: str, *, event: Event) -> bool:
        """Bind it to a browser, where it is live and no other's, and record *event* once.

        Of several browsers at one moment, one gets it; the same one may come again.
        """

    def withdraw(self, invitation_id: str, *, event: Event) -> bool:
        """End a live invitation, and cancel what is under way by it; record *event*.

        False where it had ended already.
        """
