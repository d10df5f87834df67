"""The audit in SQL."""

import json
from collections.abc import Callable, Sequence
from dataclasses import fields, replace
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, bindparam, case, func, insert, select, type_coerce
from sqlalchemy import Connection as Tx
from sqlalchemy.sql.dml import ReturningInsert
from sqlalchemy.types import Double

from portalkey.model.events import Event, EventName
from portalkey.model.notifications import (
    EVENT_ID,
    NOTIFIED,
    Notification,
    Subject,
    build_notification,
    read_event_id,
    write_event_id,
)
from portalkey.vault.receivers import KEY, read_receivers
from portalkey.vault.sql.database import Database, StorePart, Values, to_columns
from portalkey.vault.sql.rows import bind, guard, parameters, read_facts
from portalkey.vault.sql.statements import Driver
from portalkey.vault.sql.tables import events as table
from portalkey.vault.sql.tables import meta, notifications
from portalkey.vault.sql.wall import fetch_rows

_MICROSECONDS = 1e6
_COLUMNS = tuple(field.name for field in fields(Event) if field.name not in {"at", "id"})


class NotificationStatements:
    """Adds notifications within the transaction of what they tell of."""

    def __init__(self, database: Database) -> None:
        """Prepare them for *database*."""
        values = parameters(notifications.columns.keys())
        number = _choose_number(values)
        row = database.insert(notifications).values(values | {"number": number})
        c, new = notifications.c, row.excluded
        again = {"due_at": new.due_at, "owed_at": new.owed_at, "claim": None}
        # Whoever is at it just now goes on: it is told once more anyway.
        is_free = c.claim.is_(None) | (c.due_at <= new.due_at)
        self._put = database.prepare(
            lambda _: row.on_conflict_do_update(index_elements=["id"], set_=again, where=is_free)
        )

    def put(self, driver: Driver, notification: Notification) -> None:
        """Keep *notification*, or make the one of its id due at that time, unless it is claimed."""
        self._put.run(driver, bind(notification_values(notification)))


def _choose_number(values: dict[str, Any]) -> ColumnElement[int]:
    """Return the number of a row that comes last in its lane, whichever number its event has.

    SQLite gives a number again where the highest rows are gone.
    """
    c = notifications.alias("before").c
    of_lane = [c[name] == values[name] for name in ("client_id", "receiver", "lane")]
    last = select(func.coalesce(func.max(c.number), 0) + 1).where(*of_lane).scalar_subquery()
    return case((last > values["number"], last), else_=values["number"])


class EventStatement:
    """Appends to the audit within anybody's transaction, and to what receivers are owed."""

    def __init__(self, database: Database) -> None:
        """Prepare it for *database*."""
        self._read_rows = database.read_rows
        self._notifications = NotificationStatements(database)
        known = select(meta.c.value).where(meta.c.id == bindparam("receivers")).scalar_subquery()
        self._insert = database.prepare(_insert_event)
        # The receivers come with the answer: where there are none, nothing more is asked.
        self._insert_and_look = database.prepare(
            lambda now: _insert_event(now).returning(known.label("receivers"))
        )

    def run(self, driver: Driver, event: Event, subject: Subject | None = None) -> Event:
        """Append *event*, owe it to the receivers of its *subject*, return it with time and id."""
        values = bind(event_values(event))
        if subject is None or event.name not in NOTIFIED:
            ((seconds, number),) = self._insert.run(driver, values).fetchall()
            return _complete(event, seconds, number)
        values["receivers"] = KEY.format(subject.client_id)
        rows = self._insert_and_look.run(driver, values).fetchall()
        ((seconds, number, known),) = rows
        recorded = _complete(event, seconds, number)
        self._owe(driver, recorded, number, subject, known)
        return recorded

    def _owe(
        self, driver: Driver, event: Event, number: int, subject: Subject, known: str | None
    ) -> None:
        key = KEY.format(subject.client_id)
        names = parse_receivers(self._read_rows, [] if known is None else [(key, known)])
        for name in names:
            due_at = event.at or datetime.now(UTC)
            owed = build_notification(event, number, subject, name, due_at)
            self._notifications.put(driver, owed)


