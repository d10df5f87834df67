"""A world of hundreds of tasks, in the order of time; each step of the store takes some.

Faults are not drawn at steps here: a schedule of tenants says what goes wrong, for whom and when.
"""

from heapq import heappop, heappush
from itertools import count
from math import inf

from greenlet import getcurrent  # type: ignore[import-untyped]

from simulation.faults import AFTER
from simulation.world import Crash, Endless, Mortal, Task, World

MOST_STEPS = 400_000
STORE_SECONDS = (0.0002, 0.002)
"""For how long a step of the store takes, at least and at most."""


class TimedWorld(World):
    """Clock and scheduler of one schedule of tenants; equal times are ordered by chance."""

    def __init__(self, seed: int) -> None:
        self._due: list[tuple[float, float, int, Task]] = []
        self._entries: dict[Task, int] = {}
        self._numbers = count()
        self._parked: set[Task] = set()
        super().__init__(seed, most_steps=MOST_STEPS)

    def notice(self, process: Mortal) -> None:
        """A task of *process* has gone on: whoever waits for what it may have done is woken."""

    def _add(self, task: Task) -> None:
        self._push(task, task.wake)

    def _push(self, task: Task, wake: float) -> None:
        """Put *task* on at *wake*, and at no other time that was meant before."""
        entry = self._entries[task] = next(self._numbers)
        heappush(self._due, (wake, self.random.random(), entry, task))

    def run(self, until: float = inf) -> None:
        """Until that second, or until nobody has anything left to do."""
        while self._due and self._due[0][0] <= until:
            wake, _, entry, task = heappop(self._due)
            if self._entries.get(task) != entry:
                continue
            del self._entries[task]
            self.now = max(self.now, wake)
            self.current = task
            task.glet.switch()
            if task.process is not None:
                self.notice(task.process)
        self.current = None

    def rest(self, seconds: float, step: str = "rest") -> None:
        """The task that is on goes on in *seconds*."""
        task = self._task()
        if task is not None:
            self._push(task, self.now + seconds)
            self._leave(task)

    def park(self, seconds: float | None = None) -> bool:
        """Stand still until somebody wakes this task; False after so many *seconds* without."""
        task = self._task()
        if task is None:
            raise Endless
        self._parked.add(task)
        if seconds is not None:
            self._push(task, self.now + seconds)
        self._leave(task)
        is_woken = task not in self._parked
        self._parked.discard(task)
        return is_woken

    def wake(self, task: Task) -> None:
        """Let a task that is parked go on."""
        if task in self._parked:
            self._parked.discard(task)
            self._push(task, self.now)

    @property
    def stuck(self) -> int:
        """How many tasks nobody is going to wake."""
        return sum(task not in self._entries for task in self._parked)

    def _task(self) -> Task | None:
        """The one that is on; whoever sets up, or looks on, is no task."""
        task = self.current
        return task if task is not None and task.glet is getcurrent() else None

    def _leave(self, task: Task) -> None:
        self.main.switch()
        if task.process is not None and task.process.is_dead:
            raise Crash

    def point(self, process: Mortal, step: str, kinds: tuple[str, ...]) -> None:
        """Before a *step*: it takes its time, and others go on meanwhile."""
        if process.is_dead:
            raise Crash
        if len(self.trace) > self.most_steps:
            raise Endless
        if kinds is not AFTER:
            self.trace.append(f"{process.number}{step}")
            self.rest(self.random.uniform(*STORE_SECONDS), step)
