"""Circuit breaker of this process's own way to HubSpot.

What only this process meets on the way there (no name, no connection, no TLS) is this machine's
trouble: the throttle, which all machines share, is not told. After a few such failures in a row, or
one that took long, or as many owners whose requests nobody answered in time, nothing is begun here
for a while: no lease is taken that a healthy machine could use, no code is spent, and no caller
waits. What is certain (a certificate that is not trusted, a proxy that refuses) opens it at once,
and it is the operator's: callers hear that, as they do of what has lasted for minutes.

Where nothing reaches HubSpot, a request without meaning is sent now and then, on a thread of its
own. Where HubSpot hangs, one caller at a time tries with what it wants anyway, as the server that
answers first may not be the one that hangs. The first answer of any status closes the breaker.
"""

import logging
import threading
from enum import Enum

from portalkey._support.background import Background
from portalkey._support.clock import Clock
from portalkey._support.fork import renew_after_fork, renew_inherited
from portalkey.broker.waiting import Uniform
from portalkey.errors import HubSpotUnavailable, HubSpotUnreachable, PortalkeyError
from portalkey.hubspot.http import Request, Response, Send

log = logging.getLogger("portalkey")

IN_A_ROW = 3
"""Failures in a row that open the breaker; of those that took too long, so many owners'."""
COSTLY = 3.0
"""Seconds of a failure that opens it at once: for so long others waited for the lease in vain."""
FIRST_PAUSE, LONGEST_PAUSE = 2.0, 10.0
"""Seconds until the first probe, and between two at most: each pause is twice the one before."""
PROBE_SECONDS = 5.0
"""Seconds that a probe without meaning waits for its answer."""
PROBE_LOST = 15.0
"""Seconds after which a probe has come to nothing, as its thread died or was never run."""
LASTING = 300.0
"""Seconds of failures on this machine after which they are the operator's to look at."""

_HANGING = "HubSpot takes requests and does not answer them in time."


class _Turn(Enum):
    """Rights of a caller while the breaker is open."""

    REFUSE = "refuse"
    """It hears at once."""
    TRY = "try"
    """It may send, as a probe."""
    START = "start"
    """It hears at once, and starts the probe on a thread."""


