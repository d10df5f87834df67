"""One does the work, whoever else asks waits for what comes of it."""

import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Generic, TypeVar

from portalkey._support.fork import renew_after_fork
from portalkey.errors import PortalkeyError

T = TypeVar("T")


class _Interrupted(Exception):
    """Whoever was at it did not come to an end of it."""


class SingleFlight(Generic[T]):
    """Work under way in this process, by name."""

    def __init__(self) -> None:
        self._renew()
        renew_after_fork(self._renew)

    def do(self, name: str, work: Callable[[], T]) -> T:
        """What *work* returns or raises: done by us, or by whoever is at it under this *name*.

        What interrupts whoever is at it (a time limit, the end of its process) is theirs alone:
        whoever waited begins anew.
        """
        while True:
            with self._lock:
                under_way = self._flights.get(name)
                flight = under_way or self._flights.setdefault(name, Future())
            if under_way is None:
                return self._run(name, flight, work)
            try:
                return flight.result()
            except _Interrupted:
                continue

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
        # Before the others hear of it, so that nobody who begins anew finds it still under way.
        with self._lock:
            del self._flights[name]

    def _renew(self) -> None:
        """In a forked child nobody is left to land what its parent had under way."""
        self._lock = threading.Lock()
        self._flights: dict[str, Future[T]] = {}
