"""All that is kept of one owner beside the sessions."""

from collections.abc import Sequence

from portalkey.errors import NoSession
from portalkey.flask.session_search import SessionSearch
from portalkey.model.attempt import Attempt
from portalkey.model.connection import Connection
from portalkey.model.events import Event
from portalkey.model.notifications import Subject

_NOBODY_CAN = (
    "Connections are in visitors' sessions, and nobody can look into those; end the sessions of "
    "this user."
)


class SessionOwners(SessionSearch):
    """The part of ``SessionStore`` that knows all of an owner's rows, but for those in sessions."""

    def holdings(self, owner: str) -> Sequence[Connection]:
        """Say that nobody can tell; raises ``NoSession``."""
        del owner
        raise NoSession(_NOBODY_CAN)

    def attempts_of(self, owner: str) -> Sequence[Attempt]:
        """All of the *owner*'s attempts."""
        return self._store.attempts_of(owner)

    def erase_owner(self, owner: str, event: Event | None, subject: Subject | None = None) -> bool:
        """Erase what is in the other store."""
        return self._store.erase_owner(owner, event, subject)

    def scrub(self) -> None:
        """Scrub the other store."""
        self._store.scrub()