class Reachability:
    """Sends requests, and knows if HubSpot can be reached from here."""

    def __init__(self, send: Send, probe: Request, *, clock: Clock, uniform: Uniform) -> None:
        """Begin closed.

        Args:
            send: Sends one request to HubSpot.
            probe: A request without meaning, which any answer will do for.
            clock: Counts seconds.
            uniform: Spreads the probes of many processes.
        """
        self._send = send
        self._probe = probe
        self._clock = clock
        self._uniform = uniform
        self._background = Background(at_once=1)
        self._renew()
        renew_after_fork(self._renew)

    def _renew(self) -> None:
        """Begin closed: a forked child finds out for itself."""
        self._lock = threading.Lock()
        self._failures = 0
        self._unanswered: set[object] = set()
        self._is_probing = False
        self._pause = FIRST_PAUSE
        self._probe_at = 0.0
        self._reason: str | None = None
        self._is_hanging = self._is_certain = False
        self._opened_at = self._told_at = 0.0

    @property
    def is_open(self) -> bool:
        """True while HubSpot is known not to answer here."""
        return self._reason is not None

    def check(self) -> None:
        """Return where a request may be begun; call it before a lease is taken or a code is spent.

        Raises:
            HubSpotUnavailable: HubSpot cannot be reached from here, or hangs. Nothing was sent.
            HubSpotUnreachable: It will not be, until the operator changes something.
        """
        renew_inherited()
        if self.is_open:
            self._admit(is_sending=False)

    def send(self, request: Request) -> Response:
        """Send *request* and return the response, whatever its status.

        Raises:
            HubSpotUnavailable, HubSpotUnreachable: As the client does; or the breaker is open, and
                nothing was sent.
            BadAnswer: As the client does.
        """
        renew_inherited()
        if not self.is_open:
            return self._observe(request)
        self._admit(is_sending=True)
        try:
            return self._observe(request, is_probe=True)
        finally:
            self._is_probing = False

    def close(self) -> None:
        """Wait for a probe under way."""
        self._background.join()

    def _admit(self, *, is_sending: bool) -> None:
        now = self._clock()
        with self._lock:
            turn = self._turn(now)
            if turn is _Turn.START or (turn is _Turn.TRY and is_sending):
                self._is_probing, self._probe_at = True, now + PROBE_LOST
            refusal = self._refusal(now)
        if turn is _Turn.START:
            self._background.start("probe", self._send_probe)
        if refusal is not None and turn is not _Turn.TRY:
            raise refusal

    def _turn(self, now: float) -> _Turn:
        if not self.is_open:
            return _Turn.TRY
        if now < self._probe_at:
            return _Turn.REFUSE
        # A thread that was lost may be lost again: not every server runs threads.
        return _Turn.TRY if self._is_hanging or self._is_probing else _Turn.START

    def _refusal(self, now: float) -> PortalkeyError | None:
        if self._reason is None:
            return None
        if self._is_certain:
            return HubSpotUnreachable(self._reason)
        wait = max(1.0, min(self._probe_at - now, LONGEST_PAUSE))
        refusal = HubSpotUnavailable(
            f"{self._reason} It is tried again in {wait:.0f} seconds.", retry_after=wait
        )
        refusal.is_local = True
        return refusal

    def _send_probe(self) -> None:
        try:
            self._observe(self._probe, is_probe=True)
        finally:
            self._is_probing = False

    def _observe(self, request: Request, *, is_probe: bool = False) -> Response:
        began = self._clock()
        try:
            response = self._send(request)
        except PortalkeyError as trouble:
            if _is_of_the_way(trouble):
                seconds = self._clock() - began
                self._record_failure(trouble, request.owner, seconds, is_probe=is_probe)
            else:
                self._close()
            raise
        self._close()
        return response

    def _record_failure(
        self, trouble: PortalkeyError, owner: str | None, seconds: float, *, is_probe: bool
    ) -> None:
        with self._lock:
            if trouble.is_local:
                self._failures += IN_A_ROW if seconds >= COSTLY else 1
            else:  # one tenant whose requests take too long says nothing of the others'
                self._unanswered.add(owner or object())
            # What was sent before the breaker opened, and fails late, is no news.
            if self.is_open and not is_probe:
                return
            is_enough = max(self._failures, len(self._unanswered)) >= IN_A_ROW
            if is_enough or isinstance(trouble, HubSpotUnreachable):
                self._open(trouble)

    def _open(self, trouble: PortalkeyError) -> None:
        now, is_certain = self._clock(), isinstance(trouble, HubSpotUnreachable)
        if not self.is_open or self._is_hanging is trouble.is_local:
            level = logging.ERROR if is_certain else logging.WARNING
            log.log(level, "nothing is sent to HubSpot from here for a while: %s", trouble)
            self._opened_at = self._told_at = now
        self._is_hanging = not trouble.is_local
        has_lasted = trouble.is_local and now - self._opened_at >= LASTING
        self._is_certain = is_certain or has_lasted
        if has_lasted and now - self._told_at >= LASTING:
            log.error("HubSpot has not been reachable from here for minutes: %s", trouble)
            self._told_at = now
        self._reason = _HANGING if self._is_hanging else str(trouble)
        self._probe_at = now + self._pause * self._uniform(0.8, 1.2)
        self._pause = min(self._pause * 2, LONGEST_PAUSE)

    def _close(self) -> None:
        if not (self._failures or self._unanswered):
            return
        with self._lock:
            if self.is_open:
                log.info("HubSpot answers again")
            self._failures, self._reason, self._pause = 0, None, FIRST_PAUSE
            self._unanswered = set()


def _is_of_the_way(trouble: PortalkeyError) -> bool:
    """Return True where *trouble* arose on the way: nothing was sent, or nobody answered."""
    return trouble.is_local or (isinstance(trouble, HubSpotUnavailable) and trouble.is_timeout)
