"""Every SQLite connection of this process, by its file.

SQLite counts a process's locks on a file in the process's own memory. A child that inherits an open
connection inherits the count, and not one of the locks: whatever it opens itself believes to be
locked, and its commits are lost as soon as the others close the file. Neither closing nor dropping
what is inherited mends the count. So a file is closed before a fork where anybody tells of it, and
is not used in a child that it was open for all the same.
"""

import os
import sqlite3
import time
from pathlib import Path
from weakref import WeakSet

from portalkey._support.fork import keep_for_ever, list_living, renew_after_fork
from portalkey.errors import StoreUnusable
from portalkey.vault.health import StoreCause, with_cause

WAIT = 2.0
"""Seconds that a fork waits for a transaction under way, at most."""
_PAUSE = 0.001
_INHERITED = (
    "The store {} was open as this process was forked, and SQLite's locks do not hold in it; "
    "restart it, and let the server load the app after the fork (in uWSGI: lazy-apps = true), or "
    "name a PostgreSQL database in PORTALKEY_DATABASE_URL."
)


class FileConnection(sqlite3.Connection):
    """A connection to a file, known until it is closed."""

    path: Path
    patience = 0.0
    """Seconds that it waits for others."""
    has_log = False
    """True where it writes to a log first: what a loss of power undoes is undone whole, there."""
    is_durable = True
    """True where a commit waits for the disk."""

    def close(self) -> None:
        """Close the connection."""
        super().close()
        open_files.forget(self)


class OpenFiles:
    """The open connections of this process, and the files that are of no use in it."""

    def __init__(self) -> None:
        self._pid = os.getpid()
        self._open: WeakSet[FileConnection] = WeakSet()
        self._inherited: frozenset[Path] = frozenset()
        renew_after_fork(self._renew)

    def open(self, path: Path, *, patience: float) -> FileConnection:
        """Open the file at *path*, and wait *patience* seconds for other writers.

        Raises:
            sqlite3.Error: It cannot be opened.
            StoreUnusable: It was open while this process was forked.
        """
        if path in self._inherited:
            raise with_cause(StoreUnusable(_INHERITED.format(path)), StoreCause.OTHER)
        connection = sqlite3.connect(
            # A file that has gone missing is not made again, least of all for all to read.
            f"{path.as_uri()}?mode=rw",
            uri=True,
            timeout=patience,
            isolation_level=None,  # we say BEGIN ourselves
            check_same_thread=False,  # the pool sees to it that one thread has it at a time
            factory=FileConnection,
        )
        connection.path, connection.patience = path, patience
        self._open.add(connection)
        return connection

    def forget(self, connection: FileConnection) -> None:
        """Note that *connection* is closed."""
        self._open.discard(connection)

    def wait_until_closed(self, path: Path) -> None:
        """Wait until no connection to the file is open, for ``WAIT`` seconds at most."""
        deadline = time.monotonic() + WAIT
        while path in self._paths() and time.monotonic() < deadline:
            time.sleep(_PAUSE)

    def _paths(self) -> set[Path]:
        return {each.path for each in list_living(self._open)}

    def _renew(self) -> None:
        if self._pid == os.getpid():
            return
        self._inherited |= self._paths()
        keep_for_ever(*self._open)
        self._pid, self._open = os.getpid(), WeakSet()


open_files = OpenFiles()
