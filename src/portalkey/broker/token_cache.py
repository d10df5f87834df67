"""Access-token cache of this process: a cached token costs neither read nor decryption.

What another process does to a connection is noticed within one second. A store that counts its
commits is asked for the count no more than every ``POLL_INTERVAL`` seconds, for all connections
together. Where the count has moved, or where there is none, the row is read again; the token stays
open while it is still the one in the row.
"""

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from portalkey._support.clock import Clock
from portalkey._support.fork import renew_after_fork, renew_inherited
from portalkey._support.single_flight import FlightTimeout, SingleFlight
from portalkey._support.telemetry import Measured, Timer
from portalkey.broker import waiting
from portalkey.broker.caller_gate import CallerGate, GateClosed
from portalkey.broker.counters import Counters
from portalkey.model import expiry
from portalkey.model.connection import Connection
from portalkey.model.counters import CounterKind
from portalkey.vault.vault import Vault

if TYPE_CHECKING:
    from portalkey.broker.refresh import Refresh

POLL_INTERVAL = 0.05
"""Seconds for which the store's count of commits is not read again."""
REREAD = 1.0
"""Seconds for which a row is not read again where the store has no count of commits."""
MOST_TOKENS = 10_000
"""Tokens in the cache, at most."""
RETRY_EVERY = 5.0
"""Seconds between two background renewals of one connection that this process starts."""

FindConnection = Callable[[], Connection]
"""Reads the one connection that a caller means, or raises the error that says why not."""


@dataclass(frozen=True, slots=True)
class _Lookup:
    """A caller's question: owner and account, how to find the connection, when it gives up."""

    key: tuple[str, int | None]
    find: FindConnection
    until: float


@dataclass(slots=True, weakref_slot=True)
class CachedToken:
    """An open access token, and the moments by the cache's clock that end its use.

    There may be many, so it holds no more of the connection than is needed. Until ``until`` the
    token is served without a read; until ``good_until`` once the row has been read again. From
    ``renew_at`` on a renewal is started in the background. Whoever hands it out takes one step of
    ``takes``, which counts them.
    """

    token: str = field(repr=False)
    id: str
    generation: int
    scopes: tuple[str, ...] | None
    until: float
    good_until: float
    renew_at: float
    version: int | None
    takes: Iterator[int] = field(init=False, repr=False, compare=False)


