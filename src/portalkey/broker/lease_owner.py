"""Identity of a lease owner: this process, by a lock on a file that its death releases.

A lease outlives a process that was killed. Another process of the same machine need not wait for
its end: death is proven by taking the lock of the *existing* file that the lease names. An absent
file proves nothing (another machine, another container), and the lease is waited out.
"""

import os
import re
import secrets
import stat
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from portalkey._support.fork import renew_after_fork, renew_inherited

try:
    import fcntl
except ImportError:  # Windows: leases are waited out
    fcntl = None  # type: ignore[assignment]

_BOOT = Path("/proc/sys/kernel/random/boot_id")
_FILE = re.compile(r"[0-9a-f]{32}\.lock")
_OLD = 3600.0


class LeaseOwner:
    """This process, as leases name it; a forked child is another owner."""

    def __init__(self, directory: Path | None = None) -> None:
        """Make no file yet.

        Args:
            directory: Where the lock files are; by default a private one of this user's among the
                system's temporary files. Where it cannot be used, a lease is waited out.
        """
        self._directory = directory or _private_directory()
        self._lock, self._pid = threading.Lock(), os.getpid()
        self._file: int | None = None
        self._name: str | None = None
        self._at: dict[str, object] = {}
        renew_after_fork(self._renew)

    @property
    def name(self) -> str:
        """The name on leases of this process, for as long as the process lives."""
        renew_inherited()
        with self._lock:
            if self._name is None:
                self._name = self._new_name()
            return self._name

    @contextmanager
    def claim(self, work: str) -> Iterator[bool]:
        """Yield True to one thread of this process at a time, of all that want this *work*.

        A lease in our name that no thread holds was granted, but its response was lost.
        """
        renew_inherited()
        mine = object()
        is_mine = self._at.setdefault(work, mine) is mine
        try:
            yield is_mine
        finally:
            if is_mine:
                self._at.pop(work, None)

    def is_dead(self, name: str) -> bool:
        """Return True where the owner of this *name* is proven to have died."""
        return self._is_held(name) is False

    def is_alive(self, name: str) -> bool:
        """Return True where the owner of this *name* is proven to live."""
        return self._is_held(name) is True

    def _is_held(self, name: str) -> bool | None:
        """Return whether the file of this *name* is locked; None where that cannot be told."""
        machine, _, file = name.partition("/")
        if fcntl is None or machine != _machine() or not _FILE.fullmatch(file):
            return None
        try:
            probe = os.open(self._directory / file, os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC)
        except OSError:
            return None
        try:
            # Shared, so that two who look at once do not take each other for the owner.
            fcntl.flock(probe, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        except OSError:
            return None
        finally:
            os.close(probe)
        return False

    def _new_name(self) -> str:
        """Make a name with a locked file behind it, or one that proves nothing where that fails."""
        file = f"{secrets.token_hex(16)}.lock"
        if fcntl is not None:
            try:
                self._sweep()
                flags = os.O_CREAT | os.O_EXCL | os.O_RDWR | os.O_CLOEXEC
                self._file = os.open(self._directory / file, flags, 0o600)
                fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                return f"{_machine()}/{secrets.token_hex(16)}.none"
        return f"{_machine()}/{file}"

    def _sweep(self) -> None:
        """Remove the files of processes that died longer ago than any lease lasts."""
        for file in self._directory.glob("*.lock"):
            with suppress(OSError):
                is_old = time.time() - file.stat().st_mtime > _OLD
                if is_old and self.is_dead(f"{_machine()}/{file.name}"):
                    file.unlink()

    def close(self) -> None:
        """Remove the lock file; the next lease makes another."""
        renew_inherited()
        with self._lock:
            self._release()
            self._name = None

    def _release(self) -> None:
        if self._file is not None and self._name is not None:
            (self._directory / self._name.partition("/")[2]).unlink(missing_ok=True)
            os.close(self._file)
            self._file = None

    def _renew(self) -> None:
        self._lock = threading.Lock()
        if self._pid == os.getpid():
            return
        # The lock is the parent's, and lasts until both have closed the file.
        if self._file is not None:
            with suppress(OSError):  # a daemon has closed it already
                os.close(self._file)
        self._pid, self._file, self._name = os.getpid(), None, None
        self._at = {}


def _machine() -> str:
    """Return the id of this running system; two of them may share a file system."""
    try:
        return _BOOT.read_text().strip()
    except OSError:
        return "unknown"


def _private_directory() -> Path:
    """Return a directory that only this user can write to; else one that does not exist."""
    user = os.getuid() if hasattr(os, "getuid") else "user"
    directory = Path(tempfile.gettempdir()) / f"portalkey-{user}"
    try:
        directory.mkdir(mode=0o700, exist_ok=True)
        status = directory.lstat()
    except OSError:
        return directory / "none"
    is_ours = stat.S_ISDIR(status.st_mode) and status.st_uid == user
    return directory if is_ours and not status.st_mode & 0o077 else directory / "none"
