"""Throttles of the token endpoint in memory, one an app; sessions of one process share them."""

from collections.abc import Callable
from datetime import datetime

from portalkey._support.fork import ProcessLock
from portalkey.model.throttle import (
    Portion,
    PortionRequest,
    Throttle,
    Throttled,
    new_throttle,
    take_portion,
)


class MemoryThrottles:
    """Throttles by app, from any thread."""

    def __init__(self) -> None:
        self._lock = ProcessLock()
        self.by_app: dict[str, Throttle] = {}

    def take(self, client_id: str, request: PortionRequest, now: datetime) -> Portion | Throttled:
        """Return permits of the app's throttle, which is made where there is none."""
        with self._lock:
            throttle = self.by_app.get(client_id) or new_throttle(request.limits, now)
            outcome = take_portion(throttle, request, now)
            if isinstance(outcome, Throttled):
                return outcome
            portion, self.by_app[client_id] = outcome
            return portion

    def update(
        self, client_id: str, change: Callable[[Throttle, datetime], Throttle], now: datetime
    ) -> tuple[Throttle, Throttle] | None:
        """Put what *change* makes of the app's throttle in its place; None where there is none."""
        with self._lock:
            before = self.by_app.get(client_id)
            if before is None:
                return None
            after = self.by_app[client_id] = change(before, now)
            return before, after
