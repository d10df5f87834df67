"""A database as a store needs it, whichever it is: short transactions, and a clock.

Each kind adds what its driver wants and what its errors mean. Nothing outside of the kind asks
which one it is.
"""

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib import import_module
from typing import Any, ClassVar, TypeVar
from weakref import WeakSet

from sqlalchemy import ColumnElement, Connection, Engine, Table, event, select

from portalkey.errors import StoreBusy
from portalkey.vault.sql.statements import Driver, DriverPool, PreparedStatement, StatementRunner

T = TypeVar("T")
Values = dict[str, Any]

_BEGIN = "portalkey_begin"


class Database(StatementRunner):
    """One database, from any thread; a forked child goes on with connections of its own.

    ``read`` and ``write`` go by way of SQLAlchemy, ``write_fast`` and ``fetch`` over the driver.
    """

    name: str
    """The name that the operator knows it by; nothing secret."""

    begin_reading: str
    begin_writing: str

    guards_tables: ClassVar[bool] = False
    """True where a view that looks at a table keeps it from being dropped."""

    has_one_writer: ClassVar[bool] = False
    """True where the database takes one writer at a time, so that threads here take turns."""

    def __init__(
        self,
        engine: Engine,
        drivers: DriverPool,
        clock: ColumnElement[float],
        ahead: Callable[[], float],
        wait: float,
    ) -> None:
        """Work over *engine*, whose connections are in autocommit, and the *drivers*.

        Args:
            engine: Makes the connections for transactions.
            drivers: Makes the connections for prepared statements.
            clock: Seconds since 1970, in SQL.
            ahead: Seconds added to the clock, asked for at every look; tests move time with it.
            wait: How many seconds a thread waits for its turn to write.
        """
        super().__init__(engine.dialect, drivers, clock, ahead)
        self._reading = engine.execution_options(**{_BEGIN: self.begin_reading})
        self._writing = engine.execution_options(**{_BEGIN: self.begin_writing})
        self._wait = wait
        self._writer = threading.Lock()
        event.listen(engine, "begin", _begin)
        _databases.add(self)

    def read(self, work: Callable[[Connection], T]) -> T:
        """Return what *work* reads, all of it as it stood at one moment.

        Raises:
            StoreBusy: Somebody else kept the database to himself for too long, or it is away.
            StoreUnusable: The operator has to look at the database.
        """
        return self._do(lambda: _run(self._reading, work))

    def write(self, work: Callable[[Connection], T]) -> T:
        """Let *work* write and commit it; or nothing of it, where it raises.

        What *work* reads stays true until the commit only where it reads it ``FOR UPDATE``.

        Raises:
            StoreBusy: Another writer took too long, or the database is away.
            StoreUnusable: The operator has to look at the database.
        """
        with self._turn():
            return self._do(lambda: _run(self._writing, work))

    def write_fast(self, work: Callable[[Driver], T]) -> T:
        """Let *work* write with prepared statements over a kept connection; raises like ``write``.

        *work* may be done again where the connection was lost, and nobody knows whether the commit
        before was: it writes by comparison, so that the second time finds what the first did.
        """

        def transaction(driver: Driver) -> T:
            self.begin_fast(driver)
            result = work(driver)
            driver.commit()
            return result

        with self._turn():
            return self._do(lambda: self._drivers.run(transaction))

    def prepare_insert(self, table: Table, values: Values) -> PreparedStatement:
        """Prepare to insert *values*, unless a row stands in their way."""
        statement = insert_unless_there(self._dialect.name, table, values).inline()
        return PreparedStatement(statement, self._dialect, self._ahead)

    def begin_fast(self, driver: Driver) -> None:
        """Begin to write over a kept connection."""
        driver.execute(self.begin_writing)

    @contextmanager
    def _turn(self) -> Iterator[None]:
        """Wait until no other thread of this process writes, where there is one writer at a time.

        A database's own waiting is a look now and then, at which who came first may lose for long.
        It is left for the other processes; in this one nobody looks in vain.
        """
        if not self.has_one_writer:
            yield
            return
        writer = self._writer
        if not writer.acquire(timeout=self._wait):
            raise StoreBusy
        try:
            yield
        finally:
            writer.release()

    def hold_off(self, tx: Connection) -> None:
        """Let nobody else come past this line before *tx* ends."""

    def close(self) -> None:
        """Close every connection that is not at work; the next use opens new ones."""
        self._reading.dispose()
        self._drivers.close()

    def renew_after_fork(self) -> None:
        """Let go of the parent's connections without touching them, as they are still its own."""
        self._writer = threading.Lock()
        self._reading.dispose(close=False)
        self._drivers.renew()


class StorePart:
    """One subject of a store in SQL: its database, and the clock."""

    def __init__(self, database: Database) -> None:
        """Use *database*, whose tables are up to date."""
        self._database = database
        self._clock = database.prepare(lambda now: select(now.label("now")))

    def now(self) -> datetime:
        """Return the database's clock."""
        ((seconds,),) = self._database.fetch(self._clock)
        return datetime.fromtimestamp(seconds, UTC)

    def close(self) -> None:
        """Close the file or the sockets; the next use opens them again."""
        self._database.close()


def to_columns(values: Values) -> Values:
    """Return *values* as they are stored: times as seconds since 1970, None as it is.

    Raises:
        ValueError: A time has no time zone, so that it names no moment.
    """
    return {
        name: _seconds(value) if isinstance(value, datetime) else value
        for name, value in values.items()
    }


def _seconds(moment: datetime) -> float:
    if moment.tzinfo is None:
        raise ValueError("A time without a time zone is not stored.")
    return moment.timestamp()


def insert_unless_there(dialect: str, table: Table, values: Values) -> Any:  # noqa: ANN401 - each database has a type of its own
    """Return the statement that inserts *values*, unless a row stands in their way."""
    # The engine has loaded its own dialect; the other database's is slow to load, for nothing.
    insert = import_module(f"sqlalchemy.dialects.{dialect}").insert
    return insert(table).values(values).on_conflict_do_nothing()


def insert_new(tx: Connection, table: Table, values: Values) -> bool:
    """Insert *values* into *table*; False where a row stands in their way."""
    statement = insert_unless_there(tx.dialect.name, table, values)
    return tx.execute(statement, execution_options={"preserve_rowcount": True}).rowcount == 1


def _run(engine: Engine, work: Callable[[Connection], T]) -> T:
    pool = engine.pool
    try:
        with engine.begin() as connection:
            return work(connection)
    finally:
        if engine.pool is not pool:  # closed while we were at work
            pool.dispose()


def _begin(connection: Connection) -> None:
    begin = connection.get_execution_options().get(_BEGIN, "BEGIN")
    connection.exec_driver_sql(begin, execution_options={"no_parameters": True})


_databases: WeakSet[Database] = WeakSet()


def _close_before_fork() -> None:
    """Close what can be closed.

    SQLite's locks stay behind in the parent, so a child that kept an open file would write without
    them (sqlite.org/howtocorrupt.html, section 2.6); a socket that is open in both serves neither.
    """
    for database in list(_databases):
        database.close()


def _renew_in_child() -> None:
    for database in list(_databases):
        database.renew_after_fork()


if hasattr(os, "register_at_fork"):  # Windows cannot fork
    os.register_at_fork(before=_close_before_fork, after_in_child=_renew_in_child)
