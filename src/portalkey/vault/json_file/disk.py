"""A config file on its disk: read whole, and replaced whole by one process at a time.

Beside it are its lock and its last good copy, which is what was written last. Whoever reads needs
no lock: the file is always one that was written to its end.
"""

import errno
import os
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

from filelock import FileLock, Timeout

from portalkey._support.time_limit import seconds_left
from portalkey.errors import StoreBusy, StoreUnusable
from portalkey.vault.files import make_directory
from portalkey.vault.health import StoreCause, with_cause

_FILE = 0o600
_OTHERS = 0o077
_PAUSE = 0.003
# Windows would put a carriage return before every line feed.
_NEW = os.O_CREAT | os.O_EXCL | os.O_WRONLY | getattr(os, "O_BINARY", 0)

_MAY_NOT = "cannot be read or written; look at who may use the file and write its folder"
_WHAT_TO_DO = {
    errno.ENOSPC: (StoreCause.DISK_FULL, "cannot grow; make room on its disk"),
    errno.EDQUOT: (
        StoreCause.DISK_FULL,
        "cannot grow, as its user's disk quota is used up; delete files or raise the quota",
    ),
    errno.EFBIG: (
        StoreCause.DISK_FULL,
        "cannot grow; raise the limit for the size of files (ulimit -f)",
    ),
    errno.EACCES: (StoreCause.REFUSED, _MAY_NOT),
    errno.EPERM: (StoreCause.REFUSED, _MAY_NOT),
    errno.EROFS: (StoreCause.READ_ONLY, "cannot be written; its disk is mounted read-only"),
}


class Stamp(NamedTuple):
    """Version of the file: no two have the same."""

    number: int
    written_at: int
    size: int


