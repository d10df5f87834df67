"""Circuit breaker of what HubSpot says of the app to this process.

A wrong client secret, an API version that HubSpot does not have, an address that its edge blocks:
that is this process's settings or its machine's, and others may have the right ones. So nothing of
it is written where all processes read: no row waits, and the shared throttle is not told. The owner
who met it waits here; where several owners met it, and nobody was answered meanwhile, nothing is
begun here for a while: no lease is taken that a healthy process could use, and no code is spent.
Callers hear at once that it is the operator's. One request at a time tries again, and the first
that HubSpot answers closes the breaker.
"""

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass

from portalkey._support.clock import Clock
from portalkey._support.fork import renew_after_fork, renew_inherited
from portalkey.broker.waiting import Uniform
from portalkey.errors import HubSpotRefused, PersonMustAct
from portalkey.hubspot.errors import failure
from portalkey.hubspot.http import Request, Response, Send

log = logging.getLogger("portalkey")

OWNERS = 3
"""Owners who open the breaker, where HubSpot answered nobody in between."""
FIRST_WAIT, LONGEST_WAIT = 10.0, 60.0
"""Seconds that an owner waits, and the breaker until the next try: each twice the one before."""
PROBE_LOST = 15.0
"""Seconds after which a try has come to nothing."""
MOST_OWNERS = 1000
"""Owners who are remembered."""


@dataclass(frozen=True, slots=True)
class _Wait:
    trouble: HubSpotRefused
    until: float
    times: int


class AppBreaker:
    """Sends requests, and knows whether HubSpot accepts the app from here."""

    def __init__(
        self,
        send: Send,
        check: Callable[[], None],
        *,
        clock: Clock,
        uniform: Uniform,
        on_refused: Callable[[HubSpotRefused], object],
    ) -> None:
        """Begin closed.

        Args:
            send: Sends one request to HubSpot.
            check: Returns where HubSpot can be reached from here.
            clock: Counts seconds.
            uniform: Spreads the tries of many processes.
            on_refused: Is told of each refusal.
        """
        self._send = send
        self._check_way = check
        self._clock = clock
        self._uniform = uniform
        self._on_refused = on_refused
        self._renew()
        renew_after_fork(self._renew)

    def _renew(self) -> None:
        """Begin closed: a forked child finds out for itself."""
        self._lock = threading.Lock()
        self._waits: dict[str | None, _Wait] = {}
        self._witnesses: set[str | None] = set()
        self._open: _Wait | None = None

    @property
    def is_open(self) -> bool:
        """True while HubSpot is known to refuse the app here."""
        return self._open is not None

    def check(self, owner: str | None = None) -> None:
        """Return where a request for *owner* may be begun.

        Call it before a lease is taken or a code is spent.

        Raises:
            HubSpotRefused: HubSpot refused the app a moment ago. Nothing was sent.
            HubSpotUnavailable, HubSpotUnreachable: As the check of the way does.
        """
        self._check_way()
        renew_inherited()
        now = self._clock()
        for wait in (self._open, self._waits.get(owner)):
            if wait is not None and now < wait.until:
                raise _refusal(wait, now)

    def send(self, request: Request) -> Response:
        """Send *request* and return the response, whatever its status.

        Raises:
            HubSpotRefused: The breaker is open, and nothing was sent.
            PortalkeyError: As the way does.
        """
        if "client_secret" not in request.form:
            return self._send(request)
        renew_inherited()
        self._begin_try()
        response = self._send(request)
        trouble = None if response.status // 100 == 2 else failure(response)  # noqa: PLR2004
        if isinstance(trouble, HubSpotRefused) and trouble.of_app:
            self._record_refusal(request.owner, trouble)
        elif trouble is None or isinstance(trouble, PersonMustAct):
            self._record_answer(request.owner)
        return response

    def _begin_try(self) -> None:
        """Let everybody else wait for the outcome of one try, while the breaker is open."""
        now = self._clock()
        with self._lock:
            if self._open is None:
                return
            if now < self._open.until:
                raise _refusal(self._open, now)
            self._open = _Wait(self._open.trouble, now + PROBE_LOST, self._open.times)

    def _record_refusal(self, owner: str | None, trouble: HubSpotRefused) -> None:
        with self._lock:
            if len(self._waits) >= MOST_OWNERS:
                self._waits.clear()
            self._waits[owner] = self._next(self._waits.get(owner), trouble)
            self._witnesses.add(owner)
            if self._open is not None or len(self._witnesses) >= OWNERS:
                if self._open is None:
                    log.error("HubSpot is not asked from here for a while: %s", trouble)
                self._open = self._next(self._open, trouble)
        self._on_refused(trouble)

    def _next(self, before: _Wait | None, trouble: HubSpotRefused) -> _Wait:
        times = before.times + 1 if before is not None else 0
        seconds = min(FIRST_WAIT * 2 ** min(times, 16), LONGEST_WAIT) * self._uniform(0.5, 1.0)
        return _Wait(trouble, self._clock() + seconds, times)

    def _record_answer(self, owner: str | None) -> None:
        if not self._waits:
            return
        with self._lock:
            self._witnesses.clear()
            self._waits.pop(owner, None)
            if self._open is not None:
                log.info("HubSpot accepts the app again")
                self._open = None
                self._waits.clear()


def _refusal(wait: _Wait, now: float) -> HubSpotRefused:
    refusal = HubSpotRefused(
        f"{wait.trouble} It is asked again in {max(1.0, wait.until - now):.0f} seconds.",
        status=wait.trouble.status,
        of_app=True,
    )
    refusal.is_local = True
    return refusal
