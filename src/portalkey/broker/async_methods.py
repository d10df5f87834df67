"""Methods of the Broker for event loops: each does in a thread what its brother does at once."""

from abc import abstractmethod
from collections.abc import Iterable, Mapping
from functools import partial

from portalkey._support.clock import Clock
from portalkey._support.executor import Executor
from portalkey.broker.token_cache import CachedToken


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
