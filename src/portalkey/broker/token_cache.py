"""The tokens that are open in this process: handing one out again touches neither disk nor seal.

What another process does to a connection is seen within one second. A store that counts its commits
is asked for the count no more than every ``POLL_INTERVAL`` seconds, for all connections together.
Where the count has moved, or where there is none, the row is read again; the token stays open while
it is still the one in the row.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from portalkey._support.clock import Clock
from portalkey._support.fork import ProcessLock, renew_after_fork
from portalkey._support.single_flight import SingleFlight
from portalkey._support.timing import Measured, Timer
from portalkey.broker.refresh import Refresh
from portalkey.model import expiry as due
from portalkey.model.connection import Connection
from portalkey.vault.vault import Vault

POLL_INTERVAL = 0.05
"""Seconds for which the store's count of commits is taken to stand still."""
REREAD = 1.0
"""Seconds for which a row is taken to stand still where the store has no count."""
LONGEST = 10_000
"""So many tokens are open at once, at most."""
TRY_EVERY = 5.0
"""Seconds between two tries of one process to renew a connection in the background."""

Named = Callable[[], Connection]
"""Reads the one connection that a caller means, or raises why there is none."""


@dataclass(slots=True)
class CachedToken:
    """An open token, whose it is, and the moments by our clock that end its use.

    There may be many, so no more of the connection is kept than is asked for. Until ``until`` the
    token is handed out unlooked at; until ``good_until`` once the row has been looked at. From
    ``ahead_at`` on a renewal is started in the background.
    """

    token: str = field(repr=False)
    id: str
    generation: int
    scopes: tuple[str, ...]
    until: float
    good_until: float
    ahead_at: float
    version: int | None


class TokenCache:
    """Open tokens by whose they are, checked and renewed as they are asked for."""

    def __init__(self, vault: Vault, refresh: Refresh, clock: Clock) -> None:
        self._vault = vault
        self._refresh = refresh
        self._clock = clock
        self._looks: SingleFlight[CachedToken] = SingleFlight()
        self._pulse_lock = ProcessLock()
        self._pulse: tuple[int | None, float] = (None, 0.0)
        self.cached: dict[tuple[str, int | None], CachedToken] = {}
        renew_after_fork(self.clear)

    def get(self, owner: str, hub_id: int | None, named: Named) -> CachedToken:
        """The token of *owner*'s connection, looked at as far as it is due.

        Args:
            owner: Whose connection.
            hub_id: The account the caller named, if one was named.
            named: Reads the connection they mean.

        Raises:
            PersonMustAct, OperatorMustAct, TryLater: As ``Broker.access_token`` does.
        """
        key = (owner, hub_id)
        hot = self.cached.get(key)
        if hot is not None and self._clock() < hot.good_until:  # it is open, and only looked at
            return self._found(key, named)
        with Timer(Measured.TOKEN_WAIT):
            return self._found(key, named)

    def _found(self, key: tuple[str, int | None], named: Named) -> CachedToken:
        if self._vault.store.is_personal:  # what another request finds is another visitor's
            return self._looked_at(key, named)
        hot = self._looks.do(repr(key), lambda: self._looked_at(key, named))
        # Only now: whoever waited for us need not wait until a thread has started.
        now = self._clock()
        if now >= hot.ahead_at:
            self._renew_ahead(hot, now)
        return hot

    def _looked_at(self, key: tuple[str, int | None], named: Named) -> CachedToken:
        now = self._clock()
        version, pulse_until = self._current(now)
        hot = self.cached.get(key)
        is_counted = hot is not None and version is not None and hot.version == version
        if hot is None or not is_counted or now >= hot.good_until:
            hot = self._read(key, named, hot, now, version)
        hot.until = min(pulse_until if version is not None else now + REREAD, hot.good_until)
        return hot

    def _read(
        self,
        key: tuple[str, int | None],
        named: Named,
        hot: CachedToken | None,
        now: float,
        version: int | None,
    ) -> CachedToken:
        """The token in the row as it stands; counted from before the row was read."""
        try:
            seen = named()
            connection = self._refresh.ensure_fresh(seen)
        except BaseException:
            self.cached.pop(key, None)
            raise
        if hot is not None and _is_same(hot, connection):
            hot.version, hot.scopes = version, connection.scopes
            hot.good_until = now + _good_for(connection)
            return hot
        if connection is not seen:
            # As much later as the store's clock says, but not later than now.
            now = min(now + (connection.seen_at - seen.seen_at).total_seconds(), self._clock())
        opened = self._open(connection, now, version)
        if not self._vault.store.is_personal:
            self._keep(key, opened, now)
        return opened

    def _open(self, connection: Connection, now: float, version: int | None) -> CachedToken:
        return CachedToken(
            token=self._refresh.decrypt_access_token(connection),
            id=connection.id,
            generation=connection.generation,
            scopes=connection.scopes,
            until=now,
            good_until=now + _good_for(connection),
            ahead_at=now + connection.seconds_left - due.window(connection),
            version=version,
        )

    def _keep(self, key: tuple[str, int | None], hot: CachedToken, now: float) -> None:
        if len(self.cached) >= LONGEST:
            self.sweep(now)
        if len(self.cached) >= LONGEST:
            for oldest in list(self.cached)[: LONGEST // 10]:
                self.cached.pop(oldest, None)
        self.cached[key] = hot

    def _renew_ahead(self, hot: CachedToken, now: float) -> None:
        hot.ahead_at = now + TRY_EVERY
        self._refresh.refresh_in_background(hot)

    def _current(self, now: float) -> tuple[int | None, float]:
        """The store's count of commits, and until when it is taken for that."""
        pulse = self._pulse
        if now < pulse[1]:
            return pulse
        with self._pulse_lock:
            if now >= self._pulse[1]:
                self._pulse = (self._vault.store.version(), now + POLL_INTERVAL)
            return self._pulse

    def replacement_for(self, refused: str, owner: str, named: Named) -> str:
        """Another token than the *refused* one, if that can be had; raises as ``get`` does."""
        # From the row: another thread may keep the refused one open again meanwhile.
        connection = self._refresh.ensure_fresh(named())
        current = self._refresh.decrypt_access_token(connection)
        if current == refused:
            current = self._refresh.decrypt_access_token(self._refresh.force_refresh(connection))
        self.forget(owner)
        return current

    def forget(self, owner: str) -> None:
        """Close *owner*'s tokens: something was done to a connection of theirs here."""
        for key in [key for key in list(self.cached) if key[0] == owner]:
            self.cached.pop(key, None)

    def sweep(self, now: float) -> None:
        """Close what is past its use."""
        for key, hot in list(self.cached.items()):
            if now >= hot.good_until:
                self.cached.pop(key, None)

    def clear(self) -> None:
        """Close all."""
        self.cached.clear()


def _good_for(connection: Connection) -> float:
    """For how many seconds the token may be handed out without asking for another."""
    left, spare = connection.seconds_left, due.margin(connection)
    return left - (spare if left > spare else due.LEAST)


def _is_same(before: CachedToken, now: Connection) -> bool:
    return (before.id, before.generation) == (now.id, now.generation)
