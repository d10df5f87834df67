"""OpenTelemetry spans, where the app has loaded it; elsewhere they import and cost nothing.

A span names the work, its result, and its attempt or connection. It never names the owner, and
holds no text of an error, no header and no body.
"""

import logging
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from typing import Any, Self

from portalkey._support.timing import OK, outcome

ATTEMPT, CONNECTION = "portalkey.attempt_id", "portalkey.connection_id"
RESULT = "portalkey.result"
"""``ok``, a status, or the code of an error."""

Attributes = Mapping[str, str | int]

log = logging.getLogger("portalkey")


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
