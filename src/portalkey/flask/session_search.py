"""Searches beside the sessions: nobody can look into the sessions there are."""

from collections.abc import Sequence

from portalkey.errors import NoSession
from portalkey.flask.session_keys import SessionKeys
from portalkey.model.search import ConnectionPage, ConnectionSearch, EventSearch, PlacedEvent

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

    def find_events(self, search: EventSearch, at_most: int) -> Sequence[PlacedEvent]:
        """The events of *search*, oldest first."""
        return self._store.find_events(search, at_most)
