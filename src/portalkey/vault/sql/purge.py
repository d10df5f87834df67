"""Purge in SQL: what is too old is found by an index, and forgotten in small bites."""

from sqlalchemy import ColumnElement, Integer, Select, Table, and_, cast, delete, select, update
from sqlalchemy import Connection as Tx

from portalkey.model.counters import COUNTERS_DAYS
from portalkey.model.transitions import RETENTION
from portalkey.vault.sql.attempts import EXPIRED
from portalkey.vault.sql.database import Database, StorePart
from portalkey.vault.sql.tables import attempts, counters, events

_DAY = 86400.0


class SQLPurge(StorePart):
    """Forgets what is too old."""

    def purge(self, at_most: int, *, events_days: int) -> bool:
        """Forget at most so many rows of each kind; return True where there may be more.

        They are looked for without keeping anybody from writing, and each kind goes in a
        transaction of its own.
        """
        self._end_unanswered()
        searches = _old_rows(self._database, events_days)
        is_more = False
        for table, column, which in searches:
            query = select(table.c.id).where(which).order_by(column).limit(at_most)
            ids = self._database.read(lambda tx, query=query: tx.execute(query).scalars().all())  # type: ignore[misc]
            if ids:
                self._forget(table, list(ids))
            is_more = is_more or len(ids) == at_most
        return is_more

    def _end_unanswered(self) -> None:
        """End the attempts whose question was not answered in time, and erase their grants."""
        which = and_(attempts.c.sealed_grant.is_not(None), attempts.c.expires_at <= self._now)
        if self._database.read(lambda tx: tx.scalar(select(attempts.c.id).where(which).limit(1))):
            statement = update(attempts).where(which).values(EXPIRED)
            self._database.write(lambda tx: tx.execute(statement))

    @property
    def _now(self) -> ColumnElement[float]:
        return self._database.now()

    def _forget(self, table: Table, ids: list[object]) -> None:
        # Rows that another purge has locked are left to it: two of them never wait for each other.
        query: Select[tuple[object]] = select(table.c.id).where(table.c.id.in_(ids))
        free = query.with_for_update(skip_locked=True)
        statement = delete(table).where(table.c.id.in_(free))

        def forget(tx: Tx) -> None:
            tx.execute(statement)

        self._database.write(forget)


def _old_rows(
    database: Database, events_days: int
) -> list[tuple[Table, ColumnElement[float], ColumnElement[bool]]]:
    """Return each kind that grows: its table, its time, and which rows of it are too old."""
    at, c = database.now(-RETENTION.total_seconds()), attempts.c
    oldest_event = database.now(-events_days * _DAY)
    # An integer like the column, or PostgreSQL takes no index; which way it rounds is no matter.
    oldest_day = cast(database.now(-COUNTERS_DAYS * _DAY) / _DAY - 1, Integer)
    return [
        (attempts, c.ended_at, c.ended_at < at),
        (attempts, c.expires_at, and_(c.ended_at.is_(None), c.expires_at < at)),
        (events, events.c.at, events.c.at < oldest_event),
        (counters, counters.c.day, counters.c.day < oldest_day),
    ]
