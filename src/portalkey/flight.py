"""One does the work, whoever else asks waits for what comes of it."""

import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Generic, TypeVar

from portalkey.fork import renew_after_fork

T = TypeVar("T")


class Flights(Generic[T]):
    """Work under way in this process, by name."""

    def __init__(self) -> None:
        self._renew()
        renew_after_fork(self._renew)

    def board(self, name: str, work: Callable[[], T]) -> T:
        """What *work* returns or raises: done by us, or by whoever is at it under this *name*."""
        with self._lock:
            under_way = self._flights.get(name)
            flight = under_way or self._flights.setdefault(name, Future())
        if under_way is not None:
            return flight.result()
        try:
            flight.set_result(work())
        except BaseException as error:
            flight.set_exception(error)
            raise
        finally:
            with self._lock:
                del self._flights[name]
        return flight.result()

    def _renew(self) -> None:
        """In a forked child nobody is left to land what its parent had under way."""
        self._lock = threading.Lock()
        self._flights: dict[str, Future[T]] = {}
