"""All that is kept of one owner in a config file: one part of ``ConfigFileStore``."""

from collections.abc import Sequence

from portalkey.model.attempt import Attempt
from portalkey.model.connection import Connection
from portalkey.model.events import Event
from portalkey.model.notifications import Subject
from portalkey.vault.json_file.search import ConfigFileSearch


class ConfigFileOwners(ConfigFileSearch):
    """The part of ``ConfigFileStore`` that ``OwnerStore`` promises."""

    def holdings(self, owner: str) -> Sequence[Connection]:
        """Return all of the *owner*'s connections."""
        return self._look(lambda store: store.holdings(owner))

    def attempts_of(self, owner: str) -> Sequence[Attempt]:
        """Return all of the *owner*'s attempts."""
        return self._look(lambda store: store.attempts_of(owner))

    def erase_owner(self, owner: str, event: Event | None, subject: Subject | None = None) -> bool:
        """Erase every row that tells of *owner*; the good copy is written anew with the file."""
        return self._write(lambda store: store.erase_owner(owner, event, subject))

    def scrub(self) -> None:
        """Every write is a new file."""
