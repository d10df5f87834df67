"""Values that take a look at much, and are a minute old at most."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from portalkey._support.clock import Clock, boot_time
from portalkey._support.fork import ProcessLock

T = TypeVar("T")

MINUTE = 60.0


@dataclass(frozen=True, slots=True)
class Look(Generic[T]):
    """A value, and how many seconds ago it was looked up."""

    value: T
    age: float


class Minute(Generic[T]):
    """Looks up a value once a minute, however many ask for it."""

    def __init__(self, work: Callable[[], T], clock: Clock = boot_time) -> None:
        """Look it up by *work*."""
        self._work, self._clock = work, clock
        self._lock = ProcessLock()
        self._last: tuple[float, T] | None = None

    def look(self) -> Look[T]:
        """Return the value; whatever *work* raises is raised, and not remembered."""
        with self._lock:
            now = self._clock()
            if self._last is None or now - self._last[0] >= MINUTE:
                self._last = now, self._work()
            at, value = self._last
        return Look(value, max(0.0, now - at))

    def forget(self) -> None:
        """Look again the next time: something was changed here."""
        with self._lock:
            self._last = None
