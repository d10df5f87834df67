"""How often something may be asked for: windows that roll with the simulated clock."""

import threading
from collections import defaultdict, deque
from collections.abc import Hashable

from portalkey_simulator.world.clock import Clock


class Limits:
    """Counts calls by whatever they are counted for."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._calls: defaultdict[Hashable, deque[float]] = defaultdict(deque)

    def take(self, what: Hashable, most: int, seconds: float) -> int | None:
        """How many calls are left in the last *seconds* after this one; None where it is too many.

        *most* calls are let pass in that time.
        """
        now = self._clock.now()
        with self._lock:
            calls = self._calls[what]
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
