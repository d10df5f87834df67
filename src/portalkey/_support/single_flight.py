"""Request coalescing: one caller does the work, and the others wait for its result."""

import math
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Generic, TypeVar

from portalkey._support.fork import renew_after_fork, renew_inherited
from portalkey.errors import PortalkeyError

T = TypeVar("T")


class FlightTimeout(Exception):
    """The caller that does the work takes longer than another could wait."""


class _Interrupted(Exception):
    """The caller that did the work was interrupted."""


class SingleFlight(Generic[T]):
    """Work in progress in this process, by name."""

    def __init__(self) -> None:
        self._renew()
        renew_after_fork(self._renew)

    def do(self, name: str, work: Callable[[], T], seconds: float = math.inf) -> T:
        """Do *work*, or wait for a caller that does it under this *name*, and return the result.

        Another caller is waited for until so many *seconds* have passed, then ``FlightTimeout`` is
        raised.

        An error of ours is raised for all of them. Any other interruption of the caller that does
        the work (a time limit, the end of its process) is its own: those who waited begin anew.
        """
        renew_inherited()
        while True:
            with self._lock:
                current = self._flights.get(name)
                flight = current or self._flights.setdefault(name, Future())
            if current is None:
                return self._run(name, flight, work)
            try:
                return flight.result(None if seconds == math.inf else max(0.0, seconds))
            except _Interrupted:
                continue
            except TimeoutError:
                raise FlightTimeout from None

    def _run(self, name: str, flight: Future[T], work: Callable[[], T]) -> T:
        try:
            result = work()
        except BaseException as error:
            self._finish(name)
            flight.set_exception(error if isinstance(error, PortalkeyError) else _Interrupted())
            raise
        self._finish(name)
        flight.set_result(result)
        return result

    def _finish(self, name: str) -> None:
        # Before the result is set: a caller that begins anew must not find the old flight.
        with self._lock:
            self._flights.pop(name, None)  # gone where they were renewed meanwhile

    def _renew(self) -> None:
        """Begin without flights: a forked child has no thread to finish those of its parent."""
        self._lock = threading.Lock()
        self._flights: dict[str, Future[T]] = {}