class TokenCache:
    """Open access tokens by owner and account, checked and renewed as they are asked for."""

    def __init__(
        self,
        vault: Vault,
        refresh: "Refresh",
        clock: Clock,
        gate: CallerGate,
        counters: Counters,
    ) -> None:
        self._gate = gate
        self._counters = counters
        self._vault = vault
        self._refresh = refresh
        self._clock = clock
        self._reads: SingleFlight[CachedToken] = SingleFlight()
        self.cached: dict[tuple[str, int | None], CachedToken] = {}
        self._renew()
        renew_after_fork(self._renew)

    def _renew(self) -> None:
        self._version_lock = threading.Lock()
        self._version: tuple[int | None, float] = (None, float("-inf"))
        self._evictions = 0
        self.clear()

    def get(self, owner: str, hub_id: int | None, find: FindConnection) -> CachedToken:
        """Return the token of *owner*'s connection, checked against the row where that is due.

        Args:
            owner: Whose connection.
            hub_id: The account the caller named, if one was named.
            find: Reads the connection they mean.

        Raises:
            PersonMustAct, OperatorMustAct, TryLater: As ``Broker.access_token`` does.
        """
        renew_inherited()
        key = (owner, hub_id)
        cached = self.cached.get(key)
        now = self._clock()
        lookup = _Lookup(key, find, now + waiting.LONGEST)
        if cached is not None and now < cached.good_until:  # nobody waits for HubSpot
            return self._check_together(lookup)
        with Timer(Measured.TOKEN_WAIT):
            try:
                with self._gate.place(owner):
                    return self._check_together(lookup)
            except GateClosed as trouble:
                row = self._refresh.serve_living(find(), trouble)
                return self._open(row, self._clock(), None)

    def _check_together(self, lookup: _Lookup) -> CachedToken:
        if self._vault.store.is_personal:  # another request's connection is another visitor's
            return self._check(lookup)
        left = lookup.until - self._clock()
        try:
            name = repr((lookup.key, self._evictions))
            cached = self._reads.do(name, lambda: self._check(lookup), left)
        except FlightTimeout:
            raise waiting.late_error() from None
        # Only now: those who waited for this thread need not wait until another has started.
        now = self._clock()
        if now >= cached.renew_at:
            cached.renew_at = now + RETRY_EVERY
            self._refresh.refresh_in_background(cached)
        return cached

    def _check(self, lookup: _Lookup) -> CachedToken:
        """Serve the cached token on, if nothing was committed since; else read the row."""
        now = self._clock()
        version, version_until = self._read_version(now)
        cached = self.cached.get(lookup.key)
        is_unchanged = cached is not None and version is not None and cached.version == version
        if cached is None or not is_unchanged or now >= cached.good_until:
            cached = self._read_row(lookup, cached, now, version)
        reread_at = version_until if version is not None else now + REREAD
        cached.until = min(reread_at, cached.good_until)
        return cached

    def _read_row(
        self, lookup: _Lookup, cached: CachedToken | None, now: float, version: int | None
    ) -> CachedToken:
        """Read the row, and open its token unless that is cached; *now* is before the read."""
        evictions = self._evictions
        try:
            row = lookup.find()
            connection = self._refresh.ensure_fresh(row, lookup.until)
        except BaseException:
            self.cached.pop(lookup.key, None)
            raise
        if cached is not None and _is_same(cached, connection):
            cached.version, cached.scopes = version, connection.scopes
            cached.good_until = now + _good_for(connection)
            return cached
        if connection is not row:
            # As much later as the store's clock says, but not later than now.
            now = min(now + (connection.seen_at - row.seen_at).total_seconds(), self._clock())
        cached = self._open(connection, now, version)
        if not self._vault.store.is_personal and evictions == self._evictions:
            self._put(lookup.key, cached, now)
        return cached

    def _open(self, connection: Connection, now: float, version: int | None) -> CachedToken:
        cached = CachedToken(
            token=self._refresh.decrypt_access_token(connection),
            id=connection.id,
            generation=connection.generation,
            scopes=connection.scopes,
            until=now,
            good_until=now + _good_for(connection),
            renew_at=now + connection.seconds_left - expiry.window(connection),
            version=version,
        )
        cached.takes = self._counters.follow(connection.id, cached)
        return cached

    def _put(self, key: tuple[str, int | None], cached: CachedToken, now: float) -> None:
        if len(self.cached) >= MOST_TOKENS:
            self.sweep(now)
        if len(self.cached) >= MOST_TOKENS:
            for oldest in list(self.cached)[: MOST_TOKENS // 10]:
                self.cached.pop(oldest, None)
        self.cached[key] = cached

    def _read_version(self, now: float) -> tuple[int | None, float]:
        """Return the store's count of commits, and until when it need not be read again."""
        version = self._version
        if now < version[1]:
            return version
        with self._version_lock:
            if now >= self._version[1]:
                self._version = (self._vault.store.version(), now + POLL_INTERVAL)
            return self._version

    def replacement_for(self, refused: str, owner: str, find: FindConnection) -> str:
        """Return another token than the *refused* one, if there is one; raises as ``get``."""
        try:
            with self._gate.place(owner):
                token, row = self._replace(refused, find)
        except GateClosed as trouble:
            row = self._refresh.serve_living(find(), trouble)
            token = self._refresh.decrypt_access_token(row)
        finally:
            self.evict(owner)  # whatever came of it: what was refused is handed out no more
        self._counters.add(CounterKind.TOKEN_TAKEN, row.id)
        return token

    def _replace(self, refused: str, find: FindConnection) -> tuple[str, Connection]:
        until = self._clock() + waiting.LONGEST
        # From the row, as another thread may put the refused one into the cache again meanwhile.
        connection = self._refresh.ensure_fresh(find(), until)
        token = self._refresh.decrypt_access_token(connection)
        if token == refused:
            connection = self._refresh.force_refresh(connection, until)
            token = self._refresh.decrypt_access_token(connection)
        return token, connection

    def evict(self, owner: str) -> None:
        """Drop *owner*'s tokens, as something was done to a connection of theirs here.

        Whatever was read before is neither put into the cache nor waited for any more.
        """
        self._evictions += 1
        for key in [key for key in list(self.cached) if key[0] == owner]:
            self.cached.pop(key, None)

    def sweep(self, now: float) -> None:
        """Drop tokens that are past their use."""
        # A copy, which no other thread comes in between of: making pairs may collect garbage.
        for key, cached in self.cached.copy().items():
            if now >= cached.good_until:
                self.cached.pop(key, None)

    def clear(self) -> None:
        """Drop all tokens."""
        self.cached.clear()


def _good_for(connection: Connection) -> float:
    """Return for how many seconds the token may be served without a renewal."""
    left, spare = connection.seconds_left, expiry.margin(connection)
    return left - (spare if left > spare else expiry.LEAST)


def _is_same(cached: CachedToken, row: Connection) -> bool:
    return (cached.id, cached.generation) == (row.id, row.generation)
