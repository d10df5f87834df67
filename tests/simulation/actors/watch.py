"""What ``Watch`` follows, and what the actors beside renewing do."""

from collections.abc import Sequence
from typing import Any

from portalkey.model.connection import Connection, ConnectionStatus
from portalkey.vault import MemoryStore
from portalkey.vault.keyring import Keyring
from portalkey.vault.store import Mark
from simulation.actors.entries import NAME, UNINSTALLED, Entries
from simulation.actors.hubspot import ActorHubSpot
from simulation.actors.ledger import Ledger
from simulation.actors.looks import SWEPT, Looks
from simulation.watch import Watch
from simulation.world import Mortal, World

_OVER = ConnectionStatus.NEEDS_RECONNECT


class ActorWatch(Watch):
    """Follows tokens as ``Watch`` does, and what each actor has to keep beside them."""

    def __init__(
        self, world: World, hubspot: ActorHubSpot, store: MemoryStore, keyring: Keyring
    ) -> None:
        super().__init__(world, hubspot, store, keyring)
        self.ledger = Ledger(store, self.broke)
        self.looks = Looks(world, hubspot, store, self.broke)
        self.entries = Entries(world, hubspot.journal, store, self.broke)

    def posted(self, process: Mortal, token: str) -> None:
        """A token request is about to be sent."""
        self.looks.posted()
        super().posted(process, token)

    def effected(self, process: Mortal, name: str, args: Sequence[Any], result: Any) -> None:
        """The store did what *name* says."""
        if name == "take_portion":
            self.looks.took(args, result)
        if name == "swap_meta" and result and args[0] == NAME:
            self.entries.moved(args[2])
        if name == "mark" and result:
            self._marked(self.rows[args[0].id], args[1])
        super().effected(process, name, args, result)
        self.ledger.committed()

    def _marked(self, before: Connection, mark: Mark) -> None:
        if mark.reason == UNINSTALLED:
            self.entries.marked(self.store._connections[before.id])
        if mark.event is not None and before.status is mark.status is _OVER:
            self.broke("N1 an end has two events")

    def _changed(
        self, process: Mortal, name: str, before: Connection | None, row: Connection
    ) -> None:
        self.ledger.changed(name, before, row)
        if name == "connect" and (before is None or row.generation != before.generation):
            self.entries.connected(row)
        if row.sealed is None and row.status_reason == UNINSTALLED:
            return  # its grant is given up with it, and there is no other generation
        super()._changed(process, name, before, row)

    def _ended(self, process: Mortal, row: Connection) -> None:
        if row.status_reason in SWEPT:
            self.looks.marked(row, self.opened(row)[1])
        else:
            super()._ended(process, row)

    def _lost_in_flight(self, row: Connection, refresh: str) -> None:
        """The sweep knows no more than that it is dead."""
        if row.status_reason not in SWEPT:
            super()._lost_in_flight(row, refresh)

    def swept(self) -> None:
        """Sweeps have had their time."""
        self.looks.outcomes(lambda row: self.opened(row)[1])
        self.notes["swept"] += self.looks.ended
        self.notes["dead behind an open breaker"] += self.looks.waiting

    def outcomes(self) -> None:
        """Once all is quiet: nothing is lost, and all have heard of all."""
        super().outcomes()
        self.ledger.outcomes()
        self.entries.outcomes()
        self.notes["uninstalled"] += self.entries.ended
        self.notes["heard again"] += self.ledger.repeats
        self.notes["healed"] += self.ledger.healed
