"""A SQLite file that is only looked at: nothing is made, migrated or tightened."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from portalkey.vault.sql.half_copies import log_of
from portalkey.vault.sql.sqlite_errors import problem_of

_NO_WRITING = frozenset({sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN})


@contextmanager
def open_to_read(path: Path, *, what: str, wait: float = 5.0) -> Iterator[sqlite3.Connection]:
    """Open the file at *path* as it stands at one moment; *what* begins the sentence of trouble.

    Raises:
        StoreBusy: Somebody else keeps it to himself.
        StoreUnusable: It is not there, or cannot be read.
    """
    problem: sqlite3.Error | None = None
    try:
        with closing(_open(path, wait)) as connection:
            yield connection
    except sqlite3.Error as error:
        problem = error
    if problem is not None:
        raise problem_of(problem, what)


def _open(path: Path, wait: float) -> sqlite3.Connection:
    try:
        # Whoever may only read a file with a log leaves files beside it.
        return _begin(path, "mode=rw", wait)
    except sqlite3.Error as error:
        if error.sqlite_errorcode & 0xFF not in _NO_WRITING or not path.exists():
            raise
    return _begin(path, "mode=ro" if log_of(path).exists() else "immutable=1", wait)


def _begin(path: Path, mode: str, wait: float) -> sqlite3.Connection:
    address = f"{path.resolve().as_uri()}?{mode}"
    connection = sqlite3.connect(address, uri=True, isolation_level=None, timeout=wait)
    try:
        connection.execute("BEGIN")
        connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    except BaseException:
        connection.close()
        raise
    return connection
