"""Protocol of what a store finds for whoever runs the app, and what it forgets for good."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from portalkey.model.attempt import Attempt
    from portalkey.model.search import (
        AttemptSearch,
        ConnectionPage,
        ConnectionSearch,
        EventSearch,
        PlacedEvent,
    )
    from portalkey.vault.outbox_store import OwedRevocation


class SearchStore(Protocol):
    """The part of a store that is asked about more than one owner."""

    def find(
        self, search: "ConnectionSearch", at_most: int, *, after: str = ""
    ) -> "ConnectionPage":
        """The connections of *search* by id, from the id *after* on; the cursor is the last id.

        One that cannot be read is left out, and who listens to the store's health is told of it.
        """

    def find_attempts(self, search: "AttemptSearch", at_most: int) -> "Sequence[Attempt]":
        """The attempts of *search* as they stand, the newest first.

        One that is overdue is shown as ended, and is not written. Those that cannot be read are
        left out.
        """

    def find_events(self, search: "EventSearch", at_most: int) -> "Sequence[PlacedEvent]":
        """The events of *search*, in its order; those that cannot be read are left out."""

    def find_owed(
        self, client_id: str, at_most: int, *, connection_id: str | None = None
    ) -> "Sequence[OwedRevocation]":
        """Revocations of the app, or of one connection, due or not; the first due come first."""

    def hasten(self, owed_id: str) -> bool:
        """Make a revocation due now that is due later; False where there is none of this id.

        One that is being sent may be sent twice then, which HubSpot does not mind.
        """
