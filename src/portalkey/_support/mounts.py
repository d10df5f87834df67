"""File systems of this machine, and the places that they are mounted at."""

import re
import subprocess
import sys
from pathlib import Path

_MOUNTS = Path("/proc/self/mountinfo")
_DARWIN = ("/sbin/mount",)
_DARWIN_LINE = re.compile(r".+? on (?P<path>/.*) \((?P<kind>[^,)]+).*\)")
_ESCAPE = re.compile(r"\\([0-7]{3})")
_MOUNT_POINT = 4
_SECONDS = 5.0


def read_mounts(path: Path = _MOUNTS) -> str:
    """Return what is mounted where: what Linux says at *path*, or macOS by ``mount``.

    Empty on a system that says nothing.
    """
    try:
        if sys.platform == "darwin":
            return subprocess.run(  # noqa: S603 - the system's own program, by its whole path
                _DARWIN, capture_output=True, text=True, timeout=_SECONDS, check=True
            ).stdout
        return path.read_text(errors="surrogateescape")
    except (OSError, subprocess.SubprocessError):
        return ""


def filesystem(path: Path, mounts: str) -> str:
    """Return the kind of file system of the absolute *path*, by the lines of *mounts*.

    Empty where they do not say.
    """
    return mount_of(path, mounts)[1]


def mount_of(path: Path, mounts: str) -> tuple[str, str]:
    """Return the place that the file system of the absolute *path* is mounted at, and its kind.

    Both are empty where the lines of *mounts* do not say.
    """
    # The last one mounted at a place hides those before it.
    kinds = dict(filter(None, map(_read_line, mounts.splitlines())))
    places = (str(at) for at in (path, *path.parents))
    return next(((at, kinds[at]) for at in places if at in kinds), ("", ""))


def _read_line(line: str) -> tuple[str, str] | None:
    """Return place and kind of one line: of Linux's ``mountinfo``, or of macOS's ``mount``."""
    if found := _DARWIN_LINE.fullmatch(line):
        return found["path"], found["kind"]
    before, _, after = line.partition(" - ")
    fields = before.split(" ")
    if not after or len(fields) <= _MOUNT_POINT:
        return None
    return _unquote(fields[_MOUNT_POINT]), after.split(" ")[0]


def _unquote(path: str) -> str:
    return _ESCAPE.sub(lambda escape: chr(int(escape[1], 8)), path)
