"""SQLite's errors as errors of ours: the cause in a word, and what the operator has to do."""

import sqlite3

from portalkey.errors import PortalkeyError, StoreBusy, StoreUnusable
from portalkey.vault.health import StoreCause, with_cause

WAITING_HELPS = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED})
"""The codes of errors that pass once somebody else is done."""
_NOT_WRITTEN = (
    "cannot be written; look at who may write the file and its directory, and whether the disk is "
    "mounted read-only"
)
_NOT_OPENED = (
    "cannot be opened; look whether it is still there and who may write the file and its directory"
)
_WHAT_TO_DO = {
    sqlite3.SQLITE_READONLY: (StoreCause.READ_ONLY, _NOT_WRITTEN),
    sqlite3.SQLITE_CANTOPEN: (StoreCause.MISSING, _NOT_OPENED),
    sqlite3.SQLITE_FULL: (StoreCause.DISK_FULL, "cannot grow; make room on its disk"),
    sqlite3.SQLITE_IOERR: (
        StoreCause.DISK_ERROR,
        "cannot be read or written; look at the disk it is on",
    ),
    sqlite3.SQLITE_CORRUPT: (StoreCause.DAMAGED, "is damaged; bring back the newest backup"),
    sqlite3.SQLITE_NOTADB: (
        StoreCause.DAMAGED,
        "is not a SQLite database; look whether PORTALKEY_DATABASE_URL names the right file",
    ),
}
_OTHERWISE = (StoreCause.OTHER, "is not as portalkey left it; look what else writes to it")


def problem_of(error: BaseException | None, what: str) -> PortalkeyError:
    """Return what SQLite's *error* means, in a sentence that begins with *what*."""
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF
    if code in WAITING_HELPS:
        return crowd_problem(what)
    cause, what_to_do = _WHAT_TO_DO.get(code, _OTHERWISE)
    return with_cause(StoreUnusable(f"{what} {what_to_do}."), cause)


def crowd_problem(what: str) -> PortalkeyError:
    """Return what it means that others have the file of *what* for too long."""
    words = (
        f"{what} is busy: others write it all the time; try again in a moment, and if it lasts, "
        "look which program holds a lock on it."
    )
    return with_cause(StoreBusy(words), StoreCause.LOCKED)
