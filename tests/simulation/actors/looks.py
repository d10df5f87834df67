"""What the sweep does, beside what is true at HubSpot: S1 to S4."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from portalkey.model.connection import Connection, ConnectionStatus
from portalkey.model.throttle import Portion, PortionRequest, Purpose
from portalkey.vault import MemoryStore
from simulation.actors.hubspot import ActorHubSpot
from simulation.world import Task, World

SWEPT = frozenset({"inactive", "account_moved"})
"""The reasons of connections that the sweep ended."""
_OTHERS = 3
"""So many other accounts make sure that HubSpot is not believed where it calls all of them dead."""
_SHARE, _PATIENCE = 0.5, 15.0
"""The part of the bucket that is not the sweep's, until it has waited for so many seconds."""


class Looks:
    """Follows the tasks that sweep."""

    def __init__(
        self, world: World, hubspot: ActorHubSpot, store: MemoryStore, broke: Callable[[str], None]
    ) -> None:
        self._world, self._hubspot, self._store, self._broke = world, hubspot, store, broke
        self._tasks: dict[Task, Callable[[], bool]] = {}
        self.ended = self.waiting = 0

    @contextmanager
    def sweeping(self, is_alone: Callable[[], bool]) -> Iterator[None]:
        """A task sweeps; *is_alone* says if nobody else asks in its process."""
        task = self._world.current
        assert task is not None
        self._tasks[task] = is_alone
        try:
            yield
        finally:
            del self._tasks[task]

    def posted(self) -> None:
        """A token request is about to be sent."""
        if self._world.current in self._tasks:
            self._broke("S2 a sweep renews")

    def took(self, args: Sequence[Any], portion: object) -> None:
        """Permits were taken from the store."""
        task, request = self._world.current, args[1]
        assert isinstance(request, PortionRequest)
        if task not in self._tasks or not isinstance(portion, Portion):
            return
        if request.purpose is Purpose.SWEEP:
            left = max(0.0, 1.0 - request.waited / _PATIENCE)
            if portion.left < _SHARE * (request.limits.burst - 1) * left - 0.001:
                self._broke("S4 a sweep takes what is left for callers")
        elif self._tasks[task]():
            self._broke("S4 a sweep takes permits as somebody else")

    def marked(self, row: Connection, token: str) -> None:
        """The sweep has ended *row*, which bears the refresh *token*."""
        self.ended += 1
        spell = self._hubspot.spell
        is_lied_to = spell is not None and spell.connection_id is None
        if is_lied_to and self._count_others(row) < _OTHERS:
            return
        if row.status_reason != "inactive" or self._hubspot.is_alive(token):
            self._broke("S1 a connection is ended that lives")

    def _count_others(self, row: Connection) -> int:
        rows = [each for each in self._store._connections.values() if each.id != row.id]
        return sum(each.status is ConnectionStatus.CONNECTED for each in rows)

    def outcomes(self, open_refresh: Callable[[Connection], str]) -> None:
        """Once sweeps have had their time: what is dead is marked.

        Where nothing lives, and more is dead than is believed, that is for a person to say. An open
        breaker is closed by callers alone, and nothing is looked at before.
        """
        rows = [
            row for row in self._store._connections.values() if row.is_authenticated and row.sealed
        ]
        dead = [row for row in rows if not self._hubspot.is_alive(open_refresh(row))]
        if dead and any(each.is_open for each in self._store._throttles.by_app.values()):
            self.waiting += len(dead)
        elif dead and (len(dead) < len(rows) or len(dead) <= _OTHERS):
            self._broke("S3 a connection is dead, and nobody says so")
