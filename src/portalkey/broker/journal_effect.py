"""Effect of an uninstall that HubSpot's webhooks journal tells of, on this app's connections."""

from collections.abc import Callable, Iterator
from datetime import timedelta

from portalkey.broker.audit import Audit
from portalkey.errors import StoreBusy
from portalkey.model.connection import Connection, ConnectionStatus
from portalkey.model.events import Event, EventName
from portalkey.model.journal import JournalEntry
from portalkey.model.search import MOST, ConnectionSearch
from portalkey.vault.store import Mark
from portalkey.vault.vault import Vault

UNINSTALLED = "uninstalled"
"""The reason of a connection whose account took the app out."""
_TRIES = 5


class UninstallEffect:
    """Ends the connections of accounts that took the app out, each once."""

    def __init__(self, vault: Vault, audit: Audit, evict: Callable[[str], object]) -> None:
        """Call *evict* with the owner of each that ends."""
        self._vault = vault
        self._audit = audit
        self._evict = evict

    def apply(
        self, entry: JournalEntry, ahead: timedelta, on_progress: Callable[[], object]
    ) -> int:
        """End what *entry* ends, and return how many connections that were.

        *ahead* is by how much HubSpot's clock was ahead of the store's. *on_progress* is called
        before each.

        Raises:
            StoreBusy: Others renewed one each time; do it again.
        """
        number = 0
        for row in self._rows(entry.hub_id):
            if entry.ends(row, ahead):
                on_progress()
                number += self._end(row, entry, ahead)
        return number

    def _rows(self, hub_id: int) -> Iterator[Connection]:
        search, after = ConnectionSearch(self._vault.client_id, hub_id=hub_id), ""
        while True:
            page = self._vault.store.find(search, MOST, after=after)
            yield from page.connections
            if page.cursor is None:
                return
            after = page.cursor

    def _end(self, row: Connection, entry: JournalEntry, ahead: timedelta) -> bool:
        """Mark *row*; return False where others ended it or connected it again meanwhile.

        Its grant is given up with it, so that nobody who renews it just now makes it live again.

        Raises:
            StoreBusy: Others renewed it each time; the page is read again.
        """
        event = Event(
            EventName.NEEDS_RECONNECT,
            owner=row.owner,
            connection_id=row.id,
            facts={"error": UNINSTALLED, "hub_id": row.hub_id, "by": "journal"},
        )
        mark = Mark(ConnectionStatus.NEEDS_RECONNECT, UNINSTALLED, erases=True, event=event)
        current: Connection | None = row
        for _ in range(_TRIES):
            if current is None or not entry.ends(current, ahead):
                return False
            if self._vault.store.mark(current, mark):
                self._audit.announce(event)
                self._evict(row.owner)
                return True
            current = self._vault.store.connection(row.id)
        raise StoreBusy
