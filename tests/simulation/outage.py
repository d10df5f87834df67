"""An hour without HubSpot, for very many connections at once."""

from dataclasses import dataclass, field
from functools import partial

from portalkey.errors import PortalkeyError, TryLater
from portalkey.model import expiry as due
from portalkey.model.events import happened
from portalkey.vault import MemoryStore, Vault
from simulation.hubspot import HubSpot, Mode
from simulation.ports import SETTINGS, Drawer, Process, new_store
from simulation.rows import first
from simulation.watch import Watch
from simulation.world import World

CONNECTIONS = 1000
PROCESSES = 4
EVERY = 600.0
"""Seconds between two calls for one connection."""
HOUR = 3600.0
MINUTE = 60.0


@dataclass(slots=True)
class Asked:
    """What the callers got."""

    served: int = 0
    refused: int = 0
    wrong: list[str] = field(default_factory=list)


class Outage:
    """HubSpot answers 503 for an hour, and all is asked for all the while."""

    def __init__(self, seed: int, kind: type[MemoryStore] = MemoryStore) -> None:
        self.world = World(seed, most_steps=10**7)
        self.world.is_quiet = True
        self.hubspot = HubSpot(self.world, Mode.REUSABLE)
        self.hubspot.waits = (None,)
        self.store = new_store(self.world, kind)
        keyring = Drawer()
        self.watch = Watch(self.world, self.hubspot, self.store, keyring)
        self.asked, self.was_down_until = Asked(), 0.0
        self._begin(Vault(keyring, self.store, SETTINGS.client_id))
        self._processes = [self._process(keyring, number) for number in range(PROCESSES)]

    def _begin(self, vault: Vault) -> None:
        for number in range(CONNECTIONS):
            left = self.world.random.uniform(0.0, 1800.0)
            given = self.hubspot.grant(f"c{number}", left)
            row = first(vault, self.store, given, number, left)
            self.store._connections[row.id] = self.watch.rows[row.id] = row
            self.watch.durable.add(given.access)

    def _process(self, keyring: Drawer, number: int) -> Process:
        process = Process(keyring)
        process.begin(self.world, self.store, self.watch, self.hubspot, number)
        return process

    def run(self, seconds: float = HOUR) -> None:
        """So many *seconds* without HubSpot, and a while after them."""
        with happened.connected_to(self.watch.told):
            self.hubspot.is_down = True
            self._ask_for(seconds)
            self.was_down_until = self.world.now
            self.hubspot.is_down = False
            self._ask_for(2 * EVERY)
            self.asked = Asked()
            self._ask_for(EVERY)

    def _ask_for(self, seconds: float) -> None:
        until = self.world.now + seconds
        for process in self._processes:
            self.world.spawn(process, partial(self._keep_asking, process, until))
        self.world.run()

    def _keep_asking(self, process: Process, until: float) -> None:
        """Each process for the connections that are its own, one after the other."""
        own = range(process.number, CONNECTIONS, PROCESSES)
        while self.world.now < until:
            began = self.world.now
            for done, number in enumerate(own, start=1):
                self._ask(process, f"c{number}")
                self.world.rest(max(0.0, began + EVERY * done / len(own) - self.world.now))

    def _ask(self, process: Process, connection_id: str) -> None:
        seen = process.port.connection(connection_id)
        if due.margin(seen) < seen.seconds_left < due.window(seen):
            process.refresh.refresh_in_background(seen)
        try:
            self.watch.handed(process.refresh.ensure_fresh(seen), len(self.world.trace))
        except TryLater:
            self.asked.refused += 1
            if seen.seconds_left > MINUTE:
                self.asked.wrong.append(f"{seen.seconds_left:.0f} seconds were left")
        except PortalkeyError as error:
            self.asked.wrong.append(repr(error))
        else:
            self.asked.served += 1

    def busiest_minute(self) -> int:
        """The most requests in any minute of the outage once the breaker was open."""
        opened = min(self.watch.opened_at, default=MINUTE)
        known = self.hubspot.asked_at
        times = [each for each in known if opened < each < self.was_down_until]
        return max(sum(start <= each < start + MINUTE for each in times) for start in times)
