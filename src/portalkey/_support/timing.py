"""Durations and results of refreshes and waits, for metrics.

Nothing is sent while nobody listens, and no value names an owner.
"""

import logging
from dataclasses import dataclass
from enum import StrEnum
from time import perf_counter

from blinker import Signal

log = logging.getLogger("portalkey")

OK = "ok"
INTERRUPTED = "interrupted"
"""Result of a block that no error of ours ended: a time limit, the end of the process."""


class Measured(StrEnum):
    """Names of the measurements."""

    REFRESH = "refresh"
    """One try to renew a connection's grant."""
    TOKEN_WAIT = "token_wait"  # noqa: S105 - a name
    """One caller's wait for a token that was not in this process's cache."""


@dataclass(frozen=True, slots=True)
class Measure:
    """A measurement in *seconds*, or None where the work never began.

    ``result`` is ``ok``, the code of an error, or ``interrupted``.
    """

    name: Measured
    seconds: float | None
    result: str


class Counted(StrEnum):
    """Names of the numbers of this process."""

    UNSAVED = "unsaved"
    """Grants that the store would not take, which are in memory only."""


@dataclass(frozen=True, slots=True)
class Count:
    """A *number* of this process, as it is by now."""

    name: Counted
    number: int


measured = Signal("portalkey-measured")
"""Sent after each measurement: ``measured.connect(receiver)``; the sender is the ``Measure``."""


counted = Signal("portalkey-counted")
"""Sent as a number changes: ``counted.connect(receiver)``; the sender is the ``Count``."""


class Timer:
    """Context manager that measures its ``with`` block; an error of the block is its result."""

    def __init__(self, name: Measured) -> None:
        self._name = name
        self._began = 0.0

    def __enter__(self) -> None:
        """Start the clock."""
        self._began = perf_counter()

    def __exit__(self, _: object, error: BaseException | None, __: object) -> None:
        """Send the measure to the receivers."""
        send_measure(self._name, perf_counter() - self._began, error)


def send_measure(name: Measured, seconds: float | None, error: BaseException | None) -> None:
    """Send a measure to the receivers of ``measured``; a receiver's mistake is logged only."""
    if not measured.receivers:
        return
    try:
        measured.send(Measure(name, seconds, outcome(error)))
    except Exception:
        log.exception("a receiver of %s failed", name)


def send_count(name: Counted, number: int) -> None:
    """Send a number to the receivers of ``counted``; a receiver's mistake is logged only."""
    try:
        counted.send(Count(name, number))
    except Exception:
        log.exception("a receiver of %s failed", name)


def outcome(error: BaseException | None) -> str:
    """Return the result in a word: ``ok``, the code of *error*, or ``interrupted``."""
    if error is None:
        return OK
    code = getattr(type(error), "code", None)  # of the class: a SystemExit has another
    return code if isinstance(code, str) else INTERRUPTED
