"""The fast way: statements compiled once, over driver connections that stay open.

A transaction by way of SQLAlchemy costs ten times what a small row costs.
"""

import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from sqlalchemy import ClauseElement, Dialect, Select
from sqlalchemy.sql.compiler import SQLCompiler

from portalkey.errors import StoreBusy

T = TypeVar("T")


class Query:
    """A statement as its driver takes it: the text, and what is bound to it."""

    def __init__(self, statement: ClauseElement, dialect: Dialect) -> None:
        """Compile *statement* for *dialect*."""
        compiled = statement.compile(dialect=dialect)
        assert isinstance(compiled, SQLCompiler)  # noqa: S101 - tells the type checker
        self.text = compiled.string
        chosen = statement.selected_columns if isinstance(statement, Select) else ()
        self.columns = tuple(each.name for each in chosen)
        self._fixed = compiled.params
        self._order = compiled.positiontup

    def bound(self, values: Mapping[str, object]) -> Any:  # noqa: ANN401 - each driver has its own way
        """The *values* by their names, or in their order where the driver counts them."""
        named = {**self._fixed, **values}
        return named if self._order is None else [named[name] for name in self._order]


class Drivers:
    """Driver connections in autocommit, for one thread each while it reads."""

    def __init__(
        self,
        connect: Callable[[], Any],
        *,
        is_lost: Callable[[BaseException], bool] = lambda _: False,
        at_most: int | None = None,
        wait: float,
    ) -> None:
        """Open them with *connect*, as late as possible and *at_most* so many at once.

        Args:
            connect: Opens one.
            is_lost: Whether an error says that the connection was of no use, and another may be.
            at_most: How many threads read at once; None for as many as like.
            wait: How many seconds the others wait for their turn.
        """
        self._connect = connect
        self._is_lost = is_lost
        self._at_most = at_most
        self._wait = wait
        self.renew()

    def renew(self) -> None:
        """Let go of what is open without touching it, as a forked child has to."""
        self._free: list[Any] = []
        self._turns = threading.Semaphore(self._at_most) if self._at_most else None

    def close(self) -> None:
        """Close what is open; what is at work just now is closed as soon as it is done."""
        free, self._free = self._free, []
        _drain(free)

    def run(self, work: Callable[[Any], T]) -> T:
        """What *work* finds with a connection.

        Raises:
            StoreBusy: Too many others read at once.
        """
        turns = self._turns
        if turns is None:
            return self._run(work)
        if not turns.acquire(timeout=self._wait):
            raise StoreBusy
        try:
            return self._run(work)
        finally:
            turns.release()

    def _run(self, work: Callable[[Any], T]) -> T:
        free = self._free
        connection = _pop(free)
        if connection is None:
            return self._use(self._connect(), free, work)
        try:
            return self._use(connection, free, work)
        except Exception as error:
            if not self._is_lost(error):
                raise
        # It lay there while the server went, and so did the others. A read can be tried again.
        self.close()
        return self._use(self._connect(), self._free, work)

    def _use(self, connection: Any, free: list[Any], work: Callable[[Any], T]) -> T:  # noqa: ANN401 - a driver's
        try:
            found = work(connection)
        except BaseException:
            connection.close()
            raise
        free.append(connection)
        if free is not self._free:  # closed while we were at work
            _drain(free)
        return found


def _pop(free: list[Any]) -> Any:  # noqa: ANN401 - a driver's connection
    # Not looked at first: another thread may take the last one in between.
    try:
        return free.pop()
    except IndexError:
        return None


def _drain(free: list[Any]) -> None:
    while (connection := _pop(free)) is not None:
        connection.close()


class Fast:
    """One driver's connection at work; *always* is bound to whatever asks for it."""

    def __init__(self, driver: Any, always: Mapping[str, object]) -> None:  # noqa: ANN401 - a driver's
        self._driver = driver
        self._always = always

    def rows(self, query: Query, **values: object) -> Sequence[Any]:
        """What *query* finds, as the driver gives it."""
        found: Sequence[Any] = self._run(query, values).fetchall()
        return found

    def count(self, query: Query, **values: object) -> int:
        """How many rows *query* wrote."""
        count: int = self._run(query, values).rowcount
        return count

    def _run(self, query: Query, values: Mapping[str, object]) -> Any:  # noqa: ANN401 - a driver's cursor
        return self._driver.execute(query.text, query.bound({**self._always, **values}))
