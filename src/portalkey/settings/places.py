"""The place of a store that no setting names, and whether what is there lasts."""

import os
import re
import secrets
from collections.abc import Callable, Mapping
from pathlib import Path

from platformdirs import user_data_path

from portalkey._support.mounts import mount_of

FILE = "portalkey.db"
STATE_DIRECTORY = "STATE_DIRECTORY"
"""The variable by which systemd hands a service its directories, with colons between them."""

_LAYERS = frozenset({"overlay", "overlayfs", "aufs", "fuse.fuse-overlayfs", "fuse-overlayfs"})
_IN_MEMORY = frozenset({"tmpfs", "ramfs"})
_MARKS = ("/.dockerenv", "/run/.containerenv")
_CGROUPS = ("docker", "kubepods", "containerd", "libpod")
_VARIABLES = ("KUBERNETES_SERVICE_HOST", "ECS_CONTAINER_METADATA_URI_V4")
# Those of LXC and of systemd's nspawn, which say what they are as well, are kept like machines.
_SHORT_LIVED = frozenset({"docker", "podman", "oci"})

_NOWHERE = (
    "is needed, as this process has no home directory for a store; set it to "
    "sqlite:////PATH/portalkey.db"
)
_NO_WRITING = (
    "is needed, as nothing can be written at {path}, where a store is kept by default; set it to "
    "sqlite:////PATH/portalkey.db"
)


def _users_data() -> Path:
    return user_data_path("portalkey", appauthor=False)


def default_store(
    environ: Mapping[str, str], users_data: Callable[[], Path] = _users_data
) -> Path | None:
    """Return the file in systemd's state directory, where *environ* names one; else None.

    A store that is in the user's data directory already, and not there, is kept.
    """
    first = environ.get(STATE_DIRECTORY, "").partition(":")[0]
    if not first or not Path(first).is_absolute():
        return None
    state = Path(first) / FILE
    try:
        older = users_data() / FILE
    except RuntimeError:
        return state
    return None if os.path.exists(older) and not os.path.exists(state) else state  # noqa: PTH110 - never raises


def store_in_data_directory(users_data: Callable[[], Path] = _users_data) -> Path:
    """Return the file in this user's data directory.

    Raises:
        ValueError: There is no such directory, or it cannot be written; the argument is the end of
            a sentence that begins with the setting's name.
    """
    try:
        file = users_data() / FILE
    except RuntimeError:  # neither HOME nor an entry of this user
        raise ValueError(_NOWHERE) from None
    nearest = next(each for each in (file, *file.parents) if os.path.exists(each))  # noqa: PTH110 - as above
    is_place = nearest == file or nearest.is_dir()
    if not is_place or not os.access(nearest, os.W_OK):
        raise ValueError(_NO_WRITING.format(path=file.parent))
    return file


def new_store(project: Path, users_data: Callable[[], Path] = _users_data) -> Path:
    """Return a file in this user's data directory for the app in the folder *project* alone.

    Raises:
        RuntimeError: There is no such directory.
    """
    name = re.sub(r"[^A-Za-z0-9_-]+", "-", project.name).strip("-")[:40] or "app"
    return users_data() / f"{name}-{secrets.token_hex(3)}.db"


def is_in_memory(path: Path, mounts: str) -> bool:
    """Return True where a file at the absolute *path* is gone as this machine restarts."""
    return mount_of(path, mounts)[1] in _IN_MEMORY


def is_in_layer(path: Path, mounts: str, *, is_container: bool) -> bool:
    """Return True where a file at the absolute *path* is gone with this process's container.

    Args:
        path: The file; it may be missing.
        mounts: What is mounted where, as Linux says.
        is_container: True where this process runs in one. A root that is laid over another says
            so too.
    """
    place, kind = mount_of(path, mounts)
    return place == "/" and (is_container or kind in _LAYERS)


def is_container(
    environ: Mapping[str, str],
    cgroups: str,
    has_file: Callable[[str], bool] = os.path.exists,
) -> bool:
    """Return True where this process runs in a container, by its variables, files and *cgroups*."""
    return (
        any(environ.get(each) for each in _VARIABLES)
        or environ.get("container") in _SHORT_LIVED
        or any(map(has_file, _MARKS))
        or any(each in cgroups for each in _CGROUPS)
    )
