"""Slots: a limited number of threads at once, and who came first is next."""

import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager

from portalkey._support.time_limit import seconds_left


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
