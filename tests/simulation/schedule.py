"""One seed, one schedule: who asks for what, what goes wrong meanwhile, and what comes of it."""

import traceback
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial

from pydantic import SecretStr

from portalkey.errors import NeedsReconnect, NotConnected, PortalkeyError
from portalkey.hubspot.token import LONGEST_LIFETIME
from portalkey.model.connection import Account, Connection, ConnectionStatus
from portalkey.model.events import happened
from portalkey.vault import MemoryStore, Vault
from portalkey.vault.keyring import Keyring
from simulation.faults import TABLE, Odds
from simulation.hubspot import Given, HubSpot, Mode
from simulation.ports import SETTINGS, Drawer, Process, new_store
from simulation.rows import exchanging, first, grant
from simulation.watch import Watch
from simulation.world import Crash, Endless, World

ACTIONS = ("fresh",) * 10 + ("beyond", "beyond", "ahead", "ahead", "drain", "disconnect", "connect")
LEFT = (-10.0, -10.0, 0.5, 30.0, 59.0, 61.0, 250.0, 1700.0)
"""Seconds that the first token has left."""
ODDS = (Odds(),) * 5 + (Odds(0.01, 0.1),) * 2 + (Odds(0.04, 0.3),)
LONGER = LONGEST_LIFETIME + 4000.0
"""Seconds after which no token lives, and nothing is waited for any more."""

_NEEDED = {
    "connection_to": ("connect",),
    "connect": ("connect",),
    "disconnect": ("disconnect",),
    "holders": ("disconnect",),
    "record": ("disconnect",),
    "complete": ("disconnect",),
    "revoke": ("disconnect",),
    "reschedule": ("disconnect",),
    "claim": ("disconnect",),
    "enqueue": ("cancelled",),
    "pending": ("disconnect", "drain"),
}
"""What somebody has to do for a step to be reached, beside renewing."""
_NEEDED_FAULTS = {
    "release": (("pause_after", "lease"), ("delay_after", "lease")),
    "update_throttle": (("503", "refresh"), ("unreachable", "refresh")),
    "count_authenticated": (("503", "refresh"), ("unreachable", "refresh")),
    "mark": (("lost_answer", "refresh"), ("locked", "refresh"), ("invalid_grant", "refresh")),
    "reschedule": (("503", "revoke"), ("unreachable", "revoke")),
}
"""And what has to go wrong first."""


