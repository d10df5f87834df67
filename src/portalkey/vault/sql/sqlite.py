"""A SQLite file as a store needs it: private, durable, one writer at a time, with a clock.

Writing begins with the lock (``BEGIN IMMEDIATE``), so what a writer reads stays true until it
commits. A commit has reached the disk (``synchronous=FULL``), but for what need not be durable, and
what is deleted is overwritten (``secure_delete``). The file may only be on a disk of this machine:
its locks do not hold on a network's. One that another program has its tables in keeps its
permissions and its journal.
"""

import os
import sqlite3
import sys
import threading
import time
from collections.abc import Callable
from contextlib import closing
from itertools import count
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Connection, create_engine
from sqlalchemy.pool import QueuePool
from sqlalchemy.sql.expression import literal_column
from sqlalchemy.types import Double

from portalkey._support.clock import no_offset
from portalkey._support.time_limit import lift_limit, seconds_left, short_pause
from portalkey.errors import PortalkeyError
from portalkey.vault.files import close_to_others, make_file, warn_of_readers
from portalkey.vault.sql.database import BEGIN, Database, opening
from portalkey.vault.sql.group_commit import Group, GroupCommit, be_durable
from portalkey.vault.sql.half_copies import is_left_without_log, require_log
from portalkey.vault.sql.long_log import LOOK_EVERY, LongLog
from portalkey.vault.sql.open_files import FileConnection, open_files
from portalkey.vault.sql.pragmas import OTHERS_TABLES, choose_pragmas
from portalkey.vault.sql.sqlite_errors import WAITING_HELPS, crowd_problem, problem_of
from portalkey.vault.sql.statements import DriverPool
from portalkey.vault.store import BUSY_SECONDS, CALL_SECONDS

T = TypeVar("T")

_PAUSE = 0.01
# Not unixepoch('now', 'subsec'), which is NULL before SQLite 3.42.
_CLOCK = literal_column("(julianday('now') - 2440587.5) * 86400.0", Double)


