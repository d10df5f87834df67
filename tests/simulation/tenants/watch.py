"""What each caller was given, and after how long, beside what ``Watch`` follows already."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from portalkey.errors import PortalkeyError
from portalkey.model.connection import Connection
from portalkey.model.expiry import LEAST
from portalkey.model.leases import Lease
from simulation.ports import Process
from simulation.watch import Watch
from simulation.world import Mortal

ROUNDED = 0.1
"""Seconds that a caller takes to do anything with what it is given."""


@dataclass(slots=True)
class Call:
    """One caller of one connection, from its first second to its last."""

    owner: str
    connection_id: str
    process: int
    machine: int
    began: float
    ended: float = float("inf")
    error: PortalkeyError | None = None

    @property
    def seconds(self) -> float:
        """For how long it waited."""
        return self.ended - self.began


class TenantWatch(Watch):
    """Follows tokens as ``Watch`` does, and keeps who asked and who took a lease."""

    calls: list[Call]
    leases: list[tuple[float, int, str]]

    def begin(self) -> None:
        """Nobody has asked yet."""
        self.calls, self.leases = [], []

    def effected(self, process: Mortal, name: str, args: Sequence[Any], result: Any) -> None:
        """The store did what *name* says."""
        if isinstance(result, Lease):
            self.leases.append((self.world.now, process.number, result.connection.id))
        super().effected(process, name, args, result)

    def _touched(self, args: Sequence[Any]) -> Iterable[Connection]:
        """The one that the arguments name: there are hundreds of others."""
        row = self.store._connections.get(args[0].id)
        return () if row is None else (row,)

    def gave(self, token: str) -> None:
        """A caller is given *token*."""
        self.notes["handed"] += 1
        if token not in self.durable:
            self.broke("I10 a token that is not in the store")
        if self.hubspot.ends[token] - self.world.now <= LEAST - ROUNDED:
            self.broke("I4 a token with nothing left of its life")

    def begins(self, owner: str, connection_id: str, process: Process) -> Call:
        """A caller asks."""
        call = Call(owner, connection_id, process.number, process.machine, self.world.now)
        self.calls.append(call)
        return call
