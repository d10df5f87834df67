"""Copies of a SQLite file without the log that stands beside it, where all that is new is.

``cp portalkey.db`` of a file in use brings an old state, or none: until its first checkpoint the
file itself holds no table. Opened as it is, it would look as if nobody had ever connected.
"""

import sqlite3
import time
from collections.abc import Callable
from pathlib import Path

from portalkey.errors import StoreUnusable
from portalkey.vault.health import StoreCause, with_cause

NO_LOG = (
    "The store {0} is a copy without {0}-wal, where all of its content was: bring the original or "
    "a backup in its place, and make copies with `portalkey db backup`. To begin anew with nobody "
    "connected, remove the file."
)
PATIENCE = 2.0
"""Seconds that somebody else is given to begin with the tables of a file that is there."""
_PAUSE = 0.01


def require_log(path: Path, lacks: Callable[[], bool]) -> None:
    """Refuse the file at *path* where it is a copy without its log.

    Args:
        path: The file, which nobody in this process has open.
        lacks: Opens it, tells as ``is_left_without_log`` does, and closes it.

    Raises:
        StoreUnusable: It is such a copy.
    """
    deadline = time.monotonic() + PATIENCE
    while lacks():
        if time.monotonic() > deadline:
            raise with_cause(StoreUnusable(NO_LOG.format(path)), StoreCause.DAMAGED)
        time.sleep(_PAUSE)


def log_of(path: Path) -> Path:
    """Return the write-ahead log that belongs to the file at *path*."""
    return path.with_name(f"{path.name}-wal")


def lacks_log(connection: sqlite3.Connection) -> bool:
    """Return True where the file of *connection* has a beginning and no table.

    It says so of a copy of which the log was left behind; of a file that has its log beside it, it
    says nothing.
    """
    (tables,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    (pages,) = connection.execute("PRAGMA page_count").fetchone()
    (mode,) = connection.execute("PRAGMA journal_mode").fetchone()
    return bool(pages > 0 and tables == 0 and mode == "wal")


def is_left_without_log(connection: sqlite3.Connection) -> bool:
    """Return True where that is so once whoever is writing the file has committed."""
    if not lacks_log(connection):
        return False
    connection.execute("BEGIN IMMEDIATE")
    try:
        return lacks_log(connection)
    finally:
        connection.execute("ROLLBACK")
