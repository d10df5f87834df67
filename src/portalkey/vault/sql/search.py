"""Searches in SQL: each page is found along an index, however many rows there are."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, and_, func, literal, or_, select, tuple_

from portalkey.model import transitions
from portalkey.model.attempt import EXCHANGE_SECONDS, EXPIRES, Attempt, AttemptStatus
from portalkey.model.search import (
    AttemptSearch,
    ConnectionPage,
    ConnectionSearch,
    EventPlace,
    EventSearch,
    PlacedEvent,
)
from portalkey.vault.sql.attempts import select_attempts
from portalkey.vault.sql.connections import select_rows
from portalkey.vault.sql.database import StorePart
from portalkey.vault.sql.events import read_event
from portalkey.vault.sql.rows import connection_reader, read_attempt
from portalkey.vault.sql.tables import IS_LIVE, attempts, connections, events
from portalkey.vault.sql.wall import fetch_rows


class SQLSearch(StorePart):
    """Finds connections, attempts and events of any owner."""

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

    def find_attempts(self, search: AttemptSearch, at_most: int) -> Sequence[Attempt]:
        """Return the attempts of *search* as they stand, the newest first."""
        asked = {} if search.owner is None else {"owner": search.owner}
        c, now = attempts.c, self._database.now()
        which: list[ColumnElement[bool]] = [c[name] == value for name, value in asked.items()]
        before = tuple_(literal(search.before.at), literal(search.before.id))
        which.append(tuple_(c.created_at, c.id) < before)
        if search.since is not None:
            which.append(c.created_at >= search.since)
        if search.status is not None:
            which.append(_stands_at(search.status, now))
        query = select_attempts(now).where(*which).order_by(c.created_at.desc(), c.id.desc())
        rows = self._database.read(lambda tx: fetch_rows(tx, query.limit(at_most), asked))
        found = self._database.read_rows(read_attempt, rows, skips=True)
        return [transitions.expire_overdue(each) for each in found]

    def find_events(self, search: EventSearch, at_most: int) -> Sequence[PlacedEvent]:
        """Return the events of *search* in its order."""
        named = {"owner": search.owner, "connection_id": search.connection_id}
        asked = {name: value for name, value in named.items() if value is not None}
        c = events.c
        which: list[ColumnElement[bool]] = [c[name] == value for name, value in asked.items()]
        place, after = tuple_(c.at, c.id), tuple_(literal(search.after.at), search.after.number)
        which.append(place < after if search.is_backward else place > after)
        if search.until is not None:
            which.append(c.at <= search.until)
        order = (c.at.desc(), c.id.desc()) if search.is_backward else (c.at, c.id)
        query = select(events).where(*which).order_by(*order).limit(at_most)
        rows = self._database.read(lambda tx: fetch_rows(tx, query, asked))
        return self._database.read_rows(_read_placed, rows, skips=True)


def _stands_at(status: AttemptStatus, now: ColumnElement[float]) -> ColumnElement[bool]:
    """Return the condition that ``expire_overdue`` makes of an attempt one of this *status*."""
    c = attempts.c
    is_late = and_(c.status.in_([each.value for each in EXPIRES]), c.expires_at <= now)
    is_dead = and_(
        c.status == AttemptStatus.EXCHANGING.value,
        func.coalesce(c.claimed_at, now) + float(EXCHANGE_SECONDS) < now,
    )
    stored = c.status == status.value
    if status is AttemptStatus.EXPIRED:
        return or_(stored, is_late)
    if status is AttemptStatus.FAILED:
        return or_(stored, is_dead)
    return and_(stored, ~is_late, ~is_dead)


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
