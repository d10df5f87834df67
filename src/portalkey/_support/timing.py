"""How long things took and what came of them, for metrics; events tell only what is news.

Nothing is measured while nobody listens, and no value says whose it is.
"""

import logging
from dataclasses import dataclass
from enum import StrEnum
from time import perf_counter

from blinker import Signal

log = logging.getLogger("portalkey")

OK = "ok"
INTERRUPTED = "interrupted"
"""Something else than an error of ours ended it: a time limit, the end of the process."""


class Measured(StrEnum):
    """What is measured."""

    REFRESH = "refresh"
    """One try at renewing a connection's grant."""
    TOKEN_WAIT = "token_wait"  # noqa: S105 - a name
    """One caller's wait for a token that was not open in this process."""


@dataclass(frozen=True, slots=True)
class Measure:
    """It took so many *seconds*, or None where it never came to that.

    ``result`` is ``ok``, the code of an error, or ``interrupted``.
    """

    name: Measured
    seconds: float | None
    result: str


measured = Signal("portalkey-measured")
"""Sent after each measurement: ``measured.connect(receiver)``; the sender is the ``Measure``."""


class Timer:
    """Measures its ``with`` block; what the block raises is what comes of it."""

    def __init__(self, name: Measured) -> None:
        self._name = name
        self._began = 0.0

    def __enter__(self) -> None:
        """Begin."""
        self._began = perf_counter()

    def __exit__(self, _: object, error: BaseException | None, __: object) -> None:
        """Tell whoever listens."""
        report(self._name, perf_counter() - self._began, error)


def report(name: Measured, seconds: float | None, error: BaseException | None) -> None:
    """Send a measure to the receivers of ``measured``; a receiver's mistake is logged only."""
    if not measured.receivers:
        return
    try:
        measured.send(Measure(name, seconds, outcome(error)))
    except Exception:
        log.exception("a receiver of %s failed", name)


def outcome(error: BaseException | None) -> str:
    """What came of something, in a word: the code of *error*, where it has one."""
    if error is None:
        return OK
    code = getattr(type(error), "code", None)  # of the class: a SystemExit has one of its own
    return code if isinstance(code, str) else INTERRUPTED
