"""From the URL in the settings to the database; nothing of it is repeated, for its password."""

import re
from collections.abc import Callable
from pathlib import Path
from urllib.parse import unquote

from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from portalkey.errors import BadSettings, StoreUnusable
from portalkey.vault.sql.database import Database
from portalkey.vault.sql.sqlite import SQLite
from portalkey.vault.sql.statements import no_offset

_NO_FILE = (
    "PORTALKEY_DATABASE_URL names no file for SQLite; write sqlite:///PATH, with a fourth slash "
    "for an absolute path and nothing after the path"
)
_NO_DRIVER = (
    "PORTALKEY_DATABASE_URL names a PostgreSQL database, whose driver is not installed here; "
    "install it with: pip install 'portalkey[postgres]'"
)
NO_SCHEMA = "PORTALKEY_DATABASE_SCHEMA is for PostgreSQL, which alone has schemas; take it out"
_POSTGRESQL = re.compile(r"(postgresql\+psycopg|postgresql|postgres)://")

_MOUNTS = Path("/proc/self/mountinfo")
# Of several machines, each sees its own locks only, or all of them too late.
_ON_A_NETWORK = re.compile(
    r"(fuse\.)?(nfs4?|cifs|smb3|smbfs|sshfs|glusterfs|ceph|lustre|afs|gpfs|beegfs)(_nodev)?"
)
_ESCAPE = re.compile(r"\\([0-7]{3})")


def read_mounts(path: Path = _MOUNTS) -> str:
    """Return what is mounted where, as Linux says at *path*; empty on a system that does not."""
    try:
        return path.read_text(errors="surrogateescape")
    except OSError:
        return ""


def open_database(
    url: str,
    *,
    schema: str = "",
    ahead: Callable[[], float] = no_offset,
    mounts: Callable[[], str] = read_mounts,
) -> Database:
    """Open the database that *url* names; a SQLite file is made where it is missing.

    Raises:
        BadSettings: The URL names none that can be used.
        StoreUnusable: The file cannot be made, or is on another machine.
    """
    if _POSTGRESQL.match(url):
        return _postgresql(url, schema, ahead)
    if schema:
        raise BadSettings([NO_SCHEMA])
    path = _file(url).resolve()
    require_local(path, mounts())
    return SQLite(path, ahead=ahead)


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


_MOUNT_POINT = 4


def _unquote(path: str) -> str:
    return _ESCAPE.sub(lambda escape: chr(int(escape[1], 8)), path)


def _postgresql(url: str, schema: str, ahead: Callable[[], float]) -> Database:
    try:
        # Imported here: the driver is an extra, and slow to load.
        from portalkey.vault.sql.postgres import PostgreSQL  # noqa: PLC0415 - see above
    except ImportError:
        raise BadSettings([_NO_DRIVER]) from None
    return PostgreSQL(url, schema=schema, ahead=ahead)


def _file(url: str) -> Path:
    path = sqlite_file(url)
    if path is None:
        raise BadSettings([_NO_FILE])
    return path


def sqlite_file(url: str) -> Path | None:
    """Return the file that a URL of SQLite names; None where it names none, or more than that."""
    try:
        address = make_url(url)
    except ArgumentError:
        return None
    if address.drivername not in {"sqlite", "sqlite+pysqlite"} or address.host or address.query:
        return None
    # Not what SQLAlchemy makes of it: 2.1 unquotes a file's name, and 2.0 does not.
    path = unquote(url.partition(":///")[2].partition("?")[0])
    return Path(path) if path not in {"", ":memory:"} else None
