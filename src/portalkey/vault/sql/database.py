"""A database as a store needs it, whichever it is: short transactions, and a clock.

Each kind adds what its driver wants and what its errors mean; nothing else asks which it is.
"""

import os
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, ClassVar, TypeVar
from weakref import WeakSet

from sqlalchemy import ColumnElement, Connection, Engine, Table, event, select

from portalkey._support import uwsgi
from portalkey._support.fork import (
    ProcessLock,
    keep_for_ever,
    list_living,
    renew_after_fork,
    renew_inherited,
)
from portalkey._support.time_limit import Slots, until_room
from portalkey.model.connection import require_storable
from portalkey.vault.health import StoreHealth
from portalkey.vault.sql.dialects import begin_insert
from portalkey.vault.sql.statements import Driver, DriverPool, PreparedStatement, StatementRunner

T = TypeVar("T")
Values = dict[str, Any]

BEGIN = "portalkey_begin"
"""The execution option of an engine that names how its transactions begin."""


class Database(StatementRunner):
    """One database, from any thread; a forked child goes on with connections of its own.

    ``read`` and ``write`` go by way of SQLAlchemy, ``write_fast`` and ``fetch`` over the driver.
    """

    name: str
    """The name that the operator knows it by; nothing secret."""
    begin_reading: str
    begin_writing: str

    mode_before: str | None = None
    """The mode of its file before that was closed to others, where it was open to them."""
    guards_tables: ClassVar[bool] = False
    """True where a view that looks at a table keeps it from being dropped."""

    must_close_before_fork: ClassVar[bool] = False
    """True where a child cannot use the database at all if its parent had it open."""
    transactions: ClassVar[int | None] = None
    """Threads here that have a transaction at once, other than over a kept connection."""
    writers: ClassVar[int | None] = None
    """Threads here that write at once: by a database's own waiting, who came first may lose."""

    def __init__(
        self,
        engine: Engine,
        drivers: DriverPool,
        clock: ColumnElement[float],
        ahead: Callable[[], float],
        *,
        wait: float,
        seconds: float,
    ) -> None:
        """Work over *engine*, whose connections are in autocommit, and the *drivers*.

        Args:
            engine: Makes the connections for transactions.
            drivers: Makes the connections for prepared statements.
            clock: Seconds since 1970, in SQL.
            ahead: Seconds added to the clock, asked for at every look; tests move time with it.
            wait: How many seconds a thread waits for its turn, or for room at the server.
            seconds: How many seconds one call takes at most, all its waits and tries together.
        """
        super().__init__(engine.dialect, drivers, clock, ahead, wait=wait, seconds=seconds)
        self._writing_drivers = drivers
        self._reading = engine.execution_options(**{BEGIN: self.begin_reading})
        self._writing = engine.execution_options(**{BEGIN: self.begin_writing})
        self._transactions = Slots(self.transactions, wait)
        self._writers = Slots(self.writers, wait)
        self._pid = os.getpid()
        if uwsgi.find_uwsgi() is not None and self.must_close_before_fork:
            self.after_call = self._close_before_silent_fork
        event.listen(engine, "begin", self._begin)
        _databases.add(self)
        renew_after_fork(self._renew)

    def read(self, work: Callable[[Connection], T]) -> T:
        """Return what *work* reads, all of it as it stood at one moment.

        Raises:
            StoreBusy: Somebody else kept the database to himself for too long, or it is away.
            StoreUnusable: The operator has to look at the database.
        """
        return self._do(lambda: self._run(self._reading, work))

    def write(self, work: Callable[[Connection], T]) -> T:
        """Let *work* write and commit it; or nothing of it, where it raises.

        What *work* reads stays true until the commit only where it reads it ``FOR UPDATE``.

        Raises:
            StoreBusy: Another writer took too long, or the database is away.
            StoreUnusable: The operator has to look at the database.
        """

        def write_in_turn() -> T:
            with self._writers.take():
                return self._run(self._writing, work)

        return self._do(write_in_turn, is_writing=True)

    def _run(self, engine: Engine, work: Callable[[Connection], T]) -> T:
        pool = engine.pool
        try:
            with self._transactions.take(), self._connect_to(engine) as tx, tx.begin():
                return work(tx)
        finally:
            if engine.pool is not pool:  # closed while we were at work
                pool.dispose()

    def _connect_to(self, engine: Engine) -> Connection:
        connection = until_room(engine.connect, self.is_full, self._drivers.close_idle, self._wait)
        self.be_patient(connection.connection.driver_connection)
        if self.schemas:
            connection.execution_options(schema_translate_map=self.schemas)
        return connection

    def _begin(self, tx: Connection) -> None:
        begin = tx.get_execution_options().get(BEGIN, "BEGIN")
        tx.exec_driver_sql(begin, execution_options={"no_parameters": True})

    def is_full(self, error: BaseException) -> bool:  # noqa: ARG002 - a file has room for all
        """Return True where *error* says that the server takes no more connections."""
        return False

    def write_fast(self, work: Callable[[Driver], T], *, durable: bool = True) -> T:  # noqa: ARG002 - a server's always is
        """Let *work* write with prepared statements over a kept connection; raises like ``write``.

        What is not *durable* may be undone by a loss of power, where that saves a wait for a disk.
        Where a connection has been lost as it lay there, another is taken. Once *work* has begun it
        is not done again: nobody knows then whether what was lost had been committed.
        """
        begun: list[Driver] = []

        def transaction(driver: Driver) -> T:
            self.be_patient(driver)
            self.begin_fast(driver)
            begun.append(driver)
            result = work(driver)
            driver.commit()
            return result

        def may_repeat(error: BaseException) -> bool:
            return not begun or self.was_refused(error)

        def write_in_turn() -> T:
            with self._writers.take():
                return self._writing_drivers.run(transaction, may_repeat)

        return self._do(write_in_turn, is_writing=True)

    def write_one(self, statement: PreparedStatement, values: Values) -> int:
        """Run one *statement* that writes, as ``write_fast`` does; return how many rows it wrote.

        Done twice it has to come to the same.
        """
        return self.write_fast(lambda driver: int(statement.run(driver, values).rowcount))

    def version(self) -> int | None:
        """Return a number that changes with every commit; None where that cannot be told."""
        return None

    def insert(self, table: Table) -> Any:  # noqa: ANN401 - each database has a type of its own
        """Begin the statement that inserts into *table*, which may say what conflicts lead to."""
        return begin_insert(self._dialect.name, table)

    def was_refused(self, error: BaseException) -> bool:  # noqa: ARG002 - a file refuses none
        """Return True where *error* says that a statement was refused, and all before it undone."""
        return False

    def begin_fast(self, driver: Driver) -> None:
        """Begin to write over a kept connection."""
        driver.execute(self.begin_writing)

    def hold(self, driver: Driver, name: str) -> None:
        """Let nobody else hold *name* before *driver*'s transaction ends; a file has one anyway."""

    def scrub(self) -> None:
        """Overwrite what was deleted, where a file keeps it; a server does that by itself."""

    def find_tables(self, tx: Connection) -> None:
        """Find the schema of our tables, for *tx* and whatever comes after it."""

    def hold_off(self, tx: Connection) -> None:
        """Let nobody else come past this line before *tx* ends, and make room for the tables."""

    def close(self) -> None:
        """Close every connection that is not at work; the next use opens new ones."""
        renew_inherited()
        self._reading.dispose()
        self._drivers.close()

    def wait_until_closed(self) -> None:
        """Wait for a moment until the last connection is closed, before this process forks."""

    def _close_before_silent_fork(self) -> None:
        if uwsgi.is_before_fork():
            self.close()

    def _renew(self) -> None:
        is_inherited, self._pid = self._pid != os.getpid(), os.getpid()
        self._transactions.renew()
        self._writers.renew()
        if is_inherited:  # neither used nor closed: the parent goes on with them
            self._leave_connections()
            keep_for_ever(self._reading.pool)
        self._reading.dispose(close=not is_inherited)
        self._drivers.renew(is_inherited=is_inherited)

    def _leave_connections(self) -> None:
        """Give up this process's part in its parent's connections."""


