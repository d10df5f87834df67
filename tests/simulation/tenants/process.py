"""A process of many callers, each of them a task of its own."""

import threading
from typing import Any, ClassVar

from portalkey.broker.app_breaker import AppBreaker
from portalkey.broker.caller_gate import CallerGate
from portalkey.broker.counters import Counters
from portalkey.broker.reachability import PROBE_SECONDS, Reachability
from portalkey.broker.token_cache import TokenCache
from portalkey.broker.waiting import Check
from portalkey.hubspot.http import Request, Send
from portalkey.settings import Settings
from portalkey.vault import MemoryStore
from portalkey.vault.keyring import Keyring
from simulation.hubspot import HubSpot, Line
from simulation.ports import Inline, Process
from simulation.tenants.hubspot import ScriptedLine
from simulation.tenants.threads import Condition, Flights, Lock
from simulation.tenants.timed_world import TimedWorld
from simulation.watch import Watch
from simulation.world import Task, World


class TenantProcess(Process):
    """The real parts of one process, whose threads are tasks that wait for each other."""

    LINE: ClassVar[type[Line]] = ScriptedLine
    world: TimedWorld

    def __init__(self, keyring: Keyring, settings: Settings) -> None:
        super().__init__(keyring, settings)
        self._waiting: dict[threading.Event, Task] = {}
        self.gate = CallerGate(settings.hubspot_calls, self._clock)
        counters = Counters(self.vault, lambda: 0.0)  # it never has to write
        self.tokens = TokenCache(self.vault, self.refresh, self._clock, self.gate, counters)

    def _way_to_hubspot(self, settings: Settings) -> tuple[Send, Check]:
        """By the breakers of its own, as a broker's parts are put together."""
        probe = Request("GET", f"{settings.api_url}/", seconds=PROBE_SECONDS)
        self.reachability = Reachability(self.line, probe, clock=self._clock, uniform=self._uniform)
        self.app_breaker = AppBreaker(
            self.reachability.send,
            self.reachability.check,
            clock=self._clock,
            uniform=self._uniform,
            on_refused=lambda _: None,
        )
        return self.app_breaker.send, self.app_breaker.check

    def begin(
        self, world: World, store: MemoryStore, watch: Watch, hubspot: HubSpot, number: int
    ) -> None:
        """Stand as new in *world*, which knows it by *number*."""
        super().begin(world, store, watch, hubspot, number)
        gate: Any = self.gate
        gate._renew()
        gate._changed = Condition(self.world)
        reachability: Any = self.reachability
        reachability._renew()
        reachability._background = Inline(self)
        app_breaker: Any = self.app_breaker
        app_breaker._renew()
        self._waiting.clear()
        admission: Any = self.refresh.admission
        admission._renew()
        admission._pause = self._wait_for
        refresh: Any = self.refresh
        refresh._outcomes.breaker.is_troubled = False
        refresh._renewals = Flights(self.world)
        refresh._background = Inline(self)
        tokens: Any = self.tokens
        tokens._renew()
        tokens._reads, tokens._version_lock = Flights(self.world), Lock(self.world)

    def notice(self) -> None:
        """Wake those whose event is set by now."""
        for event, task in self._waiting.items():
            if event.is_set():
                self.world.wake(task)

    def _wait_for(self, event: threading.Event, seconds: float) -> None:
        """Wait for *event*, as a thread would, for so many seconds at most."""
        task = self.world.current
        if task is not None:
            self._waiting[event] = task
            try:
                self.world.park(seconds)
            finally:
                self._waiting.pop(event, None)

    def _sleep(self, seconds: float) -> None:
        self.world.rest(seconds, "sleep")
