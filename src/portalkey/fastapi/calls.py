"""The app's own functions, called on a thread; what they want awaited is, on the app's event loop.

A function that waits, for a database or another service, holds up its own request and no other. One
that is ``async`` finds its connections where they belong, on the loop that serves the app.
"""

import inspect
from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from typing import Any, TypeVar

import anyio
import anyio.from_thread
import anyio.lowlevel
import anyio.to_thread
from starlette.requests import Request

T = TypeVar("T")

AT_ONCE = 40
"""Most requests of ours at once on threads; they are not those of the app's own plain views, so
that a slow HubSpot or store holds up none of them."""

_threads: anyio.lowlevel.RunVar[anyio.CapacityLimiter] = anyio.lowlevel.RunVar("portalkey_threads")
_request: ContextVar[Request] = ContextVar("portalkey_request")


class AwaitedTooLate(RuntimeError):
    """An async owner cannot be asked on the event loop while a template is rendered there; write
    `await hubspot.prepare(request)` before it, or `def` instead of `async def`.
    """

    def __init__(self) -> None:
        super().__init__(" ".join((type(self).__doc__ or "").split()))


async def run_in_thread(request: Request, work: Callable[[], T]) -> T:
    """Return what *work* returns on a thread, where the app's functions are given *request*."""

    def run() -> T:
        _request.set(request)
        return work()

    return await anyio.to_thread.run_sync(run, limiter=_find_threads())


def current_request() -> Request:
    """Return the request that is being answered on this thread."""
    return _request.get()


def call(function: Callable[..., Any], *arguments: object) -> Any:  # noqa: ANN401 - as the app has it
    """Return what *function* returns, or what that is awaited to.

    Raises:
        AwaitedTooLate: That has to be awaited, and this is the event loop.
    """
    result = function(*arguments)
    return _wait_for(result) if inspect.isawaitable(result) else result


def bind(function: Callable[..., Any] | None) -> Callable[..., Any] | None:
    """Return *function* as one that is given the current request by itself."""
    if function is None:
        return None
    return lambda *arguments: call(function, current_request(), *arguments)


def bind_text(text: str | Callable[..., Any] | None) -> str | Callable[..., Any] | None:
    """Return the same, where it may be a mere *text*."""
    return text if isinstance(text, str) else bind(text)


def _wait_for(result: Awaitable[T]) -> T:
    has_begun = False

    async def wait() -> T:
        nonlocal has_begun
        has_begun = True
        return await result

    try:
        return anyio.from_thread.run(wait)
    except RuntimeError:
        if has_begun:
            raise
        if inspect.iscoroutine(result):
            result.close()
        raise AwaitedTooLate from None


def _find_threads() -> anyio.CapacityLimiter:
    """Return the limiter of this event loop."""
    try:
        return _threads.get()
    except LookupError:
        limiter = anyio.CapacityLimiter(AT_ONCE)
        _threads.set(limiter)
        return limiter
