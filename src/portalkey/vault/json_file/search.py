"""Searches in a config file: one part of ``ConfigFileStore``."""

from collections.abc import Sequence

from portalkey.model.search import ConnectionPage, ConnectionSearch, EventSearch, PlacedEvent
from portalkey.vault.json_file.keys import ConfigFileKeys


class ConfigFileSearch(ConfigFileKeys):
    """The part of ``ConfigFileStore`` that ``SearchStore`` promises."""

    def find(self, search: ConnectionSearch, at_most: int, *, after: str = "") -> ConnectionPage:
        """Return the connections of *search* by id."""
        return self._look(lambda store: store.find(search, at_most, after=after))

    def find_events(self, search: EventSearch, at_most: int) -> Sequence[PlacedEvent]:
        """Return the events of *search*, oldest first."""
        return self._look(lambda store: store.find_events(search, at_most))
