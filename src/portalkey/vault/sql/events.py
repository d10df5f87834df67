"""The audit in SQL."""

import json
from collections.abc import Callable, Sequence
from dataclasses import fields, replace
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection as Tx
from sqlalchemy import insert, select

from portalkey.model.events import Event, EventName
from portalkey.vault.sql.database import StorePart, Values, to_columns
from portalkey.vault.sql.rows import guard, read_facts
from portalkey.vault.sql.tables import events as table
from portalkey.vault.sql.wall import fetch_rows

_FIELDS = tuple(field.name for field in fields(Event))


class SQLEvents(StorePart):
    """Appends to the audit, alone or together with what the event tells of."""

    def record(self, event: Event) -> Event:
        """Append *event*, and return it with its time."""
        return self._database.write(lambda tx: self._record(tx, event))

    def _record(self, tx: Tx, event: Event) -> Event:
        seconds = tx.execute(select(self._database.now())).scalar_one()
        recorded = replace(event, at=datetime.fromtimestamp(seconds, UTC))
        tx.execute(insert(table).values(event_values(recorded)))
        return recorded

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


def event_values(event: Event) -> Values:
    """Return the columns of *event*."""
    values = {name: getattr(event, name) for name in _FIELDS}
    return to_columns(values | {"name": event.name.value, "facts": json.dumps(dict(event.facts))})


def _make_event(row: Sequence[Any]) -> Event:
    values = dict(zip(table.columns.keys(), row, strict=True))
    del values["id"]
    at = datetime.fromtimestamp(values["at"], UTC)
    facts = read_facts(values["facts"])
    return Event(**values | {"name": EventName(values["name"]), "facts": facts, "at": at})


read_event = guard(table, table.columns.keys(), _make_event)
