"""Makes files that only their owner can read, whatever the umask says."""

import logging
import os
import stat
from contextlib import suppress
from pathlib import Path

from portalkey._support.fork import ProcessLock
from portalkey.errors import StoreUnusable

_FILE = 0o600
_DIRECTORY = 0o700
_OTHERS, _READERS = 0o077, 0o044
_BESIDE = ("", "-wal", "-shm", "-journal")

log = logging.getLogger("portalkey")

# Closing a file drops every lock that this process holds on it, SQLite's too: nobody may open a
# new file before the hand that made it has let go.
_making = ProcessLock()


def make_file(path: Path) -> Path:
    """Make the file at *path* for its owner alone, where it is missing; returns where it really is.

    Missing directories are made for the owner alone; one that is there keeps its permissions.

    Raises:
        StoreUnusable: The file cannot be made, or is not a file.
    """
    real = path.resolve()
    try:
        make_directory(real.parent)
        with _making:
            _make_file(real)
        is_file = real.is_file()
    except OSError as error:
        raise _unusable_error(real, (error.strerror or "unknown trouble").lower()) from None
    if not is_file:
        raise _unusable_error(real, "it is not a file")
    return real


def close_to_others(path: Path) -> str | None:
    """Take the file at *path*, and what SQLite keeps beside it, from all but its owner.

    Where it belongs to somebody else, whoever that is decided who may read it.

    Returns:
        The mode that one of them had before, in four digits; None where they were private.
    """
    before = None
    for beside in _BESIDE:
        each = path.with_name(path.name + beside)
        with suppress(FileNotFoundError, PermissionError):
            mode = each.stat().st_mode
            if stat.S_ISREG(mode) and mode & _OTHERS:
                each.chmod(_FILE)
                before = f"{stat.S_IMODE(mode):04o}"
                log.warning(
                    "the store's file %s was open to others (mode %04o); it is its owner's alone "
                    "now (0600)",
                    each,
                    stat.S_IMODE(mode),
                )
    return before


def warn_of_readers(path: Path) -> None:
    """Tell the operator where others can read the file at *path*, which is left as it is."""
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode & _READERS:
        log.warning(
            "store_file_open: The store's file %s holds tables of another program, so it keeps its "
            "mode %04o, and others on this machine can read it: tokens in it are sealed, owners "
            "and accounts are not; run `chmod go-r` on it, or name a file of its own in "
            "PORTALKEY_DATABASE_URL.",
            path,
            mode,
        )


def _unusable_error(path: Path, trouble: str) -> StoreUnusable:
    return StoreUnusable(
        f"The store {path} cannot be made or used ({trouble}); look at its directory and who may "
        "write there, or name another file in PORTALKEY_DATABASE_URL."
    )


def make_directory(directory: Path) -> None:
    """Make *directory* for its owner alone; one that is there keeps its permissions."""
    if directory.exists():
        return
    make_directory(directory.parent)
    with suppress(FileExistsError):
        directory.mkdir(_DIRECTORY)
        directory.chmod(_DIRECTORY)


def _make_file(path: Path) -> None:
    with suppress(FileExistsError):
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, _FILE))
        path.chmod(_FILE)
