"""Searches beside the sessions: nobody can look into the sessions there are."""

from collections.abc import Callable, Sequence
from datetime import datetime

from portalkey.errors import NoSession
from portalkey.flask.session_keys import SessionKeys
from portalkey.model.attempt import Attempt
from portalkey.model.connection import Connection
from portalkey.model.search import (
    AttemptSearch,
    ConnectionPage,
    ConnectionSearch,
    EventSearch,
    PlacedEvent,
)
from portalkey.vault.store import OwedRevocation

_NOBODY_CAN = (
    'Connections are in visitors\' sessions, and nobody can list those; leave out store="session" '
    "where somebody has to see them."
)


class SessionSearch(SessionKeys):
    """The part of ``SessionStore`` that is asked about more than one owner."""

    def find(self, search: ConnectionSearch, at_most: int, *, after: str = "") -> ConnectionPage:
        """Say that nobody can; raises ``NoSession``."""
        del search, at_most, after
        raise NoSession(_NOBODY_CAN)

    def find_attempts(self, search: AttemptSearch, at_most: int) -> Sequence[Attempt]:
        """The attempts of *search* as they stand, the newest first."""
        return self._store.find_attempts(search, at_most)

    def find_events(self, search: EventSearch, at_most: int) -> Sequence[PlacedEvent]:
        """The events of *search*, in its order."""
        return self._store.find_events(search, at_most)

    def find_owed(
        self, client_id: str, at_most: int, *, connection_id: str | None = None
    ) -> Sequence[OwedRevocation]:
        """Revocations of the app, or of one connection."""
        return self._store.find_owed(client_id, at_most, connection_id=connection_id)

    def hasten(self, owed_id: str) -> bool:
        """Make a revocation due now."""
        return self._store.hasten(owed_id)

    def claim_looks(
        self, client_id: str, at_most: int, plan: Callable[[Connection], datetime]
    ) -> Sequence[Connection]:
        """Say that nobody can; raises ``NoSession``."""
        del client_id, at_most, plan
        raise NoSession(_NOBODY_CAN)

    def release_looks(self, connections: Sequence[Connection]) -> None:
        """Say that nobody can; raises ``NoSession``."""
        del connections
        raise NoSession(_NOBODY_CAN)

    def note_look(
        self, connection: Connection, wait: float, *, suspicion: str | None = None
    ) -> bool:
        """Say that nobody can; raises ``NoSession``."""
        del connection, wait, suspicion
        raise NoSession(_NOBODY_CAN)
