"""Backup of a SQLite file while it is in use, by SQLite's own means: as it stood at one moment."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from portalkey.errors import StoreUnusable
from portalkey.vault.new_file import new_file
from portalkey.vault.sql.half_copies import NO_LOG, lacks_log, log_of
from portalkey.vault.sql.read_only import open_to_read
from portalkey.vault.sql.sqlite_errors import problem_of

PAGES = 256
"""So many pages are copied between two reports."""

_NOT_OURS = (
    "The store {} holds no tables of portalkey's, so there is nothing to back up; look whether "
    "PORTALKEY_DATABASE_URL names the right file."
)
_DAMAGED = (
    "The backup of {} is damaged, and was thrown away: so is the store. `portalkey db check` says "
    "what of it; bring back the newest good backup."
)
_OURS = "SELECT count(*) FROM sqlite_master WHERE name = 'portalkey_connections'"
_COUNT = "SELECT count(*) FROM portalkey_connections WHERE sealed_refresh IS NOT NULL"

Report = Callable[[int, int], object]
"""Takes how many pages are copied, and how many there are."""


def back_up(path: Path, target: Path, report: Report = lambda *_: None) -> int:
    """Copy the store at *path* into a new file *target*; return the number of its connections.

    The store may be in use. Other programs' tables in the same file come along.

    Raises:
        StoreBusy: Somebody else keeps the store to himself.
        StoreUnusable: The store cannot be read or is damaged, or the backup cannot be written.
    """
    what = f"The store {path}"
    has_log = log_of(path).exists()
    with open_to_read(path, what=what) as source:
        if not has_log and lacks_log(source):
            raise StoreUnusable(NO_LOG.format(path))
        if not source.execute(_OURS).fetchone()[0]:
            raise StoreUnusable(_NOT_OURS.format(path))
        with new_file(target) as draft:
            _copy(source, draft, target, report)
            return _count_whole(draft, path)


def _copy(source: sqlite3.Connection, draft: Path, target: Path, report: Report) -> None:
    problem: sqlite3.Error | None = None
    with closing(sqlite3.connect(draft, isolation_level=None)) as copy:
        try:
            # Within one transaction of the source: what others write meanwhile is not in it, and
            # does not make SQLite begin anew.
            source.backup(
                copy, pages=PAGES, progress=lambda _, left, total: report(total - left, total)
            )
            # One file, with no log beside it that could be left behind.
            copy.execute("PRAGMA journal_mode=DELETE").fetchone()
        except sqlite3.Error as error:
            problem = error
    if problem is not None:
        raise problem_of(problem, f"The backup {target}")


def _count_whole(draft: Path, path: Path) -> int:
    """Return the number of connections in *draft*, which is looked through for damage."""
    with open_to_read(draft, what=f"The backup of {path}") as copy:
        (verdict,) = copy.execute("PRAGMA integrity_check(1)").fetchone()
        if verdict != "ok":
            raise StoreUnusable(_DAMAGED.format(path))
        (number,) = copy.execute(_COUNT).fetchone()
    return int(number)
