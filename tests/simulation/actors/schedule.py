"""One seed, one schedule of all actors: they renew, connect, tell, sweep and read."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial

from portalkey.errors import PortalkeyError
from portalkey.vault.keyring import Keyring
from simulation.actors.faults import FETCHING, LIES, NEEDED, NEEDED_FAULTS, READING, SWEEPING, TABLE
from simulation.actors.hubspot import ActorHubSpot, Spell
from simulation.actors.journal import Entry
from simulation.actors.ledger import RECEIVERS
from simulation.actors.process import ActorProcess
from simulation.actors.watch import ActorWatch
from simulation.ports import SETTINGS, Process
from simulation.schedule import Kind, Schedule, live_row
from simulation.watch import EPOCH

ACTIONS: Sequence[str] = (
    *("fresh",) * 4,
    *("beyond", "ahead", "drain", "disconnect", "connect", "connect"),
    *("deliver",) * 3,
    *("sweep", "sweep later", "journal", "journal later"),
)
SWEEPS: Sequence[str] = (
    *("fresh", "fresh", "disconnect", "connect", "deliver"),
    *("sweep",) * 2,
    *("sweep later",) * 5,
)
READS: Sequence[str] = (
    *("fresh", "fresh", "disconnect", "connect", "connect", "deliver"),
    *("journal",) * 3,
    *("journal later",) * 4,
)
_SOON = (40.0, 100.0, 700.0)
"""Seconds between two looks at the journal."""
_PUBLISHED = (1.0, 20.0, 100.0)
"""Seconds after which an entry is in the journal."""
_LATER = (1000.0, 1900.0, 2500.0)
"""Seconds between two sweeps: two looks that are to agree lie half an hour apart at least."""
SPELLS: Sequence[tuple[str | None, float]] = (
    *((None, 900.0), (None, 3000.0), (None, 4000.0)),
    *(("c0", 1000.0), ("c0", 1700.0)),
)
"""How long HubSpot calls the grants of all dead, or of one. Who lies of one for longer is believed.
"""
_DELIVERED = 6.2 * 3600.0
"""Seconds after which whatever failed is tried again."""
_ROUNDS = 3
_READ = 3
_SWEPT, _EVERY = 34, 3600.0
"""So many sweeps, and seconds between two: within these each connection is looked at twice."""


@dataclass(frozen=True, slots=True)
class ActorKind(Kind):
    """What a campaign of all actors is about."""

    foci: Callable[[int], Sequence[tuple[str, str]]] = lambda seed: (TABLE[seed % len(TABLE)],)
    spells: Sequence[tuple[str | None, float]] = SPELLS


class ActorSchedule(Schedule):
    """What happens for one seed."""

    def __init__(
        self, kind: ActorKind, keyring: Keyring, process: Callable[[int], Process], seed: int
    ) -> None:
        super().__init__(kind, keyring, process, seed)
        planned = [(fault, step) for fault, step, _ in self.world.foci]
        steps = [step for _, step in planned]
        self._plan_faults(steps, seed // len(TABLE))
        self.must_do = [action for step in steps for action in NEEDED.get(step, ())]
        self.hubspot: ActorHubSpot = ActorHubSpot(self.world, self.hubspot.mode)
        self.watch: ActorWatch = ActorWatch(self.world, self.hubspot, self.store, keyring)
        self.world.most_steps *= 4
        self.actions = ACTIONS
        if not {*READING, *FETCHING}.isdisjoint(steps):
            self.actions = READS
        if not {"introspect", *SWEEPING}.isdisjoint(steps):
            self.actions = SWEEPS
            self.ids = [f"c{number}" for number in range(self.chance.choice((1, 2, 6, 6, 7)))]
            if not any(fault in LIES for fault, _ in planned) and self.chance.random() < 0.5:
                self.hubspot.spell = self._spell(kind.spells)

    def _plan_faults(self, steps: Sequence[str], turn: int) -> None:
        known = [NEEDED_FAULTS[step] for step in steps if step in NEEDED_FAULTS]
        self.world.foci += [(*each[turn % len(each)], 0) for each in known]

    def _spell(self, spells: Sequence[tuple[str | None, float]]) -> Spell:
        connection_id, seconds = self.chance.choice(spells)
        begins = self.chance.choice((0.0, 0.0, 1.0, 300.0, 2000.0))
        if connection_id is not None:
            self.must_do += ("sweep", "sweep")
            begins = 0.0
        return Spell(begins, begins + seconds, connection_id)

    def _connections_begin(self) -> None:
        super()._connections_begin()
        self.store.add_receivers(SETTINGS.client_id, RECEIVERS)
        is_sweeping = self.actions is SWEEPS
        for connection_id in self.ids:
            if is_sweeping and (connection_id == "c0" or self.chance.random() < 0.8):
                self._stands_idle(connection_id)
            if self.chance.random() < (0.8 if self.actions is READS else 0.3):
                after = self.chance.choice((0.0, self.chance.uniform(0.0, 2000.0)))
                self.world.spawn(None, partial(self._uninstall, connection_id), after)

    def _stands_idle(self, connection_id: str) -> None:
        """As if nobody had used it for a day and a half."""
        used_at = EPOCH - timedelta(hours=36)
        row = replace(
            self.store._connections[connection_id],
            connected_at=used_at,
            granted_at=used_at,
            access_expires_at=used_at + timedelta(seconds=1800),
            check_at=EPOCH,
        )
        self.store._connections[connection_id] = self.watch.rows[connection_id] = row

    def _uninstall(self, connection_id: str) -> None:
        """A person takes the app out of an account, at HubSpot."""
        for family in self.hubspot.families.values():
            if family.connection_id == connection_id:
                family.is_alive = False
        entry = Entry(int(connection_id[1:]) + 1, self.world.now, is_uninstall=True)
        times = self.chance.choice((1, 1, 2))  # HubSpot may say it again
        for _ in range(times):
            self._publish(entry)
        self._publish(replace(entry, is_uninstall=False))

    def _publish(self, entry: Entry) -> None:
        pages, after = self.hubspot.journal.pages, self.chance.choice(_PUBLISHED)
        self.world.spawn(None, lambda: pages.append([entry]), after)

    def _choose(self) -> str:
        return self.chance.choice(self.actions)

    def _do(self, process: Process, action: str, connection_id: str) -> None:
        assert isinstance(process, ActorProcess)
        if action == "deliver":
            self._deliver(process)
        elif action.startswith("sweep"):
            if action == "sweep later":
                self.world.rest(self.chance.choice(_LATER))
            self._sweep(process)
        elif action.startswith("journal"):
            if action == "journal later":
                self.world.rest(self.chance.choice(_SOON))
            process.journal.read()
        else:
            with self._calling(process):
                super()._do(process, action, connection_id)

    @contextmanager
    def _calling(self, process: ActorProcess) -> Iterator[None]:
        process.callers += 1
        try:
            yield
        finally:
            process.callers -= 1

    def _deliver(self, process: ActorProcess) -> None:
        for name in process.deliveries.names:
            process.deliveries.deliver_due(name)

    def _sweep(self, process: ActorProcess) -> None:
        with self.watch.looks.sweeping(lambda: process.is_alone):
            report = process.sweep.run(10)
        self.watch.notes["looks"] += report.number

    def _disconnect(self, process: Process, connection_id: str) -> None:
        """As the broker does, with an event."""
        assert isinstance(process, ActorProcess)
        owed = process.disconnector.disconnect(live_row(process, connection_id))
        if owed is not None and process.outbox.send(owed):
            process.outbox.send_due()

    def _end(self) -> None:
        """Faults are over: all is swept, whoever has something to save asks, all is delivered."""
        self.world.is_quiet = True
        if self.actions is READS:
            self._go_on(self._read_all)
        self._go_on(self._sweep_all)
        self.watch.swept()
        super()._end()
        self._go_on(self._read_all)
        self._go_on(self._deliver_all)

    def _go_on(self, work: Callable[[ActorProcess], None]) -> None:
        process = self._process_begins([], 0.0)
        assert isinstance(process, ActorProcess)
        self.world.spawn(process, partial(work, process))
        self.world.run()

    def _sweep_all(self, process: ActorProcess) -> None:
        for number in range(_SWEPT):
            # A sweep that finds nothing to look at is seen often enough elsewhere.
            if number == 0 or self._is_any_due():
                with suppress(PortalkeyError):
                    self._sweep(process)
            self.world.rest(_EVERY)

    def _is_any_due(self) -> bool:
        now, rows = self.store.now(), self.store._connections.values()
        return any(row.is_authenticated and (row.check_at or now) <= now for row in rows)

    def _read_all(self, process: ActorProcess) -> None:
        for _ in range(_READ):
            self.world.rest(_SOON[-1])
            with suppress(PortalkeyError):
                process.journal.read()

    def _deliver_all(self, process: ActorProcess) -> None:
        for _ in range(_ROUNDS):
            with suppress(PortalkeyError):
                self._deliver(process)
            self.world.rest(_DELIVERED)
