"""The audit in SQL."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields, replace
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection as Tx
from sqlalchemy import insert, select

from portalkey.model.events import Event, EventName
from portalkey.vault.sql.database import StorePart, Values, to_columns
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
        """Return the audit, oldest first; all of it, where nothing is named."""
        named = {"attempt_id": attempt_id, "owner": owner}
        asked = {name: value for name, value in named.items() if value is not None}
        which = [table.c[name] == value for name, value in asked.items()]
        query = select(table).where(*which).order_by(table.c.id)
        rows = self._database.read(lambda tx: fetch_rows(tx, query, asked))
        return [_read_event(row) for row in rows]


def event_values(event: Event) -> Values:
    """Return the columns of *event*."""
    values = {name: getattr(event, name) for name in _FIELDS}
    return to_columns(values | {"name": event.name.value, "facts": json.dumps(dict(event.facts))})


def _read_event(row: Mapping[Any, Any]) -> Event:
    values = {name: row[name] for name in _FIELDS}
    at = datetime.fromtimestamp(row["at"], UTC)
    facts = json.loads(row["facts"])
    return Event(**values | {"name": EventName(row["name"]), "facts": facts, "at": at})
