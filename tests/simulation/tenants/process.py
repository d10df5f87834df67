"""A process of many callers, each of them a task of its own."""

from typing import Any, ClassVar

from portalkey.broker.token_cache import TokenCache
from portalkey.settings import Settings
from portalkey.vault import MemoryStore
from portalkey.vault.keyring import Keyring
from simulation.hubspot import HubSpot, Line
from simulation.ports import Inline, Process
from simulation.tenants.hubspot import ScriptedLine
from simulation.tenants.threads import Flights, Lock
from simulation.tenants.timed_world import TimedWorld
from simulation.watch import Watch
from simulation.world import World


class TenantProcess(Process):
    """The real parts of one process, whose threads are tasks that wait for each other."""

    LINE: ClassVar[type[Line]] = ScriptedLine
    world: TimedWorld

    def __init__(self, keyring: Keyring, settings: Settings) -> None:
        super().__init__(keyring, settings)
        self.tokens = TokenCache(self.vault, self.refresh, self._clock)

    def begin(
        self, world: World, store: MemoryStore, watch: Watch, hubspot: HubSpot, number: int
    ) -> None:
        """Stand as new in *world*, which knows it by *number*."""
        super().begin(world, store, watch, hubspot, number)
        refresh: Any = self.refresh
        refresh._renewals = Flights(self.world)
        refresh._background = Inline(self)
        tokens: Any = self.tokens
        tokens._renew()
        tokens._reads, tokens._version_lock = Flights(self.world), Lock(self.world)

    def _sleep(self, seconds: float) -> None:
        self.world.rest(seconds, "sleep")
