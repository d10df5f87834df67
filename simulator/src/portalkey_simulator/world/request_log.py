"""What was asked of the API endpoints."""

import threading
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Asked:
    """One request and the HTTP ``status`` it was answered with, which is 0 where none was sent.

    ``at`` is in seconds since 1970 in UTC, by the simulated clock. Header names are in lower case.
    Form and headers hold secrets, so a ``repr`` leaves them out.
    """

    method: str
    path: str
    form: Mapping[str, str] = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    status: int
    at: float = 0


MOST_KEPT = 10_000
"""So many of the last requests are kept."""


class Record:
    """The last requests, oldest first."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._asked: deque[Asked] = deque(maxlen=MOST_KEPT)
        self._noted = 0

    @property
    def asked(self) -> tuple[Asked, ...]:
        """The last requests, ``MOST_KEPT`` at most, oldest first."""
        return self.numbered[1]

    @property
    def numbered(self) -> tuple[int, tuple[Asked, ...]]:
        """How many there were before the oldest that is kept, and those that are kept."""
        with self._lock:
            return self._noted - len(self._asked), tuple(self._asked)

    def add(self, asked: Asked) -> None:
        """Note one request."""
        with self._lock:
            self._asked.append(asked)
            self._noted += 1

    def clear(self) -> None:
        """Forget them."""
        with self._lock:
            self._asked.clear()
            self._noted = 0


class Pause:
    """Lets time pass on the wall, less where the simulator is being stopped."""

    def __init__(self) -> None:
        self._closing = threading.Event()

    def wait(self, seconds: float) -> None:
        """Let *seconds* pass."""
        if seconds > 0:
            self._closing.wait(seconds)

    def open(self) -> None:
        """Pauses count from now on."""
        self._closing.clear()

    def close(self) -> None:
        """End every pause, so that nobody waits for a simulator that stops."""
        self._closing.set()
