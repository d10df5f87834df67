"""What one thread waits for another by, where threads are tasks of a ``TimedWorld``.

Each stands in for the standard one of that name, for one OS thread runs all tasks.
"""

from collections import deque
from collections.abc import Callable
from types import TracebackType
from typing import Generic, TypeVar

from portalkey._support.single_flight import FlightTimeout, SingleFlight
from portalkey.errors import PortalkeyError
from simulation.tenants.timed_world import TimedWorld
from simulation.world import Task

T = TypeVar("T")


class Lock:
    """A lock that is handed on in the order of asking."""

    def __init__(self, world: TimedWorld) -> None:
        self._world = world
        self._waiting: deque[Task] = deque()
        self._is_held = False

    def acquire(self, blocking: bool = True, timeout: float = -1.0) -> bool:  # noqa: FBT001, FBT002
        """Take the lock, waiting for it where that is wanted."""
        while self._is_held:
            task = self._world.current
            if not blocking or task is None:
                return False
            self._waiting.append(task)
            if not self._world.park(None if timeout < 0 else timeout):
                self._waiting.remove(task)
                return False
        self._is_held = True
        return True

    def release(self) -> None:
        """Give the lock back."""
        self._is_held = False
        if self._waiting:
            self._world.wake(self._waiting.popleft())

    def __enter__(self) -> bool:
        return self.acquire()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.release()


class Condition(Lock):
    """A lock, and a place to wait in until something has changed."""

    def __init__(self, world: TimedWorld) -> None:
        super().__init__(world)
        self._asleep: deque[Task] = deque()

    def wait(self, timeout: float | None = None) -> bool:
        """Give the lock back until somebody notifies, or *timeout* seconds are over."""
        task = self._world.current
        assert task is not None
        self._asleep.append(task)
        self.release()
        is_woken = self._world.park(timeout)
        if not is_woken and task in self._asleep:
            self._asleep.remove(task)
        self.acquire()
        return is_woken

    def notify(self, n: int = 1) -> None:
        """Wake *n* of those who wait."""
        for _ in range(min(n, len(self._asleep))):
            self._world.wake(self._asleep.popleft())

    def notify_all(self) -> None:
        """Wake all."""
        self.notify(len(self._asleep))


class _Flight(Generic[T]):
    """Work under way."""

    def __init__(self) -> None:
        self.waiting: list[Task] = []
        self.result: list[T] = []
        self.error: PortalkeyError | None = None


class Flights(SingleFlight[T]):
    """Coalesces requests: one task does the work, and the others are parked."""

    def __init__(self, world: TimedWorld) -> None:
        self._world = world
        self._results: dict[str, _Flight[T]] = {}

    def do(self, name: str, work: Callable[[], T], seconds: float | None = None) -> T:
        """Do *work*, or wait for the task that does it under this *name*.

        Raises:
            FlightTimeout: It takes longer than so many *seconds*.
        """
        while True:
            flight = self._results.get(name)
            if flight is None:
                return self._lead(name, work)
            task = self._world.current
            assert task is not None
            flight.waiting.append(task)
            if not self._world.park(seconds):
                flight.waiting.remove(task)
                raise FlightTimeout
            if flight.error is not None:
                raise flight.error
            if flight.result:
                return flight.result[0]

    def _lead(self, name: str, work: Callable[[], T]) -> T:
        flight = self._results[name] = _Flight()
        try:
            result = work()
            flight.result.append(result)
        except PortalkeyError as error:
            flight.error = error
            raise
        finally:
            del self._results[name]
            for task in flight.waiting:
                self._world.wake(task)
        return result
