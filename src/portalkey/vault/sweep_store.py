"""Protocol of a store's part in the sweep, which looks after connections that nobody uses."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from portalkey.model.connection import Connection


class SweepStore(Protocol):
    """The part of a store that knows when each connection is looked at next."""

    def claim_looks(
        self, client_id: str, at_most: int, plan: "Callable[[Connection], datetime]"
    ) -> "Sequence[Connection]":
        """The app's authenticated connections whose time has come, longest due first.

        They are as they were read; in the same transaction each is put off to what *plan* says of
        it, so that of several processes one gets it. One of which nobody has said yet when it is to
        be looked at is due. What cannot be read is put off for an hour, and left out.
        """

    def release_looks(self, connections: "Sequence[Connection]") -> None:
        """Make *connections* due when they were, which were claimed and not looked at.

        They are as ``claim_looks`` returned them; one that bears another grant by now is left out.
        """

    def note_look(
        self, connection: "Connection", wait: float, *, suspicion: str | None = None
    ) -> bool:
        """Note that HubSpot has spoken of *connection*, to be looked at again in *wait* seconds.

        *suspicion* is the reason to think that it has ended, if HubSpot says so. Only where the row
        still bears the same grant; False otherwise. Nothing that anybody is served by changes.
        """
