"""The request under way, for an app's functions that are asked from within the pages."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from django.http import HttpRequest

_current: ContextVar[HttpRequest] = ContextVar("portalkey.request")


@contextmanager
def answering(request: HttpRequest) -> Iterator[None]:
    """Make *request* the one under way until the block ends."""
    before = _current.set(request)
    try:
        yield
    finally:
        _current.reset(before)


def current_request() -> HttpRequest:
    """Return the request under way."""
    return _current.get()
