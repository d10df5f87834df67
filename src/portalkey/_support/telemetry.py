"""Telemetry: durations and results of refreshes and waits for metrics, and spans for traces.

Nothing is measured while nobody listens, and spans are OpenTelemetry's, where the app has loaded
it; elsewhere they import and cost nothing. Neither names an owner, or holds a secret, a header, a
body or the text of an error.
"""

import logging
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from time import perf_counter
from typing import Any, Self

from blinker import Signal

log = logging.getLogger("portalkey")

ATTEMPT, CONNECTION = "portalkey.attempt_id", "portalkey.connection_id"
RESULT = "portalkey.result"
"""``ok``, a status, or the code of an error."""

Attributes = Mapping[str, str | int]

OK = "ok"
INTERRUPTED = "interrupted"
"""Result of a block that no error of ours ended: a time limit, the end of the process."""


class Measured(StrEnum):
    """Names of the measurements."""

    REFRESH = "refresh"
    """One try to renew a connection's grant."""
    TOKEN_WAIT = "token_wait"  # noqa: S105 - a name
    """One caller's wait for a token that was not in this process's cache."""
    LOOK = "look"
    """One look of the sweep at an idle connection; its result is what came of it."""


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
    send_result(name, seconds, outcome(error))


def send_result(name: Measured, seconds: float | None, result: str) -> None:
    """Send a measure of this *result* to the receivers of ``measured``, as ``send_measure``."""
    if not measured.receivers:
        return
    try:
        measured.send(Measure(name, seconds, result))
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


class Span:
    """Context manager for a span around its ``with`` block, below the current span.

    An error of the block becomes its result, as a code. Trouble in OpenTelemetry is logged only.
    """

    def __init__(
        self, name: str, about: Attributes | None = None, *, is_request: bool = False
    ) -> None:
        """Prepare the span; it begins with the block.

        Args:
            name: The name of the work.
            about: Attributes that are known beforehand.
            is_request: True where another server is asked.
        """
        self._name, self._about, self._is_request = name, dict(about or {}), is_request
        self._error: str | None = None
        self._opened: tuple[Any, Any] | None = None

    def note(self, about: Attributes, *, error: str | None = None) -> None:
        """Add attributes, and the code of an *error* that is not raised."""
        self._about |= about
        self._error = error

    def __enter__(self) -> Self:
        """Begin the span, if the app has loaded OpenTelemetry."""
        if "opentelemetry.trace" in sys.modules:
            with _harmless():
                self._open()
        return self

    def _open(self) -> None:
        from opentelemetry import context, trace  # noqa: PLC0415 - loaded already

        kind = trace.SpanKind.CLIENT if self._is_request else trace.SpanKind.INTERNAL
        span = _tracer().start_span(self._name, kind=kind, attributes=dict(self._about))
        self._opened = span, context.attach(trace.set_span_in_context(span))

    def __exit__(self, _: object, error: BaseException | None, __: object) -> None:
        """End the span."""
        if self._opened is not None:
            with _harmless():
                self._close(*self._opened, error)

    def _close(self, span: Any, token: Any, error: BaseException | None) -> None:  # noqa: ANN401 - its own
        from opentelemetry import context, trace  # noqa: PLC0415 - loaded already

        context.detach(token)
        code = self._error if error is None else outcome(error)
        span.set_attributes({RESULT: code or OK, **self._about})
        if code is not None:
            span.set_status(trace.StatusCode.ERROR, code)
        span.end()


@cache
def _tracer() -> Any:  # noqa: ANN401 - OpenTelemetry's own
    from opentelemetry import trace  # noqa: PLC0415 - loaded already

    return trace.get_tracer("portalkey")


@contextmanager
def _harmless() -> Iterator[None]:
    try:
        yield
    except Exception:
        log.exception("a span failed")
