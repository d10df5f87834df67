"""Secrets in files, as orchestrators give them: who else may read one, and what is in it.

Kubernetes, Docker and systemd hand a secret over as a file that is not ours to change: for our
group, or for all on a mount that nothing else is on. Elsewhere a file that others may read is
refused, as ssh and libpq do.
"""

import os
import stat
from collections.abc import Collection, Mapping
from errno import EINVAL
from pathlib import Path

from portalkey._support.mounts import filesystem, read_mounts

LONGEST = 65536
"""Bytes of a file that is read."""
_FOR_WRITING = stat.S_IWGRP | stat.S_IWOTH
_FOR_ALL = stat.S_IROTH | stat.S_IXOTH | stat.S_IXGRP
_CREDENTIALS = "CREDENTIALS_DIRECTORY"


def read_secret_file(
    path: Path,
    *,
    should_hold: str,
    mounts: str | None = None,
    environ: Mapping[str, str] = os.environ,
) -> str:
    """Return the text of the file at *path*.

    Args:
        path: The file; a link is followed.
        should_hold: What ought to be in it, for messages: "label:key lines".
        mounts: What is mounted where; asked of the system by default.
        environ: Replaces the environment of the process, in which systemd names its folder.

    Raises:
        ValueError: It cannot be read, others may read or change it, or it is no text; the argument
            is the end of a sentence that begins with the setting's name.
    """
    try:
        status, content = _read_start(path)
    except OSError as error:
        trouble = (error.strerror or "it is not readable").lower()
        raise ValueError(f"cannot be read ({trouble}); name a file of {should_hold}") from None
    is_open = os.name == "posix" and _is_open_to_others(status)
    if is_open and not _is_handed_over(path, mounts, environ):
        raise ValueError("names a file that others may read; run `chmod 600` on it")
    if len(content) > LONGEST or b"\0" in content:
        raise ValueError(f"names a file that does not look like {should_hold}; put that into it")
    return content.decode("utf-8", "replace")


def is_for_others(path: Path) -> bool:
    """Return True where others may read or change the file at *path*, and its owner can end that.

    False where it is missing.
    """
    try:
        is_open = os.name == "posix" and _is_open_to_others(path.stat())
        return is_open and not _is_handed_over(path, None, os.environ)
    except OSError:
        return False


def _is_open_to_others(status: os.stat_result) -> bool:
    """Return True where somebody beside us and our group may read a file, or may change it."""
    mode = status.st_mode
    is_of_others = mode & stat.S_IRGRP and status.st_gid not in _own_groups()
    return bool(mode & (_FOR_WRITING | _FOR_ALL) or is_of_others)


def _own_groups() -> Collection[int]:
    return {os.getegid(), *os.getgroups()}


def _is_handed_over(path: Path, mounts: str | None, environ: Mapping[str, str]) -> bool:
    """Return True where the file is an orchestrator's: nobody here could change who may read it."""
    real = path.resolve()
    if real.stat().st_mode & _FOR_WRITING:
        return False
    folder = environ.get(_CREDENTIALS)
    if folder and real.is_relative_to(Path(folder).resolve()):
        return True
    if os.statvfs(real).f_flag & os.ST_RDONLY:
        return True
    return filesystem(real, read_mounts() if mounts is None else mounts) in {"tmpfs", "ramfs"}


def _read_start(path: Path) -> tuple[os.stat_result, bytes]:
    # Opening a pipe would block until somebody writes into it.
    if path.exists() and not path.is_file():
        raise OSError(EINVAL, "it is not a file")
    with path.open("rb") as file:
        return os.fstat(file.fileno()), file.read(LONGEST + 1)
