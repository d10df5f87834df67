"""Check of a database before anything opens it: whole, of our age, and with all that belongs to it.

Nothing is made or migrated. What is found is said with what to do.
"""

import sqlite3
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from sqlalchemy import Connection as Tx
from sqlalchemy import Engine, NullPool, create_engine, func, inspect, select, text, union

from portalkey.errors import PortalkeyError
from portalkey.model.findings import Finding, ok, problem, unknown, warning
from portalkey.vault.sql.database import Database
from portalkey.vault.sql.dialects import qualify, schema_of
from portalkey.vault.sql.half_copies import NO_LOG, lacks_log, log_of
from portalkey.vault.sql.marks import is_marked
from portalkey.vault.sql.migrate import HEAD, VERSION_TABLE, known_revisions, revision
from portalkey.vault.sql.read_only import open_to_read
from portalkey.vault.sql.tables import connections, events, meta, metadata, outbox

T = TypeVar("T")

RESTORE = "Restore it from a backup, whole; docs/your-database.md says how."
_RESTORE_DUMP = (
    "Restore it into an empty database with pg_restore, name that in PORTALKEY_DATABASE_URL, and "
    "run this without the file."
)
_MAKE = (
    "Look whether PORTALKEY_DATABASE_URL names the right database, or start the app once, which "
    "makes them."
)
_ANOTHER = "Look whether PORTALKEY_DATABASE_URL, or the file named here, is the right one."
_BEHIND = text(
    "SELECT coalesce(pg_sequence_last_value(pg_get_serial_sequence(:events, 'id')::regclass), 0)"
)


def look_into(database: Database, work: Callable[[Tx], T]) -> T:
    """Return what *work* finds in *database*, wherever its tables are."""

    def find(tx: Tx) -> T:
        database.find_tables(tx)
        return work(tx)

    return database.read(find)


def check_file(path: Path) -> list[Finding]:
    """Check the SQLite file at *path*, as it stands now."""
    if not path.exists():
        return [problem("file", f"There is no file {path}.", _ANOTHER)]
    if _is_dump(path):
        sentence = f"The file {path} is a PostgreSQL dump; it can be checked once restored."
        return [unknown("file", sentence, _RESTORE_DUMP)]
    if path.stat().st_size == 0:
        return [problem("file", f"The file {path} is empty.", RESTORE)]
    has_log = log_of(path).exists()
    try:
        with open_to_read(path, what=f"The file {path}") as file:
            if not has_log and lacks_log(file):
                return [problem("file", NO_LOG.format(path), RESTORE)]
            return [_check_integrity(file), *_check_tables_of(file)]
    except PortalkeyError as trouble:
        return [problem("file", str(trouble), RESTORE)]


def labels_of_file(path: Path, client_id: str) -> set[str]:
    """Return the labels of the keys that rows of an app in the SQLite file at *path* bear."""
    with (
        open_to_read(path, what=f"The file {path}") as file,
        _engine_of(file).connect() as tx,
    ):
        return labels_of(tx, client_id)


def labels_of(tx: Tx, client_id: str) -> set[str]:
    """Return the labels of the keys that rows of an app bear."""
    bearers = [
        select(table.c.key_name).where(
            table.c.client_id == client_id, table.c.key_name.is_not(None)
        )
        for table in (connections, outbox)
    ]
    return set(tx.scalars(union(*bearers)))


def _check_integrity(file: sqlite3.Connection) -> Finding:
    verdicts = [str(row[0]) for row in file.execute("PRAGMA integrity_check(3)")]
    if verdicts == ["ok"]:
        return ok("integrity", "The file is whole: SQLite found nothing wrong in it.")
    return problem("integrity", f"The file is damaged: {'; '.join(verdicts)}.", RESTORE)


def _check_tables_of(file: sqlite3.Connection) -> list[Finding]:
    with _engine_of(file).connect() as tx:
        return list(check_tables(tx))


def _engine_of(file: sqlite3.Connection) -> Engine:
    return create_engine(
        "sqlite://", creator=lambda: file, poolclass=NullPool, hide_parameters=True
    )


