"""ASGI servers, each in a thread of this process and on a port of its own."""

import asyncio
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any

import uvicorn
from hypercorn.asyncio import serve
from hypercorn.config import Config

from support.patience import PATIENCE
from support.ports import wait_for_port

Serve = Callable[[Any, int], Any]


@contextmanager
def uvicorn_serving(app: Any, port: int, *, root_path: str = "") -> Iterator[None]:
    """Serve *app* by uvicorn, lifespan and all, until the block ends."""
    config = uvicorn.Config(
        app,
        host="127.0.0.1",
        port=port,
        lifespan="on",
        log_config=None,
        ws="none",
        root_path=root_path,
        # Chromium leaves connections open.
        timeout_graceful_shutdown=1,
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        wait_for_port(port, thread.is_alive)
        yield
    finally:
        server.should_exit = True
        thread.join(PATIENCE)


@contextmanager
def hypercorn_serving(app: Any, port: int, *, root_path: str = "") -> Iterator[None]:
    """Serve *app* by hypercorn likewise."""
    config = Config.from_mapping(
        bind=[f"127.0.0.1:{port}"], root_path=root_path, graceful_timeout=1, loglevel="ERROR"
    )
    loop, ended = asyncio.new_event_loop(), asyncio.Event()

    async def until_ended() -> None:
        await ended.wait()

    def run() -> None:
        asyncio.set_event_loop(loop)
        shutdown: Callable[..., Awaitable[None]] = until_ended
        loop.run_until_complete(serve(app, config, shutdown_trigger=shutdown))
        loop.close()

    thread = threading.Thread(target=run)
    thread.start()
    try:
        wait_for_port(port, thread.is_alive)
        yield
    finally:
        loop.call_soon_threadsafe(ended.set)
        thread.join(PATIENCE)
