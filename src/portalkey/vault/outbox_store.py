"""Protocol of what a store keeps for HubSpot: revocations and uninstalls that it is owed."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class OwedRevocation:
    """A refresh token that HubSpot still has to be told to forget.

    ``sealed_token`` is bound to ``id``. ``tries`` counts the requests that failed so far. With a
    ``hub_id``, the app is to be taken out of that account by it, as somebody asked at ``asked_at``.
    """

    id: str
    client_id: str
    connection_id: str | None
    sealed_token: str = field(repr=False)
    fingerprint: str = field(repr=False)
    key_name: str
    tries: int
    due_at: datetime
    hub_id: int | None = None
    asked_at: datetime | None = None

    @property
    def kind(self) -> str:
        """A word for what HubSpot is owed: ``revocation`` or ``uninstall``."""
        return "revocation" if self.hub_id is None else "uninstall"


class OutboxStore(Protocol):
    """The part of a store that holds what HubSpot has still to be told."""

    def holders(self, fingerprints: Collection[str]) -> int:
        """Return how many live rows hold a refresh token with one of these *fingerprints*."""

    def enqueue(self, owed: OwedRevocation) -> None:
        """Keep a revocation that HubSpot still has to be told."""

    def pending(self, at_most: int, *, client_id: str | None = None) -> Sequence[OwedRevocation]:
        """Revocations that are due, oldest first; narrowed to those of an app."""

    def claim(self, owed_id: str, seconds: float) -> bool:
        """Keep others from a revocation that is due for so many *seconds*; one of many gets it."""

    def reschedule(self, owed_id: str, seconds: float) -> None:
        """Count one failed try and make the revocation due again in *seconds*."""

    def complete(self, owed_id: str) -> None:
        """Forget a revocation that HubSpot has been told, or that is not owed any more."""
