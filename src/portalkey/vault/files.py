"""Makes files that only their owner can read, whatever the umask says."""

import os
import stat
from contextlib import suppress
from pathlib import Path

from portalkey._support.fork import ProcessLock
from portalkey.errors import StoreUnusable

_FILE = 0o600
_DIRECTORY = 0o700
_OTHERS = 0o077
_BESIDE = ("", "-wal", "-shm")

# Closing a file drops every lock that this process holds on it, SQLite's too: nobody may open a
# new file before the hand that made it has let go.
_making = ProcessLock()


def make_private(path: Path) -> Path:
    """Make the file at *path*, or take it from all but its owner; returns where it really is.

    Missing directories are made for the owner alone; one that is there keeps its permissions.

    Raises:
        StoreUnusable: The file cannot be made, or is not a file.
    """
    real = path.resolve()
    try:
        make_directory(real.parent)
        with _making:
            _make_file(real)
        for beside in _BESIDE:
            _tighten(real.with_name(real.name + beside))
        is_file = real.is_file()
    except OSError as error:
        raise _unusable_error(real, (error.strerror or "unknown trouble").lower()) from None
    if not is_file:
        raise _unusable_error(real, "it is not a file")
    return real


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


def _tighten(path: Path) -> None:
    # Where it belongs to somebody else, whoever that is decided who may read it.
    with suppress(FileNotFoundError, PermissionError):
        mode = path.stat().st_mode
        if stat.S_ISREG(mode) and mode & _OTHERS:
            path.chmod(_FILE)
