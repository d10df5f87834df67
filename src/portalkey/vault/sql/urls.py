"""From the URL in the settings to the database; its password is never repeated."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote

from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from portalkey._support.clock import no_offset
from portalkey._support.mounts import read_mounts
from portalkey.errors import BadSettings
from portalkey.settings.urls import NO_SCHEMA, is_postgresql, postgresql_problem
from portalkey.settings.validators import sqlite_url
from portalkey.vault.local_disk import require_local
from portalkey.vault.sql.database import Database
from portalkey.vault.sql.sqlite import SQLite
from portalkey.vault.store import CALL_SECONDS, single_wait

if TYPE_CHECKING:
    from portalkey.vault.sql.postgres import PostgreSQL

_NO_FILE = (
    "PORTALKEY_DATABASE_URL names no file for SQLite; write sqlite:///PATH, with a fourth slash "
    "for an absolute path and nothing after the path"
)
_NO_DRIVER = (
    "PORTALKEY_DATABASE_URL names a PostgreSQL database, whose driver is not installed here; "
    "install it with: pip install 'portalkey[postgres]'"
)


def open_database(
    url: str,
    *,
    schema: str = "",
    plaintext: bool = False,
    seconds: float = CALL_SECONDS,
    ahead: Callable[[], float] = no_offset,
    mounts: Callable[[], str] = read_mounts,
) -> Database:
    """Open the database that *url* names; a SQLite file is made where it is missing.

    Raises:
        BadSettings: The URL names none that can be used.
        StoreUnusable: The file cannot be made, or is on another machine.
    """
    if problem := postgresql_problem(url):
        raise BadSettings([f"PORTALKEY_DATABASE_URL {problem}"])
    if is_postgresql(url):
        kind, wait = _load_postgresql(), single_wait(seconds)
        return kind(
            url, schema=schema, plaintext=plaintext, ahead=ahead, wait=wait, seconds=seconds
        )
    if schema:
        raise BadSettings([NO_SCHEMA])
    path = _file(url).resolve()
    require_local(path, mounts())
    return SQLite(path, ahead=ahead, wait=single_wait(seconds), seconds=seconds)


def _load_postgresql() -> "type[PostgreSQL]":
    try:
        # Imported here: the driver is an extra, and slow to load.
        from portalkey.vault.sql.postgres import PostgreSQL  # noqa: PLC0415 - see above
    except ImportError:
        raise BadSettings([_NO_DRIVER]) from None
    return PostgreSQL


def _file(url: str) -> Path:
    path = sqlite_file(url)
    if path is None:
        raise BadSettings([_NO_FILE])
    return path


def address_of(url: str) -> str:
    """Return *url* for a command that people copy: with a whole path, and without password.

    Raises:
        BadSettings: It names no database that can be used.
    """
    if not is_postgresql(url):
        return sqlite_url(_file(url))
    # Imported here: the driver is an extra, and slow to load.
    from portalkey.vault.sql.postgres_url import without_secrets  # noqa: PLC0415 - see above

    return without_secrets(url)


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
