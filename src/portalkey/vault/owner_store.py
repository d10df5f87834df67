"""Protocol of all that a store holds of one owner: to be shown, and to be erased for good."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

from portalkey.model.attempt import Attempt
from portalkey.model.connection import Connection
from portalkey.model.events import Event

if TYPE_CHECKING:
    from portalkey.model.notifications import Subject


class OwnerStore(Protocol):
    """The part of a store that knows all of an owner's rows, of whichever app."""

    def holdings(self, owner: str) -> Sequence[Connection]:
        """All of the *owner*'s connections, of whichever app and status, by id."""

    def attempts_of(self, owner: str) -> Sequence[Attempt]:
        """All of the *owner*'s attempts that are still kept, oldest first, as they stand."""

    def erase_owner(
        self, owner: str, event: Event | None, subject: "Subject | None" = None
    ) -> bool:
        """Erase every row that tells of *owner*, and record *event* for *subject*, or nothing.

        Connections, attempts, events and counters go; what HubSpot is owed stays, and names no
        connection any more. What receivers have still to hear of stays too, and tells of nobody.
        False while a connection is not disconnected: its token would be lost before anybody could
        revoke it.
        """

    def scrub(self) -> None:
        """Overwrite what was erased, where it would lie about for whoever reads the disk.

        Raises:
            StoreBusy, StoreUnusable: It may lie there still; do it again.
        """
