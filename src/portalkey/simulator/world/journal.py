"""What was asked of the API endpoints, and what they are told to answer next."""

import threading
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Asked:
    """One request and the HTTP ``status`` it was answered with.

    Header names are in lower case. Form and headers hold secrets, so a ``repr`` leaves them out.
    """

    method: str
    path: str
    form: Mapping[str, str] = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    status: int


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer laid down in advance.

    Where ``status`` is None the endpoint answers as ever, only after ``delay`` seconds: the work
    is done at once and the answer is late.
    """

    status: int | None
    body: bytes
    headers: Mapping[str, str]
    delay: float


class Journal:
    """Requests so far, oldest first, and answers to come."""

    def __init__(self) -> None:
        self._asked: list[Asked] = []
        self._answers: deque[Answer] = deque()
        self._closing = threading.Event()

    @property
    def asked(self) -> tuple[Asked, ...]:
        """Every request so far, oldest first."""
        return tuple(self._asked)

    def add(self, asked: Asked) -> None:
        """Note one request."""
        self._asked.append(asked)

    def script(self, answer: Answer) -> None:
        """Lay down an answer; several are given in their order."""
        self._answers.append(answer)

    def next_answer(self) -> Answer | None:
        """Take the next answer laid down, if any."""
        try:
            return self._answers.popleft()
        except IndexError:
            return None

    def wait(self, seconds: float) -> None:
        """Let *seconds* pass, less where the simulator is being stopped."""
        self._closing.wait(seconds)

    def open(self) -> None:
        """Delays count from now on."""
        self._closing.clear()

    def close(self) -> None:
        """End every delay, so that nobody waits for a simulator that stops."""
        self._closing.set()