class SQLEvents(StorePart):
    """Appends to the audit, alone or together with what the event tells of."""

    def __init__(self, database: Database) -> None:
        """Prepare the statement for *database*."""
        super().__init__(database)
        self._event = EventStatement(database)

    def record(self, event: Event, subject: Subject | None = None) -> Event:
        """Append *event*, and return it with its time and id."""
        return self._database.write_fast(lambda driver: self._event.run(driver, event, subject))

    def _record(self, tx: Tx, event: Event, subject: Subject | None = None) -> Event:
        """Append *event* within *tx*, whose connection is the driver's."""
        return self._event.run(tx.connection.driver_connection, event, subject)

    def _write_with(
        self, event: Event | None, work: Callable[[Tx], bool], subject: Subject | None = None
    ) -> bool:
        """Let *work* write, and record *event* with it if it did."""

        def write_both(tx: Tx) -> bool:
            is_done = work(tx)
            if is_done and event is not None:
                self._record(tx, event, subject)
            return is_done

        return self._database.write(write_both)

    def event(self, event_id: str) -> Event | None:
        """Return the event of this id."""
        place = read_event_id(event_id)
        if place is None:
            return None
        asked = {"id": place[1]}
        query = select(table).where(table.c.id == place[1])
        rows = self._database.read(lambda tx: fetch_rows(tx, query, asked))
        found = self._database.read_rows(read_event, rows, skips=True)
        return next((each for each in found if each.id == event_id), None)

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


def _insert_event(now: ColumnElement[float]) -> ReturningInsert[Any]:
    values = parameters(_COLUMNS) | {"at": _to_microseconds(now)}
    return insert(table).values(values).returning(table.c.at, table.c.id)


def _complete(event: Event, seconds: float, number: int) -> Event:
    at = datetime.fromtimestamp(seconds, UTC)
    return replace(event, at=at, id=EVENT_ID.format(round(seconds * _MICROSECONDS), number))


def _to_microseconds(now: ColumnElement[float]) -> ColumnElement[float]:
    """Return the clock as a ``datetime`` has it, so that the moment told is the one in the row."""
    return type_coerce(func.round(now * _MICROSECONDS) / _MICROSECONDS, Double)


def event_values(event: Event) -> Values:
    """Return the columns of *event*, but for its time, which is the database's."""
    values = {name: getattr(event, name) for name in _COLUMNS}
    return to_columns(values | {"name": event.name.value, "facts": json.dumps(dict(event.facts))})


def notification_values(notification: Notification) -> Values:
    """Return the columns of *notification*."""
    values = {field.name: getattr(notification, field.name) for field in fields(Notification)}
    facts = json.dumps(dict(notification.facts))
    return to_columns(values | {"name": notification.name.value, "facts": facts})


def parse_receivers(
    read_rows: Callable[..., list[dict[str, float]]], rows: Sequence[Sequence[Any]]
) -> dict[str, float]:
    """Return the receivers in a row of ``meta``: none, and who listens is told, if it is spoilt."""
    return next(iter(read_rows(_read_receivers, rows, skips=True)), {})


_read_receivers = guard(meta, meta.columns.keys(), lambda row: read_receivers(row[1]))


def _make_event(row: Sequence[Any]) -> Event:
    values = dict(zip(table.columns.keys(), row, strict=True))
    values["at"] = datetime.fromtimestamp(values["at"], UTC)
    values["id"] = write_event_id(values["at"], values["id"])
    facts = read_facts(values["facts"])
    return Event(**values | {"name": EventName(values["name"]), "facts": facts})


read_event = guard(table, table.columns.keys(), _make_event)