class ConfigFile:
    """The file at *path*; from any thread, process and forked child."""

    def __init__(self, path: Path, *, is_for_all: bool = False, wait: float) -> None:
        """Touch nothing yet.

        Args:
            path: The file, absolute and without links in it.
            is_for_all: Others may read it; it keeps its permissions then.
            wait: For how many seconds to wait for another writer.
        """
        self.path = path
        self.good = path.with_name(f"{path.name}.good")
        self._new = path.with_name(f"{path.name}.new")
        self._new_good = path.with_name(f"{path.name}.good.new")
        self._is_for_all = is_for_all
        self._lock_path = path.with_name(f"{path.name}.lock")
        self._wait = wait

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Let nobody else write, in any process of this machine.

        Raises:
            StoreBusy: Others wrote all the time.
            StoreUnusable: The folder cannot be used.
        """
        # A new one each time: threads keep one another out as well, and a fork inherits none.
        lock = FileLock(self._lock_path, mode=_FILE)
        with self._explain_errors():
            try:
                lock.acquire(timeout=seconds_left(self._wait), poll_interval=_PAUSE)
            except Timeout:
                raise self._busy_error() from None
        try:
            yield
        finally:
            lock.release()

    @contextmanager
    def _explain_errors(self) -> Iterator[None]:
        """Turn an error of the disk into one that says what to do about it."""
        problem = None
        try:
            yield
        except OSError as error:
            otherwise = f"cannot be used ({(error.strerror or 'unknown trouble').lower()})"
            problem = _WHAT_TO_DO.get(error.errno or 0, (StoreCause.DISK_ERROR, otherwise))
        if problem:
            cause, words = problem
            raise self.unusable_error(f"{words}.", cause)

    def unusable_error(self, what: str, cause: StoreCause = StoreCause.OTHER) -> StoreUnusable:
        """Return the error that the file cannot be used, for *what*."""
        return with_cause(StoreUnusable(f"The store {self.path} {what}"), cause)

    def _busy_error(self) -> StoreBusy:
        words = (
            f"The store {self.path} is busy: others write it all the time; try again in a moment."
        )
        return with_cause(StoreBusy(words), StoreCause.LOCKED)

    def make_room(self) -> None:
        """Make the folder, for its owner alone, where it is missing."""
        with self._explain_errors():
            make_directory(self.path.parent)
            if not self.path.parent.is_dir():
                raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR))

    def is_there(self) -> bool:
        """True where there is something of that name.

        Raises:
            StoreUnusable: Its folder may not be looked into.
        """
        with self._explain_errors():
            return self.path.exists()

    def stamp(self) -> Stamp:
        """Return the version that is there, without reading it.

        Raises:
            StoreUnusable: None is there any more, or it may not be looked at.
        """
        return _stamp(self._stat())

    def _stat(self) -> os.stat_result:
        with self._explain_errors():
            try:
                return self.path.stat()
            except FileNotFoundError:
                raise self.missing_error() from None

    def missing_error(self) -> StoreUnusable:
        """Return the error that the file was there and is not any more."""
        return self.unusable_error(
            f"is gone; bring it back from {self.good} or a backup, or take {self.good} away too "
            "and restart, to begin anew.",
            StoreCause.MISSING,
        )

    def read(self) -> tuple[Stamp, bytes]:
        """Return the version that is there, and its content.

        Raises:
            StoreUnusable: It cannot be read, or others could read it.
        """
        self._require_private(self._stat())
        with self._explain_errors(), self.path.open("rb") as file:
            return _stamp(os.fstat(file.fileno())), file.read()

    def _require_private(self, status: os.stat_result) -> None:
        if not stat.S_ISREG(status.st_mode):  # a pipe would be waited for
            raise self.unusable_error("is not a file; name one in PORTALKEY_DATABASE_URL.")
        if os.name == "posix" and status.st_mode & _OTHERS and not self._is_for_all:
            raise self.unusable_error(
                f"can be used by others than its owner; run `chmod 600 {self.path}`, or put "
                "?permissions=any after it in PORTALKEY_DATABASE_URL, if they are meant to."
            )

    def replace(self, content: bytes) -> Stamp:
        """Put *content* in the place of the file and of its good copy, or of neither.

        Once this returns it has reached the disk.

        Raises:
            StoreUnusable: It could not be written.
        """
        with self._explain_errors(), self._clear_halves():
            before = self.path.stat() if self.path.exists() else None
            stamp = self._write(self._new, content, before)
            # What it is a copy of has reached the disk.
            self._write(self._new_good, content, before, is_hurried=True)
            self._new.replace(self.path)
            self._new_good.replace(self.good)
            _sync_folder(self.path.parent)
        return stamp

    def keep_good(self, content: bytes) -> None:
        """Keep *content* as the last good copy.

        Raises:
            StoreUnusable: It could not be written; the copy is as it was.
        """
        with self._explain_errors(), self._clear_halves():
            self._write(self._new_good, content, self.path.stat())
            self._new_good.replace(self.good)

    @contextmanager
    def _clear_halves(self) -> Iterator[None]:
        """Remove what is half written, ours and what a killed process left."""
        halves = (self._new, self._new_good)
        for half in halves:
            half.unlink(missing_ok=True)
        try:
            yield
        finally:
            for half in halves:
                half.unlink(missing_ok=True)

    def _write(
        self,
        path: Path,
        content: bytes,
        before: os.stat_result | None,
        *,
        is_hurried: bool = False,
    ) -> Stamp:
        """Write a new file at *path*, which is to take the place of what was there *before*."""
        with os.fdopen(os.open(path, _NEW, _FILE), "wb") as file:
            file.write(content)
            file.flush()
            if not is_hurried:
                os.fsync(file.fileno())
        written_at = time.time_ns()
        if before is not None:
            # Clocks stand still for milliseconds, and the number of a file comes back.
            written_at = max(written_at, before.st_mtime_ns + 1)
            _give_to_owner_of(path, before)
        path.chmod(stat.S_IMODE(before.st_mode) if before and self._is_for_all else _FILE)
        os.utime(path, ns=(written_at, written_at))
        return _stamp(path.stat())


def _stamp(status: os.stat_result) -> Stamp:
    return Stamp(status.st_ino, status.st_mtime_ns, status.st_size)


def _give_to_owner_of(path: Path, before: os.stat_result) -> None:
    """Give the file to its owner of *before*: root may write what is somebody else's."""
    now = path.stat()
    if (now.st_uid, now.st_gid) != (before.st_uid, before.st_gid):
        with suppress(PermissionError):
            os.chown(path, before.st_uid, before.st_gid)


def _sync_folder(folder: Path) -> None:
    with suppress(PermissionError):  # Windows opens no folder
        number = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(number)
        finally:
            os.close(number)
