"""A SQLite file as a store needs it: private, durable, one writer at a time, with a clock.

Writing begins with the lock (``BEGIN IMMEDIATE``), so what a writer reads stays true until it
commits. A commit has reached the disk (``synchronous=FULL``), and what is deleted is overwritten
(``secure_delete``). The file may only be on a disk of this machine: its locks do not hold on a
network's.
"""

import os
import sqlite3
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TypeVar
from weakref import WeakSet

from sqlalchemy import ColumnElement, Connection, Engine, create_engine, event, type_coerce
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import QueuePool
from sqlalchemy.sql.expression import literal_column
from sqlalchemy.types import Double

from portalkey.errors import PortalkeyError, StoreBusy, StoreUnusable
from portalkey.vault.files import make_private
from portalkey.vault.tables import Moment

T = TypeVar("T")

BUSY_SECONDS = 5.0
"""How long a statement waits for another writer before the store is called busy."""

_PAUSE = 0.01
_PRAGMAS = ("journal_mode=WAL", "synchronous=FULL", "secure_delete=ON", "foreign_keys=ON")
# Not unixepoch('now', 'subsec'), which is NULL before SQLite 3.42.
_CLOCK = literal_column("(julianday('now') - 2440587.5) * 86400.0", Double)
_BEGIN = "portalkey_begin"

_WAITING_HELPS = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED})
_WHAT_TO_DO = {
    sqlite3.SQLITE_READONLY: "cannot be written; look at who may write the file and its "
    "directory, and whether the disk is mounted read-only",
    sqlite3.SQLITE_CANTOPEN: "cannot be opened; look whether it is still there and who may "
    "write the file and its directory",
    sqlite3.SQLITE_FULL: "cannot grow; make room on its disk",
    sqlite3.SQLITE_IOERR: "cannot be read or written; look at the disk it is on",
    sqlite3.SQLITE_CORRUPT: "is damaged; bring back the newest backup",
    sqlite3.SQLITE_NOTADB: "is not a SQLite database; look whether PORTALKEY_DATABASE_URL names "
    "the right file",
}
_OTHERWISE = "is not as portalkey left it; look what else writes to it"


class Database:
    """One SQLite file, from any thread; a forked child goes on with connections of its own."""

    def __init__(
        self, path: Path, *, ahead: Callable[[], float] = lambda: 0.0, wait: float = BUSY_SECONDS
    ) -> None:
        """Make the file at *path* private, and make it where it is missing.

        Args:
            path: The file; its directory is made too, for its owner only.
            ahead: Seconds added to the clock, asked for at every look; tests move time with it.
            wait: How many seconds to wait for another writer.

        Raises:
            StoreUnusable: The file cannot be made.
        """
        self.path = make_private(path)
        self._ahead = ahead
        self._wait = wait
        self._reading = create_engine(
            "sqlite://",
            creator=self._connect,
            poolclass=QueuePool,
            max_overflow=-1,
            hide_parameters=True,
        )
        self._writing = self._reading.execution_options(**{_BEGIN: "BEGIN IMMEDIATE"})
        event.listen(self._reading, "begin", _begin)
        _databases.add(self)

    def now(self, later: float = 0.0) -> ColumnElement[datetime]:
        """The database's clock, or *later* seconds; it alone decides expiry and leases."""
        return type_coerce(_CLOCK + (self._ahead() + later), Moment)

    def read(self, work: Callable[[Connection], T]) -> T:
        """What *work* finds, all of it as it stood at one moment.

        Raises:
            StoreBusy: Another process kept the file to itself for too long.
            StoreUnusable: The operator has to look at the file.
        """
        return self._do(self._reading, work)

    def write(self, work: Callable[[Connection], T]) -> T:
        """Let *work* write, alone, and commit it; or nothing of it, where it raises.

        Raises:
            StoreBusy: Another writer took too long.
            StoreUnusable: The operator has to look at the file.
        """
        return self._do(self._writing, work)

    def close(self) -> None:
        """Close every connection that is not at work; the next use opens new ones."""
        self._reading.dispose()

    def renew_after_fork(self) -> None:
        """Let go of the parent's connections without touching them, as they are still its own."""
        self._reading.dispose(close=False)

    def _do(self, engine: Engine, work: Callable[[Connection], T]) -> T:
        try:
            with engine.begin() as connection:
                return work(connection)
        except DBAPIError as error:
            problem = self._problem(error)
        # Raised outside of the except block: the original holds the statement's parameters.
        raise problem

    def _problem(self, error: DBAPIError) -> PortalkeyError:
        code = getattr(error.orig, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF
        if code in _WAITING_HELPS:
            return StoreBusy()
        return StoreUnusable(f"The store {self.path} {_WHAT_TO_DO.get(code, _OTHERWISE)}.")

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(
            # A file that has gone missing is not made again, least of all for all to read.
            f"{self.path.as_uri()}?mode=rw",
            uri=True,
            timeout=self._wait,
            isolation_level=None,  # we say BEGIN ourselves
            check_same_thread=False,  # the pool sees to it that one thread has it at a time
        )
        try:
            self._set_up(connection)
        except BaseException:
            connection.close()
            raise
        return connection

    def _set_up(self, connection: sqlite3.Connection) -> None:
        # SQLite does not wait where two connections turn one new file to WAL at once.
        deadline = time.monotonic() + self._wait
        while True:
            try:
                for pragma in _PRAGMAS:
                    connection.execute(f"PRAGMA {pragma}")
            except sqlite3.OperationalError as error:
                is_busy = error.sqlite_errorcode & 0xFF in _WAITING_HELPS
                if not is_busy or time.monotonic() > deadline:
                    raise
                time.sleep(_PAUSE)
            else:
                return


def _begin(connection: Connection) -> None:
    connection.exec_driver_sql(connection.get_execution_options().get(_BEGIN, "BEGIN"))


_databases: WeakSet[Database] = WeakSet()


def _before_fork() -> None:
    """Close what can be closed: SQLite's locks stay behind in the parent, so a child that kept an
    open file would write without them (sqlite.org/howtocorrupt.html, section 2.6).
    """
    for database in list(_databases):
        database.close()


def _in_child() -> None:
    for database in list(_databases):
        database.renew_after_fork()


if hasattr(os, "register_at_fork"):  # Windows cannot fork
    os.register_at_fork(before=_before_fork, after_in_child=_in_child)
