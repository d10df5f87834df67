"""Requests to the API endpoints."""

import threading
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class LoggedRequest:
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
"""The number of requests that are kept, the last ones."""


class RequestLog:
    """The last requests, oldest first."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._requests: deque[LoggedRequest] = deque(maxlen=MOST_KEPT)
        self._count = 0

    @property
    def requests(self) -> tuple[LoggedRequest, ...]:
        """The last requests, ``MOST_KEPT`` at most, oldest first."""
        return self.numbered_requests[1]

    @property
    def numbered_requests(self) -> tuple[int, tuple[LoggedRequest, ...]]:
        """The number of requests that are no longer here, and those that are."""
        with self._lock:
            return self._count - len(self._requests), tuple(self._requests)

    def add(self, logged: LoggedRequest) -> None:
        """Note one request."""
        with self._lock:
            self._requests.append(logged)
            self._count += 1

    def clear(self) -> None:
        """Forget them."""
        with self._lock:
            self._requests.clear()
            self._count = 0


class Pause:
    """Lets time pass on the wall, less where the simulator is being stopped."""

    def __init__(self) -> None:
        self._closing = threading.Event()

    def wait(self, seconds: float) -> None:
        """Let *seconds* pass."""
        if seconds > 0:
            self._closing.wait(seconds)

    def open(self) -> None:
        """Let pauses take their time from now on."""
        self._closing.clear()

    def close(self) -> None:
        """End every pause, so that nobody waits for a simulator that stops."""
        self._closing.set()
