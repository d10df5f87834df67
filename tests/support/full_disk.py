"""A disk of a test's own that gets full: a small tmpfs, or a limit where one may not be mounted."""

import os
import resource
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

SIZE = 2_000_000


class Disk:
    """A small disk, mounted at a *folder* where this user may do that."""

    def __init__(self, folder: Path, *, is_mounted: bool) -> None:
        self.folder = folder
        self._is_mounted = is_mounted
        self._ballast = folder / "ballast"
        self._limit = resource.getrlimit(resource.RLIMIT_FSIZE)

    def fill(self) -> None:
        """Leave no room for anything."""
        if not self._is_mounted:
            resource.setrlimit(resource.RLIMIT_FSIZE, (1, self._limit[1]))
            return
        with self._ballast.open("wb", buffering=0) as file:
            try:
                while file.write(b"x" * os.sysconf("SC_PAGE_SIZE")):
                    pass
            except OSError:
                return

    def make_room(self) -> None:
        """Take the ballast away again."""
        resource.setrlimit(resource.RLIMIT_FSIZE, self._limit)
        self._ballast.unlink(missing_ok=True)


@contextmanager
def small_disk(folder: Path) -> Iterator[Disk]:
    """A disk at *folder*, which is made."""
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={SIZE},mode=0700", "tmpfs", str(folder)]
    try:
        is_mounted = subprocess.run(command, capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        is_mounted = False
    disk = Disk(folder, is_mounted=is_mounted)
    try:
        yield disk
    finally:
        disk.make_room()
        if is_mounted:
            subprocess.run(["umount", "--lazy", str(folder)], check=True)  # noqa: S607 - as the system has it
