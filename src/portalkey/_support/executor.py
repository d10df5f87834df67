"""Thread pool for blocking work of asynchronous callers."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import TypeVar

from portalkey._support.fork import renew_after_fork, renew_inherited

T = TypeVar("T")

AT_ONCE = 16
"""Most threads at once; further work waits for one."""


class Executor:
    """A pool of our own: on the event loop's threads a slow HubSpot would block the app's work."""

    def __init__(self) -> None:
        self._renew()
        renew_after_fork(self._renew)

    async def run_in_thread(self, work: Callable[[], T]) -> T:
        """Run *work* on a thread, and return its result while the event loop goes on."""
        renew_inherited()
        # In the caller's context, as the session store finds its request there.
        context = copy_context()
        return await asyncio.get_running_loop().run_in_executor(self._threads, context.run, work)

    def close(self) -> None:
        """Wait for the running work; the executor can be used again after that."""
        renew_inherited()
        self._threads.shutdown()
        self._renew()

    def _renew(self) -> None:
        self._threads = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="portalkey-async")
