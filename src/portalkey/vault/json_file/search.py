"""Searches in a config file: one part of ``ConfigFileStore``."""

from collections.abc import Sequence

from portalkey.model.search import ConnectionPage, ConnectionSearch, EventSearch, PlacedEvent
from portalkey.vault.json_file.keys import ConfigFileKeys
from portalkey.vault.key_store import OwedRevocation


class ConfigFileSearch(ConfigFileKeys):
    """The part of ``ConfigFileStore`` that ``SearchStore`` promises."""

    def find(self, search: ConnectionSearch, at_most: int, *, after: str = "") -> ConnectionPage:
        """Return the connections of *search* by id."""
        return self._look(lambda store: store.find(search, at_most, after=after))

    def find_events(self, search: EventSearch, at_most: int) -> Sequence[PlacedEvent]:
        """Return the events of *search* in its order."""
        return self._look(lambda store: store.find_events(search, at_most))

    def find_owed(
        self, client_id: str, at_most: int, *, connection_id: str | None = None
    ) -> Sequence[OwedRevocation]:
        """Return revocations of the app, or of one connection."""
        return self._look(
            lambda store: store.find_owed(client_id, at_most, connection_id=connection_id)
        )

    def hasten(self, owed_id: str) -> bool:
        """Make a revocation due now."""
        return self._write(lambda store: store.hasten(owed_id))
