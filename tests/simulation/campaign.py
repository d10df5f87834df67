"""Many schedules, one after another, and what they came to."""

import logging
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import ClassVar, Protocol

from simulation.ports import Drawer, Process
from simulation.schedule import Kind, Outcome, Schedule


class House:
    """Runs schedules, one after another; the processes are used again."""

    PROCESS: ClassVar[type[Process]] = Process
    SCHEDULE: ClassVar[type[Schedule]] = Schedule

    def __init__(self, kind: Kind | None = None) -> None:
        self.kind = kind or Kind()
        self.keyring = self.kind.keyring()
        self._pool: list[Process] = []

    def process(self, number: int) -> Process:
        """The process of this *number*, built once."""
        while len(self._pool) <= number:
            process = self.PROCESS(self.keyring)
            self.kind.fit(process)
            self._pool.append(process)
        return self._pool[number]

    def run(self, seed: int) -> Outcome:
        """The schedule of this *seed*, from its begin until all is quiet again."""
        if isinstance(self.keyring, Drawer):
            self.keyring.clear()
        return self.SCHEDULE(self.kind, self.keyring, self.process, seed).run()


@contextmanager
def campaign() -> Iterator[None]:
    """Many schedules: without log lines, which nobody could read, and without a tracer.

    Greenlets confuse whoever counts lines, and counting would take longer than the schedules.
    """
    log, tracer = logging.getLogger("portalkey"), sys.gettrace()
    log.disabled = True
    sys.settrace(None)
    try:
        yield
    finally:
        sys.settrace(tracer)
        log.disabled = False


class Counted(Protocol):
    """What a tally counts of an outcome, whatever its schedule was about."""

    @property
    def seed(self) -> int:
        """All chance came from it."""

    @property
    def violations(self) -> tuple[str, ...]:
        """What was found wrong."""

    @property
    def fingerprint(self) -> str:
        """Equal for equal schedules."""

    @property
    def hits(self) -> Counter[tuple[str, str]]:
        """The faults that struck, with their steps."""

    @property
    def reorders(self) -> Counter[str]:
        """The steps at which somebody else went on."""

    @property
    def notes(self) -> Counter[str]:
        """Whatever else was counted."""


@dataclass(slots=True)
class Tally:
    """What many schedules came to."""

    schedules: int = 0
    fingerprints: set[str] = field(default_factory=set, repr=False)
    failures: list[str] = field(default_factory=list)
    hits: Counter[tuple[str, str]] = field(default_factory=Counter, repr=False)
    reorders: Counter[str] = field(default_factory=Counter, repr=False)
    notes: Counter[str] = field(default_factory=Counter)

    def add(self, outcome: Counted) -> None:
        """Count one more."""
        self.schedules += 1
        self.fingerprints.add(outcome.fingerprint)
        self.failures += [f"seed {outcome.seed}: {each}" for each in outcome.violations]
        self.hits.update(outcome.hits)
        self.reorders.update(outcome.reorders)
        self.notes.update(outcome.notes)


def run(seeds: Iterable[int], kind: Kind | None = None) -> Tally:
    """The schedules of *seeds*, counted."""
    house, tally = House(kind), Tally()
    with campaign():
        for seed in seeds:
            tally.add(house.run(seed))
    return tally
