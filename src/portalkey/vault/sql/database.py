"""A database as a store needs it, whichever it is: short transactions, a clock, a fast way to read.

Each kind adds what its driver wants and what its errors mean. Nothing outside of the kind asks
which one it is.
"""

import os
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from datetime import datetime
from importlib import import_module
from typing import Any, ClassVar, TypeVar
from weakref import WeakSet

from sqlalchemy import ColumnElement, Connection, Engine, Table, bindparam, event, type_coerce
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as NoConnectionFree
from sqlalchemy.types import Double

from portalkey.errors import PortalkeyError, StoreBusy
from portalkey.vault.sql.compiled import Drivers, Fast, Query
from portalkey.vault.sql.tables import Moment

T = TypeVar("T")

BUSY_SECONDS = 5.0
"""How long a statement waits for somebody else before the store is called busy."""

_BEGIN = "portalkey_begin"
_LATER = "later"


class Database(ABC):
    """One database, from any thread; a forked child goes on with connections of its own."""

    name: str
    """What the operator knows it by; nothing secret."""

    has_answered = False
    """Whether it could be used already."""

    begin_reading: str
    begin_writing: str
    driver_errors: ClassVar[type[Exception]]

    def __init__(
        self,
        engine: Engine,
        drivers: Drivers,
        clock: ColumnElement[float],
        ahead: Callable[[], float],
    ) -> None:
        """Work over *engine*, whose connections are in autocommit, and the *drivers*.

        Args:
            engine: Makes the connections for transactions.
            drivers: Makes the connections for ``fetch`` and ``write_fast``.
            clock: Seconds since 1970, in SQL.
            ahead: Seconds added to the clock, asked for at every look; tests move time with it.
        """
        self._reading = engine.execution_options(**{_BEGIN: self.begin_reading})
        self._writing = engine.execution_options(**{_BEGIN: self.begin_writing})
        self._drivers = drivers
        self._clock = clock
        self._ahead = ahead
        event.listen(engine, "begin", _begin)
        _databases.add(self)

    def now(self, later: float = 0.0) -> ColumnElement[datetime]:
        """The database's clock, or *later* seconds; it alone decides expiry and leases."""
        return self._now(self._ahead() + later)

    def read(self, work: Callable[[Connection], T]) -> T:
        """What *work* finds, all of it as it stood at one moment.

        Raises:
            StoreBusy: Somebody else kept the database to himself for too long, or it is away.
            StoreUnusable: The operator has to look at the database.
        """
        return self._do(lambda: _within(self._reading, work))

    def write(self, work: Callable[[Connection], T]) -> T:
        """Let *work* write and commit it; or nothing of it, where it raises.

        What *work* reads stays true until the commit only where it reads it ``FOR UPDATE``.

        Raises:
            StoreBusy: Another writer took too long, or the database is away.
            StoreUnusable: The operator has to look at the database.
        """
        return self._do(lambda: _within(self._writing, work))

    def prepare(self, make: Callable[[ColumnElement[datetime]], Any]) -> Query:
        """The query that *make* makes of the clock, for ``fetch`` and ``write_fast``."""
        return Query(make(self._now(None)), self._reading.dialect)

    def insert_new(self, table: Table, values: dict[str, Any]) -> Query:
        """Inserts *values* into *table*, unless a row stands in their way."""
        dialect = self._reading.dialect
        return Query(
            _insert_of(dialect.name)(table).values(values).on_conflict_do_nothing().inline(),
            dialect,
        )

    def fetch(self, query: Query, **values: object) -> Sequence[Any]:
        """The rows of a prepared *query*, as the driver gives them; *values* are what it binds.

        Raises:
            StoreBusy: Somebody else kept the database to himself for too long, or it is away.
            StoreUnusable: The operator has to look at the database.
        """
        bound = query.bound({_LATER: self._ahead(), **values})

        def rows(driver: Any) -> Sequence[Any]:  # noqa: ANN401 - a driver's connection
            found: Sequence[Any] = driver.execute(query.text, bound).fetchall()
            return found

        return self._do(lambda: self._drivers.run(rows))

    def write_fast(self, work: Callable[[Fast], T]) -> T:
        """As ``write``, with prepared queries over a kept connection; raises like it.

        *work* may be done again where the connection was lost, and nobody knows whether the commit
        before was: it writes by comparison, so that the second time finds what the first did.
        """
        always = {_LATER: self._ahead()}

        def transaction(driver: Any) -> T:  # noqa: ANN401 - a driver's connection
            self.begin_fast(driver)
            done = work(Fast(driver, always))
            driver.commit()
            return done

        return self._do(lambda: self._drivers.run(transaction))

    def begin_fast(self, driver: Any) -> None:  # noqa: ANN401 - a driver's connection
        """Begin to write over a kept connection."""
        driver.execute(self.begin_writing)

    def version(self) -> int | None:
        """A number that changes with every commit by anybody; None where that cannot be told."""
        return None

    def hold_off(self, tx: Connection) -> None:  # noqa: B027 - whoever writes is alone, mostly
        """Let nobody else come past this line before *tx* ends."""

    def close(self) -> None:
        """Close every connection that is not at work; the next use opens new ones."""
        self._reading.dispose()
        self._drivers.close()

    def renew_after_fork(self) -> None:
        """Let go of the parent's connections without touching them, as they are still its own."""
        self._reading.dispose(close=False)
        self._drivers.renew()

    @abstractmethod
    def problem(self, error: BaseException | None) -> PortalkeyError:
        """What the driver's *error* means, without SQL, parameters or a password."""

    def _now(self, later: float | None) -> ColumnElement[datetime]:
        seconds = bindparam(_LATER, later, Double, unique=later is not None, required=later is None)
        return type_coerce(self._clock + seconds, Moment)

    def _do(self, work: Callable[[], T]) -> T:
        try:
            found = work()
        except DBAPIError as error:
            problem = self.problem(error.orig)
        except self.driver_errors as error:
            problem = self.problem(error)
        except NoConnectionFree:
            problem = StoreBusy()
        else:
            self.has_answered = True
            return found
        # Raised outside of the except block: the original holds the statement's parameters.
        raise problem


def insert_new(tx: Connection, table: Table, values: dict[str, Any]) -> bool:
    """Insert *values* into *table*; False where a row stands in their way."""
    options = {"preserve_rowcount": True}
    statement = _insert_of(tx.dialect.name)(table).values(values).on_conflict_do_nothing()
    return tx.execute(statement, execution_options=options).rowcount == 1


def _insert_of(dialect: str) -> Any:  # noqa: ANN401 - each database has a type of its own
    # The engine has loaded its own; the other database's is slow to load, for nothing.
    return import_module(f"sqlalchemy.dialects.{dialect}").insert


def _within(engine: Engine, work: Callable[[Connection], T]) -> T:
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


def _before_fork() -> None:
    """Close what can be closed.

    SQLite's locks stay behind in the parent, so a child that kept an open file would write without
    them (sqlite.org/howtocorrupt.html, section 2.6); a socket that is open in both serves neither.
    """
    for database in list(_databases):
        database.close()


def _in_child() -> None:
    for database in list(_databases):
        database.renew_after_fork()


if hasattr(os, "register_at_fork"):  # Windows cannot fork
    os.register_at_fork(before=_before_fork, after_in_child=_in_child)
