"""Invitations: links by which somebody without a login connects an account for an owner."""

from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum


class InvitationStatus(StrEnum):
    """The states of an invitation; each of the last three is an end."""

    OPEN = "open"
    OPENED = "opened"
    USED = "used"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"


LIVE = frozenset({InvitationStatus.OPEN, InvitationStatus.OPENED})
"""The states in which an account can be connected by it."""


@dataclass(frozen=True, slots=True)
class Invitation:
    """A row of the invitations table.

    ``id`` is a name, never an authority: whoever has the link has its secret, of which only
    ``secret_hash`` is kept. ``browser_hash`` is that of the cookie of the one browser in which
    somebody went on with it, from ``bound_at`` on. ``name`` is what the page calls whoever invites,
    where the app does not leave that to ``owner_name``. ``hub_id`` is the account that has to come
    back; ``scopes`` are asked for beyond the settings'. It ends with the first account that it
    connects (``used_at``, ``connection_id``), when it is withdrawn, and at ``expires_at``.
    """

    id: str
    client_id: str
    owner: str
    secret_hash: str = field(repr=False)
    created_at: datetime
    expires_at: datetime
    seen_at: datetime
    browser_hash: str | None = field(default=None, repr=False)
    name: str | None = None
    hub_id: int | None = None
    scopes: tuple[str, ...] | None = None
    bound_at: datetime | None = None
    used_at: datetime | None = None
    withdrawn_at: datetime | None = None
    connection_id: str | None = None

    @property
    def status(self) -> InvitationStatus:
        """Its state as it was read."""
        if self.used_at is not None:
            return InvitationStatus.USED
        if self.withdrawn_at is not None:
            return InvitationStatus.WITHDRAWN
        if self.seen_at >= self.expires_at:
            return InvitationStatus.EXPIRED
        return InvitationStatus.OPEN if self.bound_at is None else InvitationStatus.OPENED

    @property
    def is_live(self) -> bool:
        """True while an account can be connected by it."""
        return self.status in LIVE


@dataclass(frozen=True, slots=True)
class NewInvitation:
    """An *invitation*, and its *link*: a secret that is told this once, for the one it is for."""

    invitation: Invitation
    link: str = field(repr=False)


def bind(invitation: Invitation, browser_hash: str) -> Invitation | None:
    """Return *invitation* bound to a browser, or None where it has ended or is another's."""
    if not invitation.is_live or invitation.browser_hash not in {None, browser_hash}:
        return None
    bound_at = invitation.bound_at or invitation.seen_at
    return replace(invitation, browser_hash=browser_hash, bound_at=bound_at)
