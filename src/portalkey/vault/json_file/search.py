"""Searches and the sweep in a config file: one part of ``ConfigFileStore``."""

from collections.abc import Callable, Sequence
from datetime import datetime

from portalkey.model.attempt import Attempt
from portalkey.model.connection import Connection
from portalkey.model.search import (
    AttemptSearch,
    ConnectionPage,
    ConnectionSearch,
    EventSearch,
    PlacedEvent,
)
from portalkey.vault.json_file.keys import ConfigFileKeys
from portalkey.vault.outbox_store import OwedRevocation


class ConfigFileSearch(ConfigFileKeys):
    """The part of ``ConfigFileStore`` that ``SearchStore`` and ``SweepStore`` promise."""

    def find(self, search: ConnectionSearch, at_most: int, *, after: str = "") -> ConnectionPage:
        """Return the connections of *search* by id."""
        return self._look(lambda store: store.find(search, at_most, after=after))

    def find_attempts(self, search: AttemptSearch, at_most: int) -> Sequence[Attempt]:
        """Return the attempts of *search* as they stand, the newest first."""
        return self._look(lambda store: store.find_attempts(search, at_most))

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

    def claim_looks(
        self, client_id: str, at_most: int, plan: Callable[[Connection], datetime]
    ) -> Sequence[Connection]:
        """Return connections whose time has come, each put off to what *plan* says."""
        return self._look(lambda store: store.claim_looks(client_id, at_most, plan))

    def release_looks(self, connections: Sequence[Connection]) -> None:
        """Make *connections* due when they were, if they still bear the same grant."""
        self._look(lambda store: store.release_looks(connections))

    def note_look(
        self, connection: Connection, wait: float, *, suspicion: str | None = None
    ) -> bool:
        """Note what HubSpot said, if the row still bears the same grant."""
        return self._write(lambda store: store.note_look(connection, wait, suspicion=suspicion))
