"""Limits of waiting: of one call to the store, of all that one request makes, and for a slot.

And the time at which a request came, which the store is asked for once. All are of the thread, or
of whatever a context belongs to, so that nobody has to hand them on.
"""

import math
import random
import threading
import time
from collections import deque
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


class FairSemaphore:
    """Semaphore that hands a slot that comes free to whoever has waited for longest.

    Python's own only wakes them, and by then a thread that comes again at once has taken it: of 64
    threads that ask for 4 slots all the time, 60 got none for as long as they waited.
    """

    def __init__(self, at_most: int) -> None:
        """Begin with *at_most* so many slots."""
        self._lock = threading.Lock()
        self._free = at_most
        self._waiting: deque[threading.Lock] = deque()

    def acquire(self, timeout: float) -> bool:
        """Take a slot; return False where none came within *timeout* seconds."""
        with self._lock:
            if self._free:  # then nobody waits
                self._free -= 1
                return True
            turn = threading.Lock()  # looked up now, as gevent may have replaced it meanwhile
            turn.acquire()
            self._waiting.append(turn)
        try:
            return turn.acquire(timeout=timeout) or not self._give_up(turn)
        except BaseException:
            if not self._give_up(turn):
                self.release()
            raise

    def _give_up(self, turn: threading.Lock) -> bool:
        """Wait no longer at *turn*; return False where a slot has come all the same."""
        with self._lock:
            if turn not in self._waiting:
                return False
            self._waiting.remove(turn)
            return True

    def release(self) -> None:
        """Hand the slot to whoever waits, or lay it down."""
        with self._lock:
            if self._waiting:
                self._waiting.popleft().release()
            else:
                self._free += 1


class NoSlotFree(Exception):
    """Other threads of this process were at it all the time."""


class Slots:
    """Lets *at_most* so many threads in at once; None lets in all."""

    def __init__(self, at_most: int | None, wait: float) -> None:
        """Let the others wait for *wait* seconds, and no longer than their call may."""
        self._at_most = at_most
        self._wait = wait
        self.renew()

    def renew(self) -> None:
        """Let go of the slots of threads that a forked child does not have.

        Whoever owns them sees to it that this is done there.
        """
        self._slots = FairSemaphore(self._at_most) if self._at_most else None

    @contextmanager
    def take(self) -> Iterator[None]:
        """Do the block once there is a slot, and free it then.

        Raises:
            NoSlotFree: None came in time.
        """
        slots = self._slots
        if slots is None:
            yield
            return
        if not slots.acquire(timeout=seconds_left(self._wait)):
            raise NoSlotFree
        try:
            yield
        finally:
            slots.release()


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
