"""Threads that wait in place of an event loop's callers."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import TypeVar

from portalkey._support.fork import renew_after_fork

T = TypeVar("T")

AT_ONCE = 16
"""So many wait at once; the others stand in line."""


class Executor:
    """Not the event loop's own threads: a slow HubSpot would keep everybody else from them."""

    def __init__(self) -> None:
        self._renew()
        renew_after_fork(self._renew)

    async def run_in_thread(self, work: Callable[[], T]) -> T:
        """What *work* returns or raises; the event loop goes on meanwhile."""
        # In the caller's context: a store of sessions finds its request there.
        context = copy_context()
        return await asyncio.get_running_loop().run_in_executor(self._threads, context.run, work)

    def close(self) -> None:
        """Wait for what is under way; more can be asked after that."""
        self._threads.shutdown()
        self._renew()

    def _renew(self) -> None:
        self._threads = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="portalkey-asker")
