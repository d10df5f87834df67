"""Refuses a store's file on a network disk, where machines do not see each other's locks."""

import re
from pathlib import Path

from portalkey.errors import StoreUnusable

_MOUNTS = Path("/proc/self/mountinfo")
# Of several machines, each sees its own locks only, or all of them too late.
_ON_A_NETWORK = re.compile(
    r"(fuse\.)?(nfs4?|cifs|smb3|smbfs|sshfs|glusterfs|ceph|lustre|afs|gpfs|beegfs)(_nodev)?"
)
_ESCAPE = re.compile(r"\\([0-7]{3})")
_MOUNT_POINT = 4


def read_mounts(path: Path = _MOUNTS) -> str:
    """Return what is mounted where, as Linux says at *path*; empty on a system that does not."""
    try:
        return path.read_text(errors="surrogateescape")
    except OSError:
        return ""


def require_local(path: Path, mounts: str) -> None:
    """Refuse the absolute *path* of a store's file where *mounts* has it on another machine's disk.

    Raises:
        StoreUnusable: It is there; the message says what to name instead.
    """
    kind = filesystem(path, mounts)
    if _ON_A_NETWORK.fullmatch(kind):
        raise StoreUnusable(
            f"The store {path} is on a network file system ({kind}), where the locks of a file do "
            "not hold; name a file on a disk of this machine in PORTALKEY_DATABASE_URL, or a "
            "PostgreSQL database, which several machines can share."
        )


def filesystem(path: Path, mounts: str) -> str:
    """Return the kind of file system of the absolute *path*, by the lines of a ``mountinfo``.

    Empty where they do not say.
    """
    kinds = {}
    for line in mounts.splitlines():
        before, _, after = line.partition(" - ")
        fields = before.split(" ")
        if after and len(fields) > _MOUNT_POINT:
            # The last one mounted at a place hides those before it.
            kinds[_unquote(fields[_MOUNT_POINT])] = after.split(" ")[0]
    return next((kinds[str(at)] for at in (path, *path.parents) if str(at) in kinds), "")


def _unquote(path: str) -> str:
    return _ESCAPE.sub(lambda escape: chr(int(escape[1], 8)), path)
