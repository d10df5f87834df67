"""Copies everything in a store into another database, as often as like.

The source is read as it stood at one moment, in batches; each batch is one transaction of the
target, so that a move that was cut off is finished by the next. What is the same is left, and what
the target has made itself stays. Nothing is opened: a seal is copied as it is.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from sqlalchemy import Connection as Tx
from sqlalchemy import Table, bindparam, delete, func, select, text, update
from sqlalchemy.dialects import sqlite

from portalkey._support.time_limit import lift_limit
from portalkey.errors import StoreUnusable
from portalkey.vault import copy_mark
from portalkey.vault.sql.copy_rules import KINDS, Difference, Kind, Row, read_rows
from portalkey.vault.sql.database import Database
from portalkey.vault.sql.dialects import qualify
from portalkey.vault.sql.migrate import migrate
from portalkey.vault.sql.tables import events, meta
from portalkey.vault.sql.urls import open_database
from portalkey.vault.store import PATIENT_SECONDS

BATCH = 500
"""So many rows go over in one transaction."""

COPYING, VERIFYING = "copying", "verifying"

_IDENTITY = text("SELECT pg_postmaster_start_time(), current_database(), to_regclass(:events)::oid")
_FILE = text("SELECT file FROM pragma_database_list WHERE name = 'main'")
_ADD = (
    "INSERT INTO {table} ({names}) SELECT {names} "
    "FROM json_populate_recordset(NULL::{table}, CAST(:rows AS json)) ON CONFLICT DO NOTHING"
)
_NUMBER_PAST = (
    "SELECT setval(numbers, highest) FROM ("
    "SELECT pg_get_serial_sequence(:events, 'id')::regclass AS numbers, "
    "greatest(:highest, (SELECT max(id) FROM {events})) AS highest) AS known "
    "WHERE coalesce(pg_sequence_last_value(numbers), 0) < highest"
)


@dataclass(frozen=True, slots=True)
class Step:
    """Progress of a move: *done* of *total* rows of a *table*, ``COPYING`` or ``VERIFYING``."""

    act: str
    table: str
    done: int
    total: int


@dataclass(frozen=True, slots=True)
class Moved:
    """Counts of one table's rows by their fate.

    ``new`` and ``changed`` ones were brought over, ``same`` ones were there already, and of
    ``kept`` ones the target had something newer.
    """

    new: int = 0
    changed: int = 0
    same: int = 0
    kept: int = 0

    @property
    def rows(self) -> int:
        """The number of rows that the source has."""
        return self.new + self.changed + self.same + self.kept


Report = Callable[[Step], object]


@contextmanager
def open_migrated(url: str, schema: str = "", *, plaintext: bool = False) -> Iterator[Database]:
    """Open the database that *url* names, with its tables up to date, until the block ends.

    Raises:
        BadSettings: The URL names none that can be used.
        StoreBusy: Another process takes too long with the database; try again.
        StoreUnusable: The operator has to look at the database.
    """
    database = open_database(url, schema=schema, plaintext=plaintext, seconds=PATIENT_SECONDS)
    try:
        migrate(database)
        yield database
    finally:
        database.close()


def move(
    source: Database, target: Database, report: Report = lambda _: None
) -> Mapping[str, Moved]:
    """Bring what *target* lacks of *source*, and compare every row afterwards.

    Args:
        source: It is only read, as it stands now; what is written to it meanwhile is for the next
            time.
        target: May be in use as well; what it has that is newer, or its own, stays.
        report: Called after each batch.

    Returns:
        The counts of each table's rows, by the table's name without its prefix.

    Raises:
        StoreBusy: One of them is away or taken; move again, as nothing is lost.
        StoreUnusable: Both are one, or a row differs afterwards, or the operator has to look at a
            database; the message says which.
    """
    if source.read(_identity) == target.read(_identity):
        raise StoreUnusable(
            f"The store {target.name} is the one that is to be moved; name another database."
        )

    def move_all(tx: Tx) -> Mapping[str, Moved]:
        with lift_limit():
            try:
                return _move(tx, target, report)
            finally:
                target.write(_forget_copy)

    return source.read(move_all)


def _forget_copy(tx: Tx) -> None:
    # What came over is not the target's own, should that be a copy.
    tx.execute(delete(meta).where(meta.c.id.startswith(copy_mark.PREFIX, autoescape=True)))


def _move(tx: Tx, target: Database, report: Report) -> Mapping[str, Moved]:
    highest = tx.execute(select(func.max(events.c.id))).scalar_one()
    if highest is not None:  # before anything is copied: no number that is on its way is given away
        target.write(partial(_number_past, highest=highest))
    counts = {kind.name: _bring_all(tx, target, kind, report) for kind in KINDS}
    for kind in KINDS:
        _verify(tx, target, kind, report)
    return counts


def _bring_all(tx: Tx, target: Database, kind: Kind, report: Report) -> Moved:
    new = changed = newer = done = 0
    for rows, step in _batches(tx, kind, COPYING):
        difference = target.write(partial(_bring_batch, kind=kind, rows=rows))
        new += len(difference.new) + len(difference.renumbered)
        changed += len(difference.changed)
        newer += difference.newer
        done = step.done
        report(step)
    return Moved(new, changed, done - new - changed - newer, kept=newer)


def _verify(tx: Tx, target: Database, kind: Kind, report: Report) -> None:
    for rows, step in _batches(tx, kind, VERIFYING):
        rows_to_bring = target.read(partial(kind.compare, rows=rows)).rows
        if rows_to_bring:
            number = min(row["id"] for row in rows_to_bring)
            raise StoreUnusable(
                f"The row {number} of {kind.table.name} is not in {target.name} as it was copied; "
                "move again, and if that does not help, look what else writes to it."
            )
        report(step)


def _batches(tx: Tx, kind: Kind, act: str) -> Iterator[tuple[Sequence[Row], Step]]:
    number = kind.table.c.id
    query = select(kind.table).order_by(number).limit(BATCH)
    total, done = _count(tx, kind.table), 0
    rows = read_rows(tx, query)
    while rows:
        done += len(rows)
        yield rows, Step(act, kind.name, done, total)
        rows = read_rows(tx, query.where(number > rows[-1]["id"]))


def _bring_batch(tx: Tx, kind: Kind, rows: Sequence[Row]) -> Difference:
    difference = kind.compare(tx, rows, for_update=True)
    _add(tx, kind.table, difference.new)
    _add(tx, kind.table, [_without_id(row) for row in difference.renumbered])
    if difference.changed:
        statement = update(kind.table).where(kind.table.c.id == bindparam("which"))
        changed = [{"which": row["id"], **_without_id(row)} for row in difference.changed]
        tx.execute(statement, changed)
    return difference


def _add(tx: Tx, table: Table, rows: Sequence[Row]) -> None:
    # A row that came in between is not in the way; it shows when all is verified.
    if rows and tx.dialect.name == "postgresql":  # all in one, as it plans each for itself
        names = ", ".join(f'"{name}"' for name in rows[0])
        statement = text(_ADD.format(names=names, table=qualify(tx, table.name)))
        tx.execute(statement, {"rows": json.dumps(rows)})
    elif rows:
        tx.execute(sqlite.insert(table).on_conflict_do_nothing(), rows)


def _without_id(row: Row) -> Row:
    return {name: value for name, value in row.items() if name != "id"}


def _number_past(tx: Tx, highest: int) -> None:
    if tx.dialect.name == "postgresql":  # SQLite goes on from the highest there is by itself
        name = qualify(tx, events.name)
        tx.execute(text(_NUMBER_PAST.format(events=name)), {"events": name, "highest": highest})


def _identity(tx: Tx) -> tuple[object, ...]:
    """Return what is equal for two names of one database, and for nothing else."""
    if tx.dialect.name == "postgresql":
        return tuple(tx.execute(_IDENTITY, {"events": qualify(tx, events.name)}).one())
    file = Path(tx.execute(_FILE).scalar_one()).stat()
    return file.st_dev, file.st_ino


def _count(tx: Tx, table: Table) -> int:
    return tx.execute(select(func.count()).select_from(table)).scalar_one()
