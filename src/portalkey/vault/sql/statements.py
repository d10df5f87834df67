"""Prepared statements, compiled once, over driver connections that stay open.

A transaction by way of SQLAlchemy costs ten times what a small row costs, so whatever is read or
written often goes this way.
"""

import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar, TypeVar

from sqlalchemy import ClauseElement, ColumnElement, Dialect, Select, bindparam
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as NoConnectionFree
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.types import Double

from portalkey._support.fork import keep_for_ever
from portalkey.errors import PortalkeyError, StoreBusy
from portalkey.vault.sql.wall import require_asked

T = TypeVar("T")
Driver = Any
"""A connection of whichever driver."""
Cursor = Any

_LATER = "later"


class PreparedStatement:
    """A statement as its driver takes it: the text, and the values that are bound to it."""

    def __init__(
        self, statement: ClauseElement, dialect: Dialect, offset: Callable[[], float]
    ) -> None:
        """Compile *statement* for *dialect*; *offset* is what its clock is ahead, in seconds."""
        compiled = statement.compile(dialect=dialect)
        assert isinstance(compiled, SQLCompiler)  # noqa: S101 - tells the type checker
        self.text = compiled.string
        columns = statement.selected_columns if isinstance(statement, Select) else ()
        self.columns = tuple(column.name for column in columns)
        self._constants = compiled.params
        self._order = compiled.positiontup
        self._offset = offset

    def run(self, driver: Driver, values: Mapping[str, object]) -> Cursor:
        """Run it over the *driver*'s connection with *values* by name; returns the cursor."""
        parameters = {**self._constants, _LATER: self._offset(), **values}
        ordered = parameters if self._order is None else [parameters[name] for name in self._order]
        return driver.execute(self.text, ordered)

    def fetch(self, driver: Driver, values: Mapping[str, object]) -> Sequence[Any]:
        """Run it, and return its rows, as the driver gives them.

        Raises:
            StoreUnusable: A row has a column of the name of one of *values*, and another value.
        """
        rows: Sequence[Any] = self.run(driver, values).fetchall()
        if rows:
            require_asked(values, self.columns, rows)
        return rows


class DriverPool:
    """Driver connections in autocommit, for one thread each while it is at work."""

    def __init__(
        self,
        connect: Callable[[], Driver],
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
        self._free: list[Driver] = []
        self.renew()

    def renew(self, *, is_inherited: bool = False) -> None:
        """Close what is open, or leave it alone where it *is_inherited* and the parent's."""
        if is_inherited:
            keep_for_ever(self._free)
            self._free = []
        self.close()
        self._turns = threading.Semaphore(self._at_most) if self._at_most else None

    def close(self) -> None:
        """Close what is open; what is at work just now is closed as soon as it is done."""
        free, self._free = self._free, []
        _drain(free)

    def run(self, work: Callable[[Driver], T]) -> T:
        """Return the result of *work*, which is given a connection.

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

    def _run(self, work: Callable[[Driver], T]) -> T:
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

    def _use(self, connection: Driver, free: list[Driver], work: Callable[[Driver], T]) -> T:
        try:
            result = work(connection)
        except BaseException:
            connection.close()
            raise
        # Put back before it is asked whether the pool was closed meanwhile: asked the other way
        # round, a close in between would leave this one open for good.
        free.append(connection)
        if free is not self._free:
            _drain(free)
        return result


def _pop(free: list[Driver]) -> Driver:
    # Not looked at first: another thread may take the last one in between.
    try:
        return free.pop()
    except IndexError:
        return None


def _drain(free: list[Driver]) -> None:
    while (connection := _pop(free)) is not None:
        connection.close()


class StatementRunner(ABC):
    """Prepares statements for one database and runs them; its clock alone decides what is due."""

    has_answered = False
    """True once it could be used."""

    driver_errors: ClassVar[type[Exception]]

    def __init__(
        self,
        dialect: Dialect,
        drivers: DriverPool,
        clock: ColumnElement[float],
        ahead: Callable[[], float],
    ) -> None:
        self._dialect = dialect
        self._drivers = drivers
        self._clock = clock
        self._ahead = ahead

    def now(self, later: float = 0.0) -> ColumnElement[float]:
        """Return the database's clock, or *later* seconds, as a column."""
        return self._clock + bindparam(_LATER, self._ahead() + later, Double, unique=True)

    def prepare(self, make: Callable[[ColumnElement[float]], ClauseElement]) -> PreparedStatement:
        """Prepare the statement that *make* makes of the clock."""
        now = self._clock + bindparam(_LATER, None, Double, required=True)
        return PreparedStatement(make(now), self._dialect, self._ahead)

    def fetch(self, statement: PreparedStatement, **values: object) -> Sequence[Any]:
        """Return the rows of *statement*, as the driver gives them; *values* are what it binds.

        Raises:
            StoreBusy: Somebody else kept the database to himself for too long, or it is away.
            StoreUnusable: The operator has to look at the database.
        """
        return self._do(lambda: self._drivers.run(lambda driver: statement.fetch(driver, values)))

    def version(self) -> int | None:
        """Return a number that changes with every commit; None where that cannot be told."""
        return None

    @abstractmethod
    def problem(self, error: BaseException | None) -> PortalkeyError:
        """Return what the driver's *error* means, without SQL, parameters or a password."""

    def _do(self, work: Callable[[], T]) -> T:
        """Do *work*, and say in the store's own words what a driver raises."""
        try:
            result = work()
        except DBAPIError as error:
            problem = self.problem(error.orig)
        except self.driver_errors as error:
            problem = self.problem(error)
        except NoConnectionFree:
            problem = StoreBusy()
        else:
            self.has_answered = True
            return result
        # Raised outside of the except block: the original holds the statement's parameters.
        raise problem
