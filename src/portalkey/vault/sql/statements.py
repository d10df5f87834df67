"""Prepared statements, compiled once, over driver connections that stay open.

A transaction by way of SQLAlchemy costs ten times what a small row costs, so whatever is read or
written often goes this way.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, ClassVar, TypeVar

from sqlalchemy import ClauseElement, ColumnElement, Dialect, Select, bindparam
from sqlalchemy.exc import DBAPIError
from sqlalchemy.types import Double

from portalkey._support.fork import keep_for_ever, renew_inherited
from portalkey._support.time_limit import CallLimit, NoSlotFree, Slots, seconds_left, until_room
from portalkey.errors import PortalkeyError, StoreUnusable
from portalkey.vault.health import StoreCause, StoreHealth
from portalkey.vault.sql.dialects import Schemas, compile_statement
from portalkey.vault.sql.wall import may_be_stored, require_asked

T = TypeVar("T")
R = TypeVar("R")
Row = TypeVar("Row")
Driver = Any
"""A connection of whichever driver."""
Cursor = Any
Repeats = Callable[[BaseException], bool]
"""A test of an error: may the work that met it be done again."""

_LATER = "later"
_HASTE = 0.05
"""Seconds of patience that are worth no statement to change them."""


class PreparedStatement:
    """A statement as its driver takes it: the text, and the values that are bound to it."""

    def __init__(
        self,
        statement: ClauseElement,
        dialect: Dialect,
        offset: Callable[[], float],
        schemas: Schemas | None = None,
    ) -> None:
        """Compile *statement* for *dialect*; *offset* is what its clock is ahead, in seconds."""
        compiled = compile_statement(statement, dialect, schemas)
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
        is_full: Callable[[BaseException], bool] = lambda _: False,
        make_room: Callable[[], object] = lambda: None,
        at_most: int | None = None,
        wait: float,
    ) -> None:
        """Open them with *connect*, as late as possible and *at_most* so many at once.

        Args:
            connect: Opens one.
            is_lost: Whether an error says that the connection was of no use, and another may be.
            is_full: Whether an error says that the server takes no more connections.
            make_room: Closes connections to it that lie idle elsewhere in this process.
            at_most: How many threads read at once; None for as many as like.
            wait: How many seconds the others wait for their turn.
        """
        self._connect = connect
        self._is_lost = is_lost
        self._is_full = is_full
        self._make_room = make_room
        self._wait = wait
        self._at_most = at_most
        self._slots = Slots(at_most, wait)
        self._free: list[Driver] = []

    def renew(self, *, is_inherited: bool = False) -> None:
        """Close what is open, or leave it alone where it *is_inherited* and the parent's."""
        if is_inherited:
            keep_for_ever(self._free)
            self._free = []
        self.close()
        self._slots.renew()

    def close(self) -> None:
        """Close what is open; what is at work just now is closed as soon as it is done."""
        free, self._free = self._free, []
        _drain(free)

    def close_idle(self) -> None:
        """Close what is not at work just now."""
        _drain(self._free)

    def run(self, work: Callable[[Driver], T], may_repeat: Repeats = lambda _: True) -> T:
        """Return the result of *work*, which is given a connection, and another if that was lost.

        Raises:
            NoSlotFree: Too many others read at once.
        """
        if self._at_most is None:
            return self._run(work, may_repeat)
        with self._slots.take():
            return self._run(work, may_repeat)

    def _run(self, work: Callable[[Driver], T], may_repeat: Repeats) -> T:
        free = self._free
        connection = _pop(free)
        if connection is None:
            return self._use(self._open(), self._free, work)
        try:
            return self._use(connection, free, work)
        except Exception as error:
            if not self._is_lost(error):
                raise
            self.close()  # it lay there while the server went, and so did the others
            if not may_repeat(error):
                raise
        return self._use(self._open(), self._free, work)

    def _open(self) -> Driver:
        """Open a connection, or take one that comes free while the server has no room."""
        return until_room(
            lambda: _pop(self._free) or self._connect(), self._is_full, self._make_room, self._wait
        )

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

    after_call: Callable[[], object] | None = None
    """Called after each call to the database, where something has to be done then."""
    schemas: Schemas | None = None
    """The schema of our tables, once it is known; None where there are no schemas."""
    driver_errors: ClassVar[type[Exception]]
    set_patience: ClassVar[str] = ""
    """Sets the milliseconds that a connection waits for others; empty where a server sees to it."""

    def __init__(
        self,
        dialect: Dialect,
        drivers: DriverPool,
        clock: ColumnElement[float],
        ahead: Callable[[], float],
        *,
        wait: float,
        seconds: float,
    ) -> None:
        self._wait = wait
        self._seconds = seconds
        self.health = StoreHealth()
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
        return PreparedStatement(make(now), self._dialect, self._ahead, self.schemas)

    def fetch(self, statement: PreparedStatement, **values: object) -> Sequence[Any]:
        """Return the rows of *statement*, as the driver gives them; *values* are what it binds.

        Raises:
            StoreBusy: Somebody else kept the database to himself for too long, or it is away.
            StoreUnusable: The operator has to look at the database.
        """
        if not may_be_stored(values):
            return []

        def read(driver: Driver) -> Sequence[Any]:
            self.be_patient(driver)
            return statement.fetch(driver, values)

        return self._do(lambda: self._drivers.run(read))

    def read_rows(
        self, read: Callable[[Row], R], rows: Iterable[Row], *, skips: bool = False
    ) -> list[R]:
        """Return what *read* makes of *rows*; who listens is told of one that it cannot read.

        Raises:
            StoreUnusable: One cannot be read, and *skips* does not say to leave it out.
        """
        found = []
        for row in rows:
            try:
                found.append(read(row))
            except StoreUnusable as trouble:
                self.health.tell(trouble)
                if not skips:
                    raise
        return found

    def be_patient(self, driver: Driver) -> None:
        """Let a *driver*'s connection wait for others as long as the call under way may."""
        if self.set_patience:
            patience = seconds_left(self._wait)
            if abs(patience - driver.patience) > _HASTE:
                driver.execute(self.set_patience.format(int(patience * 1000)))
                driver.patience = patience

    @abstractmethod
    def problem(self, error: BaseException | None) -> PortalkeyError:
        """Return what the driver's *error* means, without SQL, parameters or a password."""

    @abstractmethod
    def crowd_problem(self) -> PortalkeyError:
        """Return what it means that other threads of this process left this one no turn."""

    def _do(self, work: Callable[[], T], *, is_writing: bool = False) -> T:
        """Do *work* in time, and say in the store's own words what a driver raises."""
        renew_inherited()
        try:
            with CallLimit(self._seconds):
                result = work()
        except DBAPIError as error:
            problem = self.problem(error.orig)
        except self.driver_errors as error:
            problem = self.problem(error)
        except NoSlotFree:
            problem = self.crowd_problem()
        except StoreUnusable as trouble:
            if trouble.cause == StoreCause.BAD_ROW:  # not of the whole database
                self.health.tell(trouble)
            else:
                self.health.note_trouble(trouble, is_writing=is_writing)
            raise
        else:
            self.has_answered = True
            if self.health.trouble is not None:
                self.health.note_success(is_writing=is_writing)
            return result
        finally:
            if self.after_call is not None:
                self.after_call()
        self.health.note_trouble(problem, is_writing=is_writing)
        # Raised outside of the except block: the original holds the statement's parameters.
        raise problem
