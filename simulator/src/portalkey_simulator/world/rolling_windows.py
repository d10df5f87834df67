"""Counts of calls, in windows that roll with the simulated clock."""

import threading
from collections import defaultdict, deque
from collections.abc import Hashable

from portalkey_simulator.world.clock import Clock


class Limits:
    """Counts calls by a key, and refuses those above a limit."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._calls: defaultdict[Hashable, deque[float]] = defaultdict(deque)

    def count(self, key: Hashable, most: int, seconds: float) -> int | None:
        """Count a call of *key*; return how many of *most* are left, or None if it is too many.

        *most* calls are let pass in these *seconds*.
        """
        now = self._clock.now()
        with self._lock:
            calls = self._calls[key]
            while calls and not now - seconds < calls[0] <= now:
                calls.popleft()
            if len(calls) >= most:
                return None
            calls.append(now)
            return most - len(calls)

    def clear(self) -> None:
        """Count from zero."""
        with self._lock:
            self._calls.clear()
