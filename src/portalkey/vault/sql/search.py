"""Searches in SQL: each page is found along an index, however many rows there are."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, and_, func, literal, select, tuple_

from portalkey.model.search import (
    ConnectionPage,
    ConnectionSearch,
    EventPlace,
    EventSearch,
    PlacedEvent,
)
from portalkey.vault.sql.connections import select_rows
from portalkey.vault.sql.database import StorePart
from portalkey.vault.sql.events import read_event
from portalkey.vault.sql.rows import connection_reader
from portalkey.vault.sql.tables import IS_LIVE, connections, events
from portalkey.vault.sql.wall import fetch_rows


class SQLSearch(StorePart):
    """Finds connections and events of any owner."""

    def find(self, search: ConnectionSearch, at_most: int, *, after: str = "") -> ConnectionPage:
        """Return the connections of *search* by id."""
        asked = _columns_of(search)
        which = [connections.c[name] == value for name, value in asked.items()]
        if search.status is None:
            which.append(IS_LIVE)
        if search.connected_before is not None:
            which.append(connections.c.connected_at < search.connected_before.timestamp())
        # Not the bare column where an owner is named: its index would be walked for all owners.
        place = connections.c.id if search.owner is None else func.coalesce(connections.c.id, "")
        query = select_rows(self._database.now(), and_(*which, place > after))
        query = query.order_by(place).limit(at_most + 1)
        columns = [each.name for each in query.selected_columns]
        rows = self._database.read(lambda tx: fetch_rows(tx, query, asked))
        page = rows[:at_most]
        found = self._database.read_rows(connection_reader(columns), page, skips=True)
        last = str(page[-1][columns.index("id")]) if len(rows) > at_most else None
        return ConnectionPage(found, last)

    def find_events(self, search: EventSearch, at_most: int) -> Sequence[PlacedEvent]:
        """Return the events of *search*, oldest first."""
        named = {"owner": search.owner, "connection_id": search.connection_id}
        asked = {name: value for name, value in named.items() if value is not None}
        c = events.c
        which: list[ColumnElement[bool]] = [c[name] == value for name, value in asked.items()]
        which.append(tuple_(c.at, c.id) > tuple_(literal(search.after.at), search.after.number))
        if search.until is not None:
            which.append(c.at <= search.until)
        query = select(events).where(*which).order_by(c.at, c.id).limit(at_most)
        rows = self._database.read(lambda tx: fetch_rows(tx, query, asked))
        return self._database.read_rows(_read_placed, rows, skips=True)


def _columns_of(search: ConnectionSearch) -> dict[str, object]:
    named = {
        "client_id": search.client_id,
        "owner": search.owner,
        "hub_id": search.hub_id,
        "hub_domain": search.domain,
        "status": search.status.value if search.status else None,
        "key_name": search.key_name,
    }
    return {name: value for name, value in named.items() if value is not None}


def _read_placed(row: Sequence[Any]) -> PlacedEvent:
    event = read_event(row)
    columns = events.columns.keys()
    at, number = (row[columns.index(name)] for name in ("at", "id"))
    return EventPlace(at, number), event
