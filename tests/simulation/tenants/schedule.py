"""One seed, one schedule of tenants: all ask for their tokens while something goes wrong."""

import traceback
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

from portalkey.errors import NeedsReconnect, PortalkeyError
from portalkey.model.events import happened
from portalkey.model.throttle import Limits
from portalkey.vault import MemoryStore, Vault
from simulation.hubspot import Mode
from simulation.ports import SETTINGS, Drawer, Process, new_store
from simulation.rows import first
from simulation.schedule import LONGER, live_row
from simulation.tenants import invariants
from simulation.tenants.evidence import Evidence, Waits
from simulation.tenants.hubspot import ScriptedHubSpot
from simulation.tenants.plan import BUSY, SICK, TABLE, Plan, draw
from simulation.tenants.process import TenantProcess
from simulation.tenants.timed_world import TimedWorld
from simulation.tenants.watch import TenantWatch
from simulation.world import Endless, Mortal

_MODES = (Mode.REUSABLE, Mode.REUSABLE, Mode.GRACE, Mode.SINGLE_USE)
_EVERY = (4.0, 10.0, 25.0)
"""Seconds between two calls for a connection, about; the sick one is asked for most often."""
_TRIES = 6
_SOON = 6.0
"""Seconds after very many began to be renewed ahead, in which the healthy ask."""