class StorePart:
    """One subject of a store in SQL: its database, and the clock."""

    def __init__(self, database: Database) -> None:
        """Use *database*, whose tables are up to date, and prepare what it is asked for often."""
        self._database = database
        self._clock = database.prepare(lambda now: select(now.label("now")))

    @property
    def health(self) -> StoreHealth:
        """The trouble that this process has with the database, and who is told of it."""
        return self._database.health

    def now(self) -> datetime:
        """Return the database's clock."""
        ((seconds,),) = self._database.fetch(self._clock)
        return datetime.fromtimestamp(seconds, UTC)

    def _read_clock(self, driver: Driver) -> datetime:
        """Return the database's clock within a transaction."""
        ((seconds,),) = self._clock.fetch(driver, {})
        return datetime.fromtimestamp(seconds, UTC)

    def close(self) -> None:
        """Close the file or the sockets; the next use opens them again."""
        self._database.close()


def to_columns(values: Values) -> Values:
    """Return *values* as they are stored; raises ``ValueError`` where one cannot be."""
    return {name: _to_column(value) for name, value in values.items()}


def _to_column(value: object) -> object:
    if isinstance(value, str):
        require_storable(value)
    return _seconds(value) if isinstance(value, datetime) else value


def _seconds(moment: datetime) -> float:
    if moment.tzinfo is None:
        raise ValueError(
            "A time needs a time zone; write datetime.now(UTC) in place of datetime.now()."
        )
    return moment.timestamp()


_databases: WeakSet[Database] = WeakSet()
opening = ProcessLock()
"""For whoever opens a file that must be closed before a fork; a fork has it until it is over."""


def _close_before_fork() -> None:
    """Close what can be closed, where the interpreter tells of the fork.

    SQLite's locks stay behind in the parent, so a child that kept an open file would write without
    them (sqlite.org/howtocorrupt.html, section 2.6); a socket that is open in both serves neither.
    """
    opening.__enter__()  # ended by another hook
    for database in list_living(_databases):
        database.close()
    for database in list_living(_databases):
        database.wait_until_closed()


def _resume_in_parent() -> None:
    opening.__exit__()


if hasattr(os, "register_at_fork"):  # Windows cannot fork
    os.register_at_fork(before=_close_before_fork, after_in_parent=_resume_in_parent)
