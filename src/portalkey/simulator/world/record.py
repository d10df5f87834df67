"""What was asked of the API endpoints."""

import threading
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


class Record:
    """Requests so far, oldest first."""

    def __init__(self) -> None:
        self._asked: list[Asked] = []

    @property
    def asked(self) -> tuple[Asked, ...]:
        """Every request so far, oldest first."""
        return tuple(self._asked)

    def add(self, asked: Asked) -> None:
        """Note one request."""
        self._asked.append(asked)

    def clear(self) -> None:
        """Forget them."""
        self._asked.clear()


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