@dataclass(frozen=True, slots=True)
class Kind:
    """What a campaign is about: all of the table, or a part of it with a guard taken away."""

    fit: Callable[[TenantProcess], None] = lambda _: None
    store: type[MemoryStore] = MemoryStore
    table: tuple[tuple[str, str], ...] = tuple(TABLE)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one schedule came to."""

    seed: int
    about: tuple[str, str]
    violations: tuple[str, ...]
    fingerprint: str
    waits: Waits
    notes: Counter[str] = field(repr=False)
    hits: Counter[tuple[str, str]] = field(default_factory=Counter, repr=False)
    reorders: Counter[str] = field(default_factory=Counter, repr=False)


class TenantWorld(TimedWorld):
    """A world of ``TenantProcess``es."""

    def notice(self, process: Mortal) -> None:
        """Whoever waits for a turn that *process* has handed on is woken."""
        if isinstance(process, TenantProcess):
            process.notice()


class Schedule:
    """What happens for one seed."""

    def __init__(
        self,
        kind: Kind,
        keyring: Drawer,
        process: Callable[[int, Limits], TenantProcess],
        seed: int,
    ) -> None:
        """Draw the lots.

        Args:
            kind: What the campaign is about.
            keyring: Everybody's.
            process: Gives the process of a number under such limits, to be used again.
            seed: All chance comes from it.
        """
        self.world = TenantWorld(seed)
        self.chance = self.world.random
        self.plan: Plan = draw(self.chance, kind.table[seed % len(kind.table)])
        self.hubspot = ScriptedHubSpot(self.world, self.chance.choice(_MODES), self.plan.lifetime)
        self.hubspot.spells = self.plan.spells
        self.store = new_store(self.world, kind.store)
        self.watch = TenantWatch(self.world, self.hubspot, self.store, keyring)
        self.watch.begin()
        self.keyring = keyring
        self.others: dict[int, Process] = {}
        numbers = range(len(self.plan.machines))
        self.processes = [self._process(process(at, self.plan.limits), at) for at in numbers]

    def _process(self, process: TenantProcess, number: int) -> TenantProcess:
        process.begin(self.world, self.store, self.watch, self.hubspot, number)
        process.machine = self.plan.machines[number]
        process.offset = 1e6 + self.plan.offsets.get(process.machine, 0.0)
        process.others = self.others
        self.others[number] = process
        return process

    def run(self) -> Outcome:
        """From the begin until all is quiet again."""
        self._connections_begin()
        with happened.connected_to(self.watch.told):
            try:
                self._lives_begin()
                self.world.run()
                self._end()
                self.watch.outcomes()
            except Endless:
                self.watch.broke("LOOP a schedule without an end")
        if self.world.stuck:
            self.watch.broke("LOOP somebody waits for ever")
        evidence = Evidence(self.plan, self.hubspot, self.watch)
        found = [*self.watch.violations, *invariants.violations(evidence)]
        return Outcome(
            self.world.seed,
            self.plan.about,
            tuple(dict.fromkeys(found)),
            self.world.fingerprint,
            evidence.waits(),
            self.watch.notes,
        )

    def _connections_begin(self) -> None:
        vault, number = Vault(self.keyring, self.store, SETTINGS.client_id), 0
        for owner, connections in self.plan.connections.items():
            for at in range(connections):
                self._connection_begins(vault, owner, f"{owner}.{at}", number)
                number += 1

    def _connection_begins(self, vault: Vault, owner: str, name: str, number: int) -> None:
        left = self.chance.choice((-1.0, -1.0, 61.0, 500.0))
        if self.plan.crowd_left > 0:
            left = -1.0
        if owner in {SICK, BUSY}:
            left = -1.0 if owner == SICK else self.plan.crowd_left
        given = self.hubspot.grant(name, left)
        row = first(vault, self.store, given, number, left, owner=owner)
        self.store._connections[name] = self.watch.rows[name] = row
        self.hubspot.owners[name] = owner
        self.watch.stored.add(given.refresh)
        self.watch.durable.add(given.access)

    def _lives_begin(self) -> None:
        for name, owner in self.hubspot.owners.items():
            after = self.chance.uniform(0.0, 40.0)
            every = self.chance.choice(_EVERY)
            if self.plan.crowd_at is not None and self.plan.crowd_left > 0:
                after = self.plan.crowd_at + self.chance.uniform(0.0, _SOON)
            if owner == SICK:
                many = self.plan.connections[SICK] > 1
                after, every = self.chance.uniform(0.0, 2.0), 5.0 if many else 1.0
            if owner == BUSY and self.plan.crowd_at is not None:
                after, every = self.plan.crowd_at, 15.0
            self.world.spawn(None, partial(self._live, owner, name, every), after)

    def _live(self, owner: str, name: str, every: float) -> None:
        """Somebody asks for this connection's token again and again, in whatever process."""
        while self.world.now < self.plan.seconds:
            process = self.processes[int(self.chance.random() * len(self.processes))]
            self.world.spawn(process, partial(self._call, process, owner, name))
            self.world.rest(every * self.chance.uniform(0.5, 1.5))

    def _call(self, process: TenantProcess, owner: str, name: str) -> None:
        call = self.watch.begins(owner, name, process)
        try:
            self._ask(process, name)
        except PortalkeyError as error:
            call.error = error
        except Exception:  # noqa: BLE001 - whatever it is
            self.watch.broke(f"a call broke: {traceback.format_exc(limit=-3)}")
        finally:
            call.ended = self.world.now

    def _ask(self, process: TenantProcess, name: str) -> None:
        """As the broker does."""
        owner, number = self.hubspot.owners[name], self.store._connections[name].hub_id
        cached = process.tokens.get(owner, number, lambda: live_row(process, name))
        self.watch.gave(cached.token)

    def _end(self) -> None:
        """All is well again, and every token is over: each connection has a way out."""
        self.world.is_quiet = True
        self.world.now += LONGER
        # No spell lasts as long.
        process = self.processes[-1]
        self.world.spawn(process, partial(self._insist_on_all, process))
        self.world.run()

    def _insist_on_all(self, process: TenantProcess) -> None:
        for name in self.hubspot.owners:
            self._insist(process, name)

    def _insist(self, process: TenantProcess, name: str) -> None:
        for _ in range(_TRIES):
            try:
                self._ask(process, name)
            except NeedsReconnect:
                return
            except PortalkeyError:
                self.world.rest(40.0)
            else:
                return
        self.watch.broke("I11 a connection that nobody gets out of trouble")
