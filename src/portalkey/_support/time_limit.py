"""Limits of waiting for the store: of one call to it, and of all that one request makes.

And the time at which a request came, which the store is asked for once. All are of the thread, or
of whatever a context belongs to, so that nobody has to hand them on.
"""

import math
import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime
from time import monotonic
from typing import Protocol, TypeVar

C = TypeVar("C")

_PAUSE = 0.05
_LOOK = (0.0002, 0.001)
LEAST = 0.25
"""Seconds that a call has even where those before it have used up their time: a store that is well
again needs less."""


class TimeBudget:
    """Seconds that the calls of one request may still take, all together, and when it came."""

    __slots__ = ("left", "moments")

    def __init__(self, seconds: float) -> None:
        self.left = seconds
        self.moments: dict[int, datetime] = {}


_deadline: ContextVar[float | None] = ContextVar("portalkey_deadline", default=None)
_budget: ContextVar[TimeBudget | None] = ContextVar("portalkey_budget", default=None)


@contextmanager
def limit_request(seconds: float) -> Iterator[None]:
    """Let the calls of the block take *seconds* together; one within another changes nothing."""
    if _budget.get() is not None:
        yield
        return
    token = _budget.set(TimeBudget(seconds))
    try:
        yield
    finally:
        _budget.reset(token)


class StoreClock(Protocol):
    """A store."""

    def now(self) -> datetime:
        """Return its time."""


def moment(clock: StoreClock) -> datetime:
    """Return the time of this request by *clock*; outside of requests, the time now."""
    budget = _budget.get()
    if budget is None:
        return clock.now()
    known = budget.moments.get(id(clock))
    if known is None:
        known = budget.moments[id(clock)] = clock.now()
    return known


def note_moment(clock: StoreClock, now: datetime) -> None:
    """Note the time that stood beside a row just read, for the rest of this request."""
    budget = _budget.get()
    if budget is not None:
        budget.moments.setdefault(id(clock), now)


class CallLimit:
    """Context manager of one call to the store, which ends within so many *seconds*."""

    __slots__ = ("_began", "_budget", "_seconds", "_token")

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds

    def __enter__(self) -> None:
        """Start the clock; a call within another ends with that one."""
        outer = _deadline.get()
        self._budget = _budget.get() if outer is None else None
        self._began = monotonic()
        seconds = self._seconds
        if self._budget is not None:
            seconds = max(LEAST, min(seconds, self._budget.left))
        until = self._began + seconds
        self._token = _deadline.set(until if outer is None else min(until, outer))

    def __exit__(self, *_: object) -> None:
        """Take what it took from the request's time."""
        _deadline.reset(self._token)
        if self._budget is not None:
            self._budget.left -= monotonic() - self._began


@contextmanager
def lift_limit() -> Iterator[None]:
    """Let the call under way take as long as it likes, for the block."""
    token = _deadline.set(math.inf)
    try:
        yield
    finally:
        _deadline.reset(token)


def seconds_left(at_most: float = math.inf) -> float:
    """Return for how many seconds the call under way may still wait, and no more than *at_most*."""
    until = _deadline.get()
    return at_most if until is None else max(0.0, min(at_most, until - monotonic()))


def is_lifted() -> bool:
    """Return True where the call under way may take as long as it likes."""
    return _deadline.get() == math.inf


def until_room(
    connect: Callable[[], C],
    is_full: Callable[[BaseException], bool],
    make_room: Callable[[], object],
    wait: float,
) -> C:
    """Return what *connect* returns; while the server has no room, try again for *wait* seconds.

    Another thread may be done with a connection meanwhile, or another process with the server.
    *make_room* closes what lies idle in another pool of this process.
    """
    until = monotonic() + seconds_left(wait)
    while True:
        try:
            return connect()
        except Exception as error:
            if not is_full(error) or monotonic() > until:
                raise
        make_room()
        time.sleep(random.uniform(_PAUSE / 2, _PAUSE))  # noqa: S311 - no secret


def short_pause(waited: float) -> float:
    """Return the seconds until the next look for a turn, after so many that were *waited*.

    Nearly as short for who has waited for long, so that who comes later is not always first.
    """
    return random.uniform(*_LOOK) * min(1 + 4 * waited, 10)  # noqa: S311 - no secret