class SQLite(Database):
    """One SQLite file, from any thread; a forked child goes on with connections of its own."""

    begin_reading = "BEGIN"
    begin_writing = "BEGIN IMMEDIATE"
    driver_errors = sqlite3.Error
    must_close_before_fork = True
    writers = 1
    set_patience = "PRAGMA busy_timeout={}"

    def __init__(
        self,
        path: Path,
        *,
        ahead: Callable[[], float] = no_offset,
        wait: float = BUSY_SECONDS,
        seconds: float = CALL_SECONDS,
        platform: str = sys.platform,
    ) -> None:
        """Make the file at *path* where it is missing, and private where it is ours alone.

        Args:
            path: The file; its directory is made too, for its owner only.
            ahead: Seconds added to the clock, asked for at every look; tests move time with it.
            wait: How many seconds to wait for another writer.
            seconds: How many seconds one call takes at most, all its waits together.
            platform: The system that the file is on, as ``sys.platform`` has it.

        Raises:
            StoreBusy: Somebody else keeps the file to himself.
            StoreUnusable: The file cannot be made or read.
        """
        self._path = make_file(path)
        self.name = str(self._path)
        self._commits = CommitCounter(lambda: self._connect_for(0.0))
        self._groups = GroupCommit(self._transact, wait)
        engine = create_engine(
            "sqlite://",
            creator=self._connect,
            poolclass=QueuePool,
            max_overflow=-1,
            hide_parameters=True,
        )
        drivers = DriverPool(self._connect, wait=wait)
        super().__init__(engine, drivers, _CLOCK, ahead, wait=wait, seconds=seconds)
        self._writing_drivers = DriverPool(self._connect_to_write, wait=wait)
        self._log, self._writes = LongLog(self._path, self._connect_for), count()
        self._is_shared = self._do(self._holds_others_tables)
        self._pragmas = choose_pragmas(is_shared=self._is_shared, platform=platform)
        self.mode_before = (warn_of_readers if self._is_shared else close_to_others)(self._path)

    def write_fast(self, work: Callable[[Any], T], *, durable: bool = True) -> T:
        """Let *work* write with prepared statements, in one transaction with other threads'."""
        result = self._do(lambda: self._groups.do(work, durable=durable), is_writing=True)
        self._look_at_log()
        return result

    def write(self, work: Callable[[Connection], T]) -> T:
        """Let *work* write and commit it; see ``Database``."""
        result = super().write(work)
        self._look_at_log()
        return result

    def _look_at_log(self) -> None:
        if not (self._is_shared or next(self._writes) % LOOK_EVERY):
            self._log.shorten()

    def _transact(self, group: Group) -> None:
        """Commit *group*, once it is this process's turn and this thread's."""

        def transaction(driver: FileConnection) -> None:
            if not driver.has_log:  # its commit waits for readers
                self.be_patient(driver)
            self._begin_writing(driver, group.decide_durable)
            group.run(driver)

        with self._writers.take():
            self._writing_drivers.run(transaction)

    def _begin(self, tx: Connection) -> None:
        if tx.get_execution_options().get(BEGIN) == self.begin_writing:
            driver = tx.connection.driver_connection
            assert isinstance(driver, FileConnection)  # noqa: S101 - tells the type checker
            self._begin_writing(driver, lambda: True)
        else:
            super()._begin(tx)

    def _begin_writing(self, driver: FileConnection, needs_disk: Callable[[], bool]) -> None:
        """Begin to write once no other process does; *needs_disk* is asked at each look.

        SQLite's own waiting is a look after 1, 2, 5, 10 ... 100 ms, at which who came first may
        lose for long. A commit takes less than one of those pauses.
        """
        looks = count()

        def begin() -> None:
            self._groups.is_crowded = next(looks) > 0
            be_durable(driver, is_durable=needs_disk())
            driver.execute(self.begin_writing)

        if driver.patience:
            driver.execute(self.set_patience.format(0))
        try:
            _do_once_free(begin, seconds_left(self._wait), short_pause)
        finally:
            if driver.patience:
                driver.execute(self.set_patience.format(int(driver.patience * 1000)))

    def scrub(self) -> None:
        """Write the file anew, so that no page keeps what was deleted, and empty its log.

        ``secure_delete`` overwrites a row where it lies, but not the copies that SQLite leaves
        behind as it moves rows between pages. Another program's file is only emptied of its log:
        to write it anew is that program's to say.

        Raises:
            StoreBusy: Somebody reads or writes the file all the time; do it again.
        """

        def write_anew() -> None:
            with self._writers.take(), closing(self._connect()) as connection:
                if not self._is_shared:
                    connection.execute("VACUUM")
                is_busy = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
            if is_busy:
                raise self.crowd_problem()

        with lift_limit():
            self._do(write_anew, is_writing=True)

    def _holds_others_tables(self) -> bool:
        """Return True where another program has its tables in the file; nothing is written."""
        require_log(self._path, lambda: self._look(is_left_without_log))
        return self._look(lambda file: bool(file.execute(OTHERS_TABLES).fetchone()[0]))

    def _look(self, look: Callable[[sqlite3.Connection], bool]) -> bool:
        with closing(self._open(self._wait)) as connection:
            return _do_once_free(lambda: look(connection), self._wait)

    def version(self) -> int | None:
        """Return a number that changes with every commit by anybody, in any process.

        None while somebody else keeps the file to himself.
        """
        return self._do(self._commits.version)

    def close(self) -> None:
        """Close every connection that is not at work; the next use opens new ones."""
        self._commits.close()
        self._writing_drivers.close()
        super().close()

    def wait_until_closed(self) -> None:
        """Wait for a moment until the last connection is closed, before this process forks."""
        open_files.wait_until_closed(self._path)

    def _renew(self) -> None:
        self._commits.renew()
        self._groups.renew()
        self._writing_drivers.renew(is_inherited=self._pid != os.getpid())
        super()._renew()

    def problem(self, error: BaseException | None) -> PortalkeyError:
        """Return what SQLite's *error* means, as the operator has to read it."""
        return problem_of(error, f"The store {self.name}")

    def crowd_problem(self) -> PortalkeyError:
        """Return what it means that others have the file for too long."""
        return crowd_problem(f"The store {self.name}")

    def _connect(self) -> FileConnection:
        return self._connect_for(seconds_left(self._wait))

    def _connect_to_write(self) -> FileConnection:
        """Open a connection for groups: over a log, they wait as they begin, and not in SQLite."""
        connection = self._connect()
        if connection.has_log:
            connection.execute(self.set_patience.format(0))
            connection.patience = 0.0
        return connection

    def _open(self, patience: float) -> FileConnection:
        with opening:
            return open_files.open(self._path, patience=patience)

    def _connect_for(self, patience: float) -> FileConnection:
        connection = self._open(patience)

        def set_up() -> None:
            for pragma in self._pragmas:
                connection.execute(f"PRAGMA {pragma}")
            mode = connection.execute("PRAGMA journal_mode").fetchone()
            connection.has_log = not self._is_shared and mode == ("wal",)

        try:
            _do_once_free(set_up, patience)
        except BaseException:
            connection.close()
            raise
        return connection


def _do_once_free(
    work: Callable[[], T], patience: float, pause: Callable[[float], float] = lambda _: _PAUSE
) -> T:
    """Do *work* once nobody else has the file, which is looked at anew after each *pause*.

    SQLite itself does not wait where two connections turn one new file to WAL at once.
    """
    began = time.monotonic()
    while True:
        try:
            return work()
        except sqlite3.OperationalError as error:
            waited = time.monotonic() - began
            if error.sqlite_errorcode & 0xFF not in WAITING_HELPS or waited > patience:
                raise
        time.sleep(pause(waited))


class CommitCounter:
    """One connection that never writes nor waits, and so is told of every commit."""

    def __init__(self, connect: Callable[[], sqlite3.Connection]) -> None:
        self._connect = connect
        self._opened = 0
        self.renew()

    def renew(self) -> None:
        """Begin without a connection; what is open is left to whoever keeps all of the process."""
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None

    def close(self) -> None:
        """Close the connection; the next look opens another."""
        with self._lock:
            connection, self._connection = self._connection, None
        if connection:
            connection.close()

    def version(self) -> int | None:
        """Return SQLite's number for what is in the file; each connection counts for itself."""
        with self._lock:
            try:
                if self._connection is None:
                    self._connection = self._connect()
                    self._opened += 1
                (version,) = self._connection.execute("PRAGMA data_version").fetchone()
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode & 0xFF in WAITING_HELPS:
                    return None
                raise
            return self._opened << 32 | int(version)
