"""Another program's database, read only: as it stood at one moment, and never written.

SQLite is asked to open the file for reading, PostgreSQL to begin a transaction that can do nothing
else. An address may hold a password, so no message repeats it.
"""

import sqlite3
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import (
    CHAR,
    ColumnClause,
    Connection,
    NullPool,
    column,
    create_engine,
    inspect,
    select,
)
from sqlalchemy import table as plain_table
from sqlalchemy.exc import (
    DatabaseError,
    DataError,
    NoSuchTableError,
    ProgrammingError,
)

from portalkey._support.time_limit import lift_limit
from portalkey.errors import BadSettings, SourceUnusable, StoreUnusable
from portalkey.settings.urls import is_postgresql, postgresql_problem
from portalkey.vault.sql.urls import open_database, sqlite_file
from portalkey.vault.store import BUSY_SECONDS, PATIENT_SECONDS

T = TypeVar("T")

_SETTING = "PORTALKEY_DATABASE_URL"
_NOT_AN_ADDRESS = (
    "SOURCE names no database that can be read; write sqlite:///PATH, with a fourth slash for an "
    "absolute path, or postgresql://USER@HOST/DATABASE."
)
_WHAT_TO_DO = {
    sqlite3.SQLITE_CANTOPEN: "cannot be opened; look whether it is there, and whether this user "
    "may read it and its directory",
    sqlite3.SQLITE_NOTADB: "is not a SQLite database",
    sqlite3.SQLITE_CORRUPT: "is damaged; name a backup of it",
    sqlite3.SQLITE_BUSY: "is being written for long; try again in a moment",
}
_OTHERWISE = "cannot be read; look at the file and the disk it is on"
_NOT_ALLOWED = "42501"
_UUID_LENGTH = 32


class Foreign:
    """Tables of another program's database, for as long as it is read."""

    def __init__(self, tx: Connection) -> None:
        """Read within *tx*."""
        self._tx = tx

    def columns(self, table: str) -> Mapping[str, bool]:
        """Return the columns of *table*, each with whether a UUID stands in it without its hyphens.

        SQLAlchemy and Django both keep UUIDs so where the database has no type for them.

        Raises:
            SourceUnusable: There is no such table.
        """
        schema, name = _split_name(table)
        try:
            columns = inspect(self._tx).get_columns(name, schema)
        except NoSuchTableError:
            columns = []
        if not columns:
            raise SourceUnusable(f"The database has no table {table}; name the right one.")
        return {each["name"]: _is_bare_uuid(each["type"]) for each in columns}

    def rows(
        self, table: str, names: Collection[str], **same: object
    ) -> Sequence[Mapping[str, Any]]:
        """Return the values in the columns *names* of *table*, ordered by the first of them.

        Values are as the driver gives them. *same* is what other columns have to hold.

        Raises:
            SourceUnusable: The table lacks a column, or may not be read.
        """
        lacking = {*names, *same} - self.columns(table).keys()
        if lacking:
            listed = ", ".join(sorted(lacking))
            raise SourceUnusable(f"The table {table} has no column {listed}; name the right table.")
        schema, name = _split_name(table)
        columns: list[ColumnClause[Any]] = [column(each) for each in names]
        query = select(*columns).select_from(plain_table(name, schema=schema)).order_by(columns[0])
        for each, value in same.items():
            query = query.where(column(each) == value)
        try:
            return [dict(row) for row in self._tx.execute(query).mappings()]
        except (DataError, ProgrammingError) as error:
            is_allowed = getattr(error.orig, "sqlstate", None) != _NOT_ALLOWED
        what_to_do = "look whether it is the right one" if is_allowed else "grant SELECT on it"
        raise SourceUnusable(f"The table {table} cannot be read by this user; {what_to_do}.")


def read(
    url: str,
    work: Callable[[Foreign], T],
    *,
    plaintext: bool = False,
    wait: float = BUSY_SECONDS,
) -> T:
    """Return what *work* reads in the database at *url*.

    Args:
        url: ``sqlite:///PATH``, or ``postgresql://`` as libpq takes it.
        work: Is given the database, and is done with it when it returns.
        plaintext: True where a PostgreSQL on another host may be spoken to without TLS.
        wait: How many seconds to wait for whoever writes the file.

    Raises:
        SourceUnusable: The message says what to look at.
        StoreBusy: The server is busy; try again.
    """
    if not is_postgresql(url) and not postgresql_problem(url):
        return _read_file(_file(url), work, wait)
    problem = ""
    try:
        with closing(open_database(url, plaintext=plaintext, seconds=PATIENT_SECONDS)) as database:
            return database.read(lambda tx: _read_all(tx, work))
    except BadSettings as trouble:
        problem = " ".join(f"{each}." for each in trouble.problems)
    except StoreUnusable as trouble:
        problem = str(trouble)
    raise SourceUnusable(problem.replace(_SETTING, "SOURCE"))


def _read_all(tx: Connection, work: Callable[[Foreign], T]) -> T:
    with lift_limit():
        return work(Foreign(tx))


def _read_file(path: Path, work: Callable[[Foreign], T], wait: float) -> T:
    def connect() -> sqlite3.Connection:
        address = f"{path.as_uri()}?mode=ro"
        return sqlite3.connect(address, uri=True, isolation_level=None, timeout=wait)

    engine = create_engine("sqlite://", creator=connect, poolclass=NullPool, hide_parameters=True)
    try:
        with engine.connect() as tx:
            tx.exec_driver_sql("BEGIN")
            return work(Foreign(tx))
    except DatabaseError as error:
        code = getattr(error.orig, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF
    raise SourceUnusable(f"The database {path} {_WHAT_TO_DO.get(code, _OTHERWISE)}.")


def _file(url: str) -> Path:
    path = sqlite_file(url)
    if path is None:
        raise SourceUnusable(_NOT_AN_ADDRESS)
    return path.resolve()


def _split_name(table: str) -> tuple[str | None, str]:
    """Return the schema, where one is named before a dot, and the table."""
    schema, _, name = table.rpartition(".")
    return schema or None, name


def _is_bare_uuid(kind: object) -> bool:
    return isinstance(kind, CHAR) and kind.length == _UUID_LENGTH
