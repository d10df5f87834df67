"""The audit in SQL."""

import json
from collections.abc import Callable, Sequence
from dataclasses import fields, replace
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, func, insert, select, type_coerce
from sqlalchemy import Connection as Tx
from sqlalchemy.types import Double

from portalkey.model.events import Event, EventName
from portalkey.vault.sql.database import Database, StorePart, Values, to_columns
from portalkey.vault.sql.rows import bind, guard, parameters, read_facts
from portalkey.vault.sql.statements import Driver
from portalkey.vault.sql.tables import events as table
from portalkey.vault.sql.wall import fetch_rows

_MICROSECONDS = 1e6
_COLUMNS = tuple(field.name for field in fields(Event) if field.name != "at")


class EventStatement:
    """Appends to the audit within anybody's transaction."""

    def __init__(self, database: Database) -> None:
        """Prepare it for *database*."""
        self._insert = database.prepare(
            lambda now: (
                insert(table)
                .values(parameters(_COLUMNS) | {"at": _to_microseconds(now)})
                .returning(table.c.at)
            )
        )

    def run(self, driver: Driver, event: Event) -> Event:
        """Append *event*, and return it with its time."""
        ((seconds,),) = self._insert.run(driver, bind(event_values(event))).fetchall()
        return replace(event, at=datetime.fromtimestamp(seconds, UTC))


class SQLEvents(StorePart):
    """Appends to the audit, alone or together with what the event tells of."""

    def __init__(self, database: Database) -> None:
        """Prepare the statement for *database*."""
        super().__init__(database)
        self._event = EventStatement(database)

    def record(self, event: Event) -> Event:
        """Append *event*, and return it with its time."""
        return self._database.write_fast(lambda driver: self._event.run(driver, event))

    def _record(self, tx: Tx, event: Event) -> Event:
        """Append *event* within *tx*, whose connection is the driver's."""
        return self._event.run(tx.connection.driver_connection, event)

    def _write_with(self, event: Event | None, work: Callable[[Tx], bool]) -> bool:
        """Let *work* write, and record *event* with it if it did."""

        def write_both(tx: Tx) -> bool:
            is_done = work(tx)
            if is_done and event is not None:
                self._record(tx, event)
            return is_done

        return self._database.write(write_both)

    def events(self, *, attempt_id: str | None = None, owner: str | None = None) -> Sequence[Event]:
        """Return the audit, oldest first; all of it, where nothing is named.

        Raises:
            StoreUnusable: Of what was named, one event cannot be read; of the whole audit, those
                are left out.
        """
        named = {"attempt_id": attempt_id, "owner": owner}
        asked = {name: value for name, value in named.items() if value is not None}
        which = [table.c[name] == value for name, value in asked.items()]
        query = select(table).where(*which).order_by(table.c.id)
        rows = self._database.read(lambda tx: fetch_rows(tx, query, asked))
        return self._database.read_rows(read_event, rows, skips=not asked)


def _to_microseconds(now: ColumnElement[float]) -> ColumnElement[float]:
    """Return the clock as a ``datetime`` has it, so that the moment told is the one in the row."""
    return type_coerce(func.round(now * _MICROSECONDS) / _MICROSECONDS, Double)


def event_values(event: Event) -> Values:
    """Return the columns of *event*, but for its time, which is the database's."""
    values = {name: getattr(event, name) for name in _COLUMNS}
    return to_columns(values | {"name": event.name.value, "facts": json.dumps(dict(event.facts))})


def _make_event(row: Sequence[Any]) -> Event:
    values = dict(zip(table.columns.keys(), row, strict=True))
    del values["id"]
    at = datetime.fromtimestamp(values["at"], UTC)
    facts = read_facts(values["facts"])
    return Event(**values | {"name": EventName(values["name"]), "facts": facts, "at": at})


read_event = guard(table, table.columns.keys(), _make_event)