def _is_dump(path: Path) -> bool:
    """Return True where *path* is what pg_dump writes, in the form that pg_restore reads."""
    try:
        with path.open("rb") as file:
            return file.read(5) == b"PGDMP"
    except OSError:
        return False


def check_tables(tx: Tx, *, is_store: bool = False) -> Iterator[Finding]:
    """Yield what there is to say of our tables in the database of *tx*.

    Where it *is_store* they may not have been made yet; a backup has some.
    """
    there = set(inspect(tx).get_table_names(schema_of(tx)))
    ours = {VERSION_TABLE, *metadata.tables}
    current = revision(tx)
    if not there & ours:
        sentence = "There are no tables of portalkey's here"
        if is_marked(tx):
            yield problem("tables", f"{sentence} any more: they were dropped.", RESTORE)
        elif is_store:
            yield warning("no_tables", f"{sentence} yet.", _MAKE)
        else:
            yield problem("tables", f"{sentence}.", _ANOTHER)
        return
    yield _check_revision(current)
    if current != HEAD:
        return
    missing = sorted(ours - there)
    if missing:
        yield problem("tables", f"Tables are missing: {', '.join(missing)}.", RESTORE)
        return
    yield ok("tables", f"All {len(ours)} tables are there.")
    yield from _check_keys(tx)
    yield from _check_numbers(tx)
    yield _describe_content(tx)


def _check_revision(current: str | None) -> Finding:
    if current is None:
        sentence = "There are tables of portalkey's, and no word on which version made them."
        return problem("version", sentence, RESTORE)
    if current == HEAD:
        return ok("version", f"The tables are those of this portalkey ({HEAD}).")
    if current in known_revisions():
        sentence = f"The tables are an older portalkey's ({current}), and become {HEAD} at start."
        return ok("version", sentence)
    sentence = f"The tables are a newer portalkey's ({current}; this one knows {HEAD})."
    return problem("version", sentence, "Install that version here.")


def _check_keys(tx: Tx) -> Iterator[Finding]:
    """Yield a warning for rows whose key was never checked, as where ``meta`` was not restored."""
    bearers = [
        select(table.c.client_id, table.c.key_name).where(table.c.key_name.is_not(None)).distinct()
        for table in (connections, outbox)
    ]
    names = {f"key_check {app} {label}" for app, label in tx.execute(union(*bearers))}
    known = set(tx.scalars(select(meta.c.id).where(meta.c.id.startswith("key_check "))))
    lacking = sorted(name.rpartition(" ")[2] for name in names - known)
    if lacking:
        yield warning(
            "keys",
            f"Rows are sealed with the key {', '.join(lacking)}, of which there is no check value: "
            "a backup was restored in part, or no app was started since an update.",
            "Restore all tables of one backup, or start the app, which checks its keys by the rows "
            "and writes the value.",
        )


def _check_numbers(tx: Tx) -> Iterator[Finding]:
    if tx.dialect.name != "postgresql":
        return
    number = tx.execute(_BEHIND, {"events": qualify(tx, events.name)}).scalar_one()
    highest = tx.execute(select(func.max(events.c.id))).scalar_one() or 0
    if number < highest:
        yield problem(
            "numbers",
            f"Events would get numbers that are taken: the next is {number + 1}, and the highest "
            f"there is {highest}. Rows were restored without their sequence.",
            "Restore with pg_restore, from a dump of all of the schema.",
        )


def _describe_content(tx: Tx) -> Finding:
    bearing = select(func.count()).where(connections.c.sealed_refresh.is_not(None))
    number = tx.execute(bearing).scalar_one()
    newest = max(
        tx.execute(select(func.max(column))).scalar_one() or 0.0
        for column in (events.c.at, connections.c.updated_at, connections.c.granted_at)
    )
    when = f"{datetime.fromtimestamp(newest, UTC):%Y-%m-%d %H:%M:%S} UTC" if newest else "none"
    return ok("content", f"Connections: {number}; the newest change: {when}.")
