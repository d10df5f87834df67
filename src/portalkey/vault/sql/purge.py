"""Purge in SQL: what is too old is found by an index, and forgotten in small bites."""

from typing import Any

from sqlalchemy import (
    ColumnElement,
    Integer,
    Select,
    Table,
    and_,
    bindparam,
    cast,
    delete,
    literal_column,
    select,
    update,
)
from sqlalchemy import Connection as Tx
from sqlalchemy.types import Double

from portalkey.model.counters import COUNTERS_DAYS
from portalkey.model.transitions import RETENTION, STRANGERS_RETENTION
from portalkey.vault.sql.attempts import EXPIRED
from portalkey.vault.sql.database import Database, StorePart
from portalkey.vault.sql.tables import attempts, counters, events, invitations

_DAY = 86400.0
_Old = tuple[Table, ColumnElement[float], ColumnElement[bool]]


class SQLPurge(StorePart):
    """Forgets what is too old."""

    def __init__(self, database: Database) -> None:
        """Prepare the searches for *database*: mostly they find nothing."""
        super().__init__(database)
        self._unanswered = database.prepare(
            lambda now: select(attempts.c.id).where(_is_unanswered(now)).limit(1)
        )
        self._searches = [
            (old[0], database.prepare(lambda now, at=at: _search(*_find_old(now)[at])))  # type: ignore[misc]
            for at, old in enumerate(_find_old(database.now()))
        ]

    def purge(self, at_most: int, *, events_days: int) -> bool:
        """Forget at most so many rows of each kind; return True where there may be more.

        They are looked for without keeping anybody from writing, and each kind goes in a
        transaction of its own.
        """
        self._end_unanswered()
        is_more = False
        for table, search in self._searches:
            rows = self._database.fetch(search, most=at_most, days=float(events_days))
            if rows:
                self._forget(table, [row[0] for row in rows])
            is_more = is_more or len(rows) == at_most
        return is_more

    def _end_unanswered(self) -> None:
        """End the attempts whose question was not answered in time, and erase their grants."""
        if self._database.fetch(self._unanswered):
            which = _is_unanswered(self._database.now())
            statement = update(attempts).where(which).values(EXPIRED)
            self._database.write(lambda tx: tx.execute(statement))

    def _forget(self, table: Table, ids: list[object]) -> None:
        # Rows that another purge has locked are left to it: two of them never wait for each other.
        query: Select[tuple[object]] = select(table.c.id).where(table.c.id.in_(ids))
        free = query.with_for_update(skip_locked=True)
        statement = delete(table).where(table.c.id.in_(free))

        def forget(tx: Tx) -> None:
            tx.execute(statement)

        self._database.write(forget)


def _is_unanswered(now: ColumnElement[float]) -> ColumnElement[bool]:
    return and_(attempts.c.sealed_grant.is_not(None), attempts.c.expires_at <= now)


def _search(table: Table, column: ColumnElement[float], which: ColumnElement[bool]) -> Select[Any]:
    return select(table.c.id).where(which).order_by(column).limit(bindparam("most"))


def _find_old(now: ColumnElement[float]) -> list[_Old]:
    """Return each kind that grows: its table, its time, and which rows of it are too old."""
    at, c = now - RETENTION.total_seconds(), attempts.c
    oldest_event = now - bindparam("days", type_=Double) * _DAY
    # An integer like the column, or PostgreSQL takes no index; which way it rounds is no matter.
    oldest_day = cast((now - COUNTERS_DAYS * _DAY) / _DAY - 1, Integer)
    stranger_at = now - STRANGERS_RETENTION.total_seconds()
    # Written out, so that both databases take the partial index.
    is_nobodys = c.owner == literal_column("''")
    return [
        (attempts, c.ended_at, c.ended_at < at),
        (attempts, c.ended_at, and_(is_nobodys, c.ended_at < stranger_at)),
        (attempts, c.expires_at, and_(c.ended_at.is_(None), c.expires_at < at)),
        (events, events.c.at, events.c.at < oldest_event),
        (counters, counters.c.day, counters.c.day < oldest_day),
        (invitations, invitations.c.expires_at, invitations.c.expires_at < at),
    ]
