"""Methods of the Broker for event loops: each does in a thread what its brother does at once."""

import asyncio
from abc import abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from functools import partial
from typing import TypeVar

from portalkey._support.clock import Clock
from portalkey._support.fork import renew_after_fork, renew_inherited
from portalkey.broker.token_cache import CachedToken
from portalkey.model.connection import Connection

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


class AsyncMethods:
    """The Broker's methods that may be awaited."""

    _cached: Mapping[tuple[str, int | None], CachedToken]
    _clock: Clock
    _executor: Executor

    @abstractmethod
    def access_token(
        self, owner: str, hub_id: int | None = None, scopes: Iterable[str] = ()
    ) -> str:
        """Return a valid access token; see ``Broker.access_token``."""

    @abstractmethod
    def report_unauthorized(self, owner: str, token: str, hub_id: int | None = None) -> str:
        """Return the token to try again with; see ``Broker.report_unauthorized``."""

    @abstractmethod
    def connections(self, owner: str) -> Sequence[Connection]:
        """Return *owner*'s connections; see ``Broker.connections``."""

    async def access_token_async(
        self, owner: str, hub_id: int | None = None, scopes: Iterable[str] = ()
    ) -> str:
        """As ``access_token``; the event loop goes on while the disk or HubSpot is waited for."""
        cached = self._cached.get((owner, hub_id))
        if cached is not None and self._clock() < cached.until:
            return self.access_token(owner, hub_id, scopes)
        work = partial(self.access_token, owner, hub_id, scopes)
        return await self._executor.run_in_thread(work)

    async def report_unauthorized_async(
        self, owner: str, token: str, hub_id: int | None = None
    ) -> str:
        """As ``report_unauthorized``; the event loop goes on while HubSpot is waited for."""
        work = partial(self.report_unauthorized, owner, token, hub_id)
        return await self._executor.run_in_thread(work)

    async def connections_async(self, owner: str) -> Sequence[Connection]:
        """As ``connections``; the event loop goes on while the store is waited for."""
        return await self._executor.run_in_thread(partial(self.connections, owner))
