"""Time, tasks and chance: one seed, one schedule.

A task is a greenlet. At each step somebody else may be put on, and the clock moves only where
nobody can go on. Everything that is random comes from one generator.
"""

import hashlib
import random
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Protocol

from greenlet import getcurrent, greenlet  # type: ignore[import-untyped]

from portalkey.errors import StoreBusy, StoreUnusable
from portalkey.model.connection import Connection
from simulation.faults import Odds

MOST_STEPS = 4000
"""A schedule with more steps than this has a loop in it."""


class Crash(BaseException):
    """The process died here."""


class Endless(BaseException):
    """The schedule has more steps than any that ends."""


class Mortal(Protocol):
    """What may die: a process, as far as the world knows it."""

    number: int
    is_dead: bool
    offset: float
    cut_until: float


class Task:
    """One line of work of a process, or of nobody: then it is HubSpot's."""

    __slots__ = ("glet", "lease", "leased_at", "looked_at", "paused_at", "process", "wake")

    def __init__(
        self, work: Callable[[], None], process: Mortal | None, wake: float, main: greenlet
    ) -> None:
        self.process = process
        self.wake = wake
        self.lease: Connection | None = None
        self.leased_at = self.looked_at = self.paused_at = -1.0
        self.glet = greenlet(work, main)


class World:
    """The clock, the scheduler and the faults of one schedule."""

    def __init__(
        self,
        seed: int,
        foci: Sequence[tuple[str, str]] = (),
        odds: Odds | None = None,
        *,
        most_steps: int = MOST_STEPS,
    ) -> None:
        """Begin at second zero.

        Args:
            seed: All chance comes from it.
            foci: The faults that strike, each at the step beside it.
            odds: How likely any other fault is.
            most_steps: With more of them something goes round in circles.
        """
        self.seed = seed
        self.random = random.Random(seed)  # noqa: S311 - repeatable is what it has to be
        self.now = 0.0
        self.main = getcurrent()
        self.tasks: list[Task] = []
        self.current: Task | None = None
        self.is_quiet = False
        self.hits: Counter[tuple[str, str]] = Counter()
        self.reorders: Counter[str] = Counter()
        self.trace: list[str] = []
        self.foci = [(*focus, self.random.choice((0, 0, 0, 1, 1, 2))) for focus in foci]
        self.odds = odds or Odds()
        self.most_steps = most_steps
        self.stick = self.random.choice((0.1, 0.5, 0.9))

    def spawn(self, process: Mortal | None, work: Callable[[], None], after: float = 0.0) -> None:
        """Let *work* begin in *after* seconds."""

        def run() -> None:
            try:
                if process is None or not process.is_dead:
                    work()
            except Crash:
                pass

        self._add(Task(run, process, self.now + after, self.main))

    def _add(self, task: Task) -> None:
        self.tasks.append(task)

    def run(self) -> None:
        """Until nobody has anything left to do."""
        while self.tasks:
            task = self._next(None)
            self._put_on(task)
            self.tasks = [each for each in self.tasks if not each.glet.dead]
        self.current = None

    def _put_on(self, task: Task) -> None:
        self.current = task
        task.glet.switch()

    def _next(self, ending: Task | None) -> Task:
        """Who is put on: whoever was, more often than not, where it can go on."""
        if len(self.tasks) == 1:
            self.now = max(self.now, self.tasks[0].wake)
            return self.tasks[0]
        ready = [each for each in self.tasks if each.wake <= self.now]
        if not ready:
            self.now = min(each.wake for each in self.tasks)
            ready = [each for each in self.tasks if each.wake <= self.now]
        if len(ready) == 1:
            return ready[0]
        if ending is not None and ending.wake <= self.now and self.random.random() < self.stick:
            return ending
        return ready[int(self.random.random() * len(ready))]

    def rest(self, seconds: float, step: str = "rest") -> None:
        """The task that is on goes on in *seconds*; whoever can goes on meanwhile."""
        task = self.current
        if task is None or task.glet is not getcurrent():
            return  # the one who sets up, or looks on, is no task
        task.wake = self.now + seconds
        following = self._next(task)
        if following is not task:
            if seconds == 0.0:
                self.reorders[step] += 1
            self._put_on(following)
            self.current = task
        if task.process is not None and task.process.is_dead:
            raise Crash

    def point(self, process: Mortal, step: str, kinds: tuple[str, ...]) -> None:
        """Before or after a *step*: a fault of *kinds* may strike, and others may go on."""
        if process.is_dead:
            raise Crash
        if len(self.trace) > self.most_steps:
            raise Endless
        fault = self.fault(step, kinds, self.odds.store)
        if fault is None and kinds[0] == "crash_after":
            return  # what follows is a step of its own, or the task's own business
        self.trace.append(f"{process.number}{step}{fault or ''}")
        self.rest(self._struck(process, fault) if fault else 0.0, step)
        if fault is not None and fault.startswith("busy"):
            raise StoreBusy
        if fault is not None and fault.startswith(("unusable", "cut")):
            raise StoreUnusable

    def fault(self, step: str, kinds: tuple[str, ...], odds: float) -> str | None:
        """One of *kinds* that strikes at this *step*, if one does."""
        if self.is_quiet:
            return None
        fault = self._planned(step, kinds) if self.foci else None
        if fault is None and odds and self.random.random() < odds:
            chosen = kinds[int(self.random.random() * len(kinds))]
            fault = chosen if chosen in self.odds.kinds or kinds[0] == "unreachable" else None
        if fault is not None:
            self.hits[fault, step] += 1
        return fault

    def _planned(self, step: str, kinds: tuple[str, ...]) -> str | None:
        """The fault that is planned for this step, once it has been passed often enough."""
        for number, (kind, where, skip) in enumerate(self.foci):
            if where == step and kind in kinds:
                if skip == 0:
                    del self.foci[number]
                    return kind
                self.foci[number] = (kind, where, skip - 1)
                return None
        return None

    def _struck(self, process: Mortal, fault: str) -> float:
        """What *fault* does to the process; returns for how long it stands still."""
        if fault.startswith("crash"):
            process.is_dead = True
            raise Crash
        if fault == "skew":
            process.offset += 3600.0
        if fault == "cut":
            process.cut_until = self.now + self.random.choice((10.0, 60.0, 400.0))
        if not fault.startswith(("delay", "pause")):
            return 0.0
        if self.current is not None:
            self.current.paused_at = self.now
        if fault.startswith("delay"):
            return self.random.uniform(0.05, 4.0)
        return self.random.choice((13.0, 45.0, 100.0, 2400.0))

    @property
    def fingerprint(self) -> str:
        """Equal for schedules in which the same happened in the same order."""
        joined = "\n".join(self.trace).encode()
        return hashlib.blake2b(joined, digest_size=8).hexdigest()
