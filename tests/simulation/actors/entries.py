"""What readers of the journal do, beside what is in it: J1 to J4."""

from collections.abc import Callable

from portalkey.model.connection import Connection
from portalkey.model.events import EventName
from portalkey.model.journal import META_NAME, JournalState
from portalkey.vault import MemoryStore
from simulation.actors.journal import Journal
from simulation.ports import SETTINGS
from simulation.watch import EPOCH
from simulation.world import World

UNINSTALLED = "uninstalled"
NAME = META_NAME + SETTINGS.client_id
_DOUBT = 60.0
"""Seconds before an uninstall within which a connection may count as one that came after it."""


class Entries:
    """Follows the place of the readers, and the connections that they end."""

    def __init__(
        self, world: World, journal: Journal, store: MemoryStore, broke: Callable[[str], None]
    ) -> None:
        self._world, self._journal, self._store, self._broke = world, journal, store, broke
        self._written_at: dict[str, float] = {}
        self._ended: set[tuple[str, object]] = set()
        self._passed = self._skips = 0

    @property
    def ended(self) -> int:
        """How many connections were ended."""
        return len(self._ended)

    def connected(self, row: Connection) -> None:
        """Somebody connected *row*, or connected it again."""
        self._written_at[row.id] = self._world.now

    def moved(self, text: str) -> None:
        """A reader has written the state that this *text* says."""
        events = self._store._events
        skips = sum(each.name is EventName.JOURNAL_SKIPPED for each in events)
        offset = int(JournalState.parse(text).offset or 0)
        if skips == self._skips:
            for page in self._journal.pages[self._passed : offset]:
                for entry in page:
                    if entry.is_uninstall:
                        self._require_effect(entry.hub_id, entry.at)
        self._passed, self._skips = max(offset, self._passed), skips

    def _require_effect(self, hub_id: int, at: float) -> None:
        for row in self._store._connections.values():
            connected_at = (row.connected_at - EPOCH).total_seconds()
            since = max(connected_at, self._written_at.get(row.id, connected_at))
            if row.hub_id == hub_id and row.is_authenticated and since + _DOUBT < at:
                self._broke("J1 the place is past an uninstall that ended nothing")

    def marked(self, row: Connection) -> None:
        """A reader has ended *row*."""
        connected_at = (row.connected_at - EPOCH).total_seconds()
        if not any(each.at > connected_at for each in self._journal.uninstalls(row.hub_id)):
            self._broke("J2 a connection is ended that was made after the uninstall")
        life = (row.id, row.connected_at)
        if life in self._ended:
            self._broke("J3 a connection is ended twice")
        self._ended.add(life)

    def outcomes(self) -> None:
        """Once readers have had their time."""
        state = JournalState.parse(self._store._meta.get(NAME))
        if int(state.offset or 0) != len(self._journal.pages):
            self._broke(f"J4 the journal is read up to {state.offset} only, with {state.error}")
