"""Protocol of what a store finds for whoever runs the app, and what it forgets for good."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from portalkey.model.search import ConnectionPage, ConnectionSearch, EventSearch, PlacedEvent


class SearchStore(Protocol):
    """The part of a store that is asked about more than one owner."""

    def find(
        self, search: "ConnectionSearch", at_most: int, *, after: str = ""
    ) -> "ConnectionPage":
        """The connections of *search* by id, from the id *after* on; the cursor is the last id.

        One that cannot be read is left out, and who listens to the store's health is told of it.
        """

    def find_events(self, search: "EventSearch", at_most: int) -> "Sequence[PlacedEvent]":
        """The events of *search*, oldest first; those that cannot be read are left out."""
