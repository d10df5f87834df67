"""Gate for the callers of this process that wait for HubSpot.

A web server has few threads, and one that waits for HubSpot serves nobody. So only a part of them
may wait at once, ``PORTALKEY_HUBSPOT_CALLS``; while HubSpot answers fast this holds nobody up, as
every answer within a second makes room for one more. Once as many as may wait have been waiting for
longer than a second, whoever comes hears at once when to come back. One owner gets half of the
places at most, so that the trouble of one tenant leaves room for the others.

Work in the background passes no gate: it keeps no caller waiting, and has threads of its own.
"""

import threading
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar

from portalkey._support.clock import Clock
from portalkey._support.fork import renew_after_fork, renew_inherited
from portalkey.broker import waiting
from portalkey.errors import HubSpotUnavailable

SLOW = 1.0
"""Seconds after which a caller that waits has been waiting for long."""
_place: ContextVar[tuple["CallerGate", object] | None] = ContextVar("portalkey_place", default=None)

WIDEST = 100
"""Callers that may wait at once where every answer comes fast."""


class GateClosed(HubSpotUnavailable):
    """As many callers of this process wait for HubSpot as may, and have for long; try again in a
    moment, or raise PORTALKEY_HUBSPOT_CALLS where the server has more threads.
    """

    is_local = True


class CallerGate:
    """Lets a limited number of callers wait for HubSpot at once."""

    def __init__(self, places: int, clock: Clock) -> None:
        """Let *places* callers wait, however slow HubSpot is."""
        self._places, self._share = places, max(1, places // 2)
        self._clock = clock
        self._renew()
        renew_after_fork(self._renew)

    def _renew(self) -> None:
        """Begin empty: the threads of a forked child's parent are not there."""
        self._changed = threading.Condition()
        self._began: dict[object, tuple[float, str]] = {}
        self._earned = 0

    @property
    def callers(self) -> int:
        """The number of callers that wait for HubSpot just now."""
        return len(self._began)

    @contextmanager
    def place(self, owner: str) -> Iterator[None]:
        """Take a place among the callers that wait for HubSpot, for *owner*.

        Raises:
            GateClosed: There is none, and HubSpot is slow.
        """
        renew_inherited()
        caller = object()
        self._enter(caller, owner)
        token = _place.set((self, caller))
        try:
            yield
        finally:
            _place.reset(token)
            self._leave(caller)

    def _enter(self, caller: object, owner: str) -> None:
        until = self._clock() + waiting.THROTTLE_WAIT
        with self._changed:
            while (seconds := self._seconds_to_wait(owner, until)) is not None:
                if seconds <= 0:
                    self._earned = 0
                    raise self._refusal()
                self._changed.wait(seconds)
            self._began[caller] = self._clock(), owner

    def _seconds_to_wait(self, owner: str, until: float) -> float | None:
        """Return for how long to wait for a place, at most; None where there is one."""
        if len(self._began) < self._share:
            return None
        by_owner: dict[str, list[float]] = defaultdict(list)
        for began, whose in self._began.values():
            by_owner[whose].append(began)
        # No owner counts for more than its share, though some of its callers may be back from the
        # throttle's queue with nobody's leave.
        everybodys = sorted(began for those in by_owner.values() for began in those[: self._share])
        limits = (everybodys, self._places), (by_owner[owner], self._share)
        slow_at = [
            began[limit - 1] + SLOW for began, limit in limits if self._is_full(began, limit)
        ]
        return min(*slow_at, until) - self._clock() if slow_at else None

    def _is_full(self, began: Sequence[float], limit: int) -> bool:
        if len(began) < limit:
            return False
        is_slow = self._clock() >= began[limit - 1] + SLOW
        return is_slow or len(began) >= min(limit + self._earned, WIDEST)

    def _refusal(self) -> GateClosed:
        oldest, _ = next(iter(self._began.values()))
        return GateClosed(retry_after=max(1.0, oldest + waiting.LONGEST - self._clock()))

    def step_out(self, caller: object) -> str:
        """Free the place of *caller* for a while; return whose it is."""
        with self._changed:
            _, owner = self._began.pop(caller, (0.0, ""))
            self._changed.notify()
        return owner

    def step_in(self, caller: object, owner: str) -> None:
        """Take the place again, even where there is none: *caller* has waited already."""
        with self._changed:
            self._began[caller] = self._clock(), owner

    def _leave(self, caller: object) -> None:
        with self._changed:
            began, _ = self._began.pop(caller, (-SLOW, ""))  # a fork in between has forgotten it
            is_fast = self._clock() - began < SLOW
            self._earned = self._earned + 1 if is_fast and self._began else 0
            self._changed.notify(2)


@contextmanager
def aside() -> Iterator[None]:
    """Free this caller's place for a wait that is not for HubSpot, such as for the throttle."""
    place = _place.get()
    if place is None:
        yield
        return
    gate, caller = place
    owner = gate.step_out(caller)
    try:
        yield
    finally:
        gate.step_in(caller, owner)