@dataclass(frozen=True, slots=True)
class Kind:
    """What a campaign is about: all faults, one of them, or a guard that is taken away."""

    store: type[MemoryStore] = MemoryStore
    fit: Callable[[Process], None] = lambda _: None
    keyring: Callable[[], Keyring] = Drawer
    modes: Sequence[Mode] = tuple(Mode)
    foci: Callable[[int], Sequence[tuple[str, str]]] = lambda seed: (TABLE[seed % len(TABLE)],)
    odds: Sequence[Odds] = ODDS


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one schedule came to."""

    seed: int
    violations: tuple[str, ...]
    fingerprint: str
    hits: Counter[tuple[str, str]] = field(repr=False)
    reorders: Counter[str] = field(repr=False)
    notes: Counter[str] = field(repr=False)


class Schedule:
    """What happens for one seed."""

    def __init__(
        self, kind: Kind, keyring: Keyring, process: Callable[[int], Process], seed: int
    ) -> None:
        """Draw the lots.

        Args:
            kind: What the campaign is about.
            keyring: Everybody's.
            process: Gives the process of a number, to be used again.
            seed: All chance comes from it.
        """
        foci = list(kind.foci(seed))
        turn = seed // len(TABLE)
        odds = kind.odds[turn % len(kind.odds)]
        known = [_NEEDED_FAULTS[step] for _, step in foci if step in _NEEDED_FAULTS]
        needed = [each[turn % len(each)] for each in known]
        self.must_do = [action for _, step in foci for action in _NEEDED.get(step, ())]
        self.world = World(seed, foci + needed, odds)
        self.keyring, self.process = keyring, process
        self.chance = self.world.random
        self.hubspot = HubSpot(self.world, self.chance.choice(kind.modes))
        self.store = new_store(self.world, kind.store)
        self.watch = Watch(self.world, self.hubspot, self.store, keyring)
        self.processes: dict[int, Process] = {}
        self.ids = ["c0", "c1"][: self.chance.choice((1, 1, 2))]

    def run(self) -> Outcome:
        """From the begin until all is quiet again."""
        world, watch = self.world, self.watch
        self._connections_begin()
        for _ in range(self.chance.choice((3, 3, 3, 4, 4, 5, 6))):
            self._process_begins(self._script(), self._start())
        try:
            with happened.connected_to(watch.told):
                world.run()
                self._end()
                watch.outcomes()
                self._ways_out()
        except Endless:
            watch.broke("LOOP a schedule without an end")
        return Outcome(
            world.seed,
            tuple(dict.fromkeys(watch.violations)),
            world.fingerprint,
            world.hits,
            world.reorders,
            watch.notes,
        )

    def _connections_begin(self) -> None:
        vault = Vault(self.keyring, self.store, SETTINGS.client_id)
        for number, connection_id in enumerate(self.ids):
            left = self.chance.choice(LEFT)
            given = self.hubspot.grant(connection_id, left)
            row = first(vault, self.store, given, number, left)
            self.store._connections[connection_id] = row
            self.watch.rows[connection_id] = row
            self.watch.stored.add(given.refresh)
            self.watch.durable.add(given.access)

    def _script(self) -> list[str]:
        script = [self._choose() for _ in range(self.chance.choice((1, 1, 2, 3)))]
        if self.must_do:
            script += self.must_do
            self.must_do = []
        return script

    def _choose(self) -> str:
        return self.chance.choice(ACTIONS)

    def _start(self) -> float:
        if self.chance.random() < 0.6:
            return 0.0
        return self.chance.uniform(0.0, self.chance.choice((1.0, 30.0, 2000.0)))

    def _process_begins(self, script: list[str], after: float) -> Process:
        number = len(self.processes)
        process = self.process(number)
        process.begin(self.world, self.store, self.watch, self.hubspot, number)
        process.others = self.processes
        self.processes[number] = process
        self.world.spawn(process, partial(self._live, process, script), after)
        return process

    def _live(self, process: Process, script: list[str]) -> None:
        """Do what the *script* says; whoever dies may be started anew."""
        try:
            while script:
                action = script.pop(0)
                with self._told(action):
                    self._do(process, action, self.chance.choice(self.ids))
                if self.chance.random() < 0.2:
                    self.world.rest(self.chance.choice((5.0, 300.0, 1500.0)))
        except Crash:
            if self.chance.random() < 0.6:
                self._process_begins([*script, "fresh"], self.chance.choice((0.1, 5.0, 40.0)))
            raise

    @contextmanager
    def _told(self, action: str) -> Iterator[None]:
        """Errors of ours are part of the schedule; any other is a mistake."""
        try:
            yield
        except PortalkeyError:
            pass
        except Exception:  # noqa: BLE001 - whatever it is
            self.watch.broke(f"{action} broke: {traceback.format_exc(limit=-3)}")

    def _do(self, process: Process, action: str, connection_id: str) -> None:
        if action in {"fresh", "beyond", "ahead"}:
            self._ask(process, connection_id, action)
        elif action == "disconnect":
            self._disconnect(process, connection_id)
        elif action == "drain":
            process.outbox.send_due()
        else:
            self._connect(process, connection_id, is_cancelled=action == "cancelled")

    def _ask(self, process: Process, connection_id: str, how: str = "fresh") -> None:
        """As the broker does: the row is read, and what comes of it handed to the caller."""
        process.naps, began = 0, len(self.world.trace)
        seen = live_row(process, connection_id)
        if how == "ahead":
            process.refresh.refresh_in_background(seen)
            return
        if how == "beyond":
            process.refresh.force_refresh(seen)
            began = len(self.world.trace)
            seen = live_row(process, connection_id)
        self.watch.handed(process.refresh.ensure_fresh(seen), began)

    def _disconnect(self, process: Process, connection_id: str) -> None:
        owed = process.vault.erase(live_row(process, connection_id))
        if owed is not None and process.outbox.send(owed):
            process.outbox.send_due()

    def _connect(self, process: Process, connection_id: str, *, is_cancelled: bool = False) -> None:
        """As an exchange does once HubSpot has answered."""
        sent_at = process.port.now()
        given = self._consented(connection_id)
        self.watch.received_by.append((process, given))
        attempt = exchanging(f"a{given.number}", self.store)
        if not is_cancelled:
            self.store._attempts[attempt.id] = attempt
        account, kept = Account(self.ids.index(connection_id) + 1), None
        try:
            kept = process.vault.save(attempt, grant(given), account, (), sent_at=sent_at)
        finally:
            if kept is None:
                process.outbox.revoke_unsaved(SecretStr(given.refresh))

    def _consented(self, connection_id: str) -> Given:
        """A new grant; where tokens can be used again it may be the old one."""
        known = [e for e in self.hubspot.families.values() if e.connection_id == connection_id]
        is_old = self.hubspot.mode is Mode.REUSABLE and self.chance.random() < 0.4
        if is_old and known[-1].is_alive:
            return self.hubspot.given_again(known[-1])
        return self.hubspot.grant(connection_id)

    def _end(self) -> None:
        """Faults are over: whoever still has something to save asks, and so does somebody new."""
        self.world.is_quiet = True
        self.world.now += LONGER
        alive = [each for each in self.processes.values() if not each.is_dead]
        asking = [each for each in alive if each.refresh._token_request.pending] or alive[:1]
        asking.append(self._process_begins([], 0.0))
        for number, process in enumerate(asking):
            self.world.spawn(process, partial(self._ask_all, process), 30.0 * number)
        self.world.run()

    def _ask_all(self, process: Process) -> None:
        for connection_id in self.ids:
            with self._told("asking in the end"):
                self._insist(process, connection_id)
        process.outbox.send_due()

    def _insist(self, process: Process, connection_id: str) -> None:
        """A token, or what the person has to do, within a few tries."""
        for _ in range(4):
            try:
                self._ask(process, connection_id)
            except (NeedsReconnect, NotConnected):
                return
            except PortalkeyError:
                self.world.rest(70.0)
            else:
                return
        self.watch.broke("I11 a connection that nobody gets out of trouble")

    def _ways_out(self) -> None:
        """Whoever has to connect again can, and has a token then."""
        for row in list(self.store._connections.values()):
            if row.status is ConnectionStatus.NEEDS_RECONNECT:
                process = self._process_begins([], 0.0)
                self.world.spawn(process, partial(self._reconnect, process, row.id))
                self.world.run()

    def _reconnect(self, process: Process, connection_id: str) -> None:
        try:
            self._connect(process, connection_id)
            self._ask(process, connection_id)
        except PortalkeyError as error:
            self.watch.broke(f"I11 connecting again helps nobody: {error!r}")


def live_row(process: Process, connection_id: str) -> Connection:
    """The row as the process reads it; raises ``NotConnected`` where there is none."""
    row: Connection | None = process.port.connection(connection_id)
    if row is None or row.status is ConnectionStatus.DISCONNECTED:
        raise NotConnected
    return row
