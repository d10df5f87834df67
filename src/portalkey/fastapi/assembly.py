"""Hooks of an app that is being made: its middleware, its lifespan, and its static files."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import anyio.to_thread
from starlette.applications import Starlette
from starlette.types import ASGIApp, Receive, Scope, Send

from portalkey.web.cookie_headers import join_cookies
from portalkey.web.rendering import FindStaticFile

if TYPE_CHECKING:
    from portalkey.broker.broker import Broker

STATIC = "static"
"""Name of the mount that serves the app's own files."""


def require_unstarted(app: Starlette) -> None:
    """Raise where *app* has answered already: what it is made of is complete then.

    Raises:
        RuntimeError: It has.
    """
    if app.middleware_stack is not None:
        raise RuntimeError("This app has answered already; register with it where it is made.")


def wrap_stack(app: Starlette, complete: Callable[[ASGIApp], ASGIApp]) -> None:
    """Let *complete* wrap all of the app's middleware, in whichever order it is added.

    The app's own sessions get all cookies then, too.
    """
    build = app.build_middleware_stack
    app.build_middleware_stack = lambda: _CookieMiddleware(complete(build()))  # type: ignore[method-assign]


class _CookieMiddleware:
    """Wraps an app, which gets one header with all cookies."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer like the app."""
        if "headers" in scope:
            scope["headers"] = join_cookies(scope["headers"])
        await self._app(scope, receive, send)


def close_at_end(app: Starlette, broker: "Broker") -> None:
    """Close *broker* at the end of the app's lifespan, after what the app itself does there."""
    own: Callable[[Any], Any] = app.router.lifespan_context

    @asynccontextmanager
    async def lifespan(started: Any) -> AsyncIterator[Any]:  # noqa: ANN401 - as the app has it
        try:
            async with own(started) as state:
                yield state
        finally:
            await anyio.to_thread.run_sync(broker.close)

    app.router.lifespan_context = lifespan


def make_find_static_file(app: Starlette, root: str) -> FindStaticFile:
    """Return what finds the address of a file that *app* serves by a mount named ``static``.

    *root* is the path that the app is served below.
    """
    return lambda name: f"{root}{app.url_path_for(STATIC, path=name)}"
