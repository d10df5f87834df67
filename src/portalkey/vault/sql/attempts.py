"""Attempts in SQL."""

from collections.abc import Callable, Sequence
from dataclasses import fields, replace
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, bindparam, or_, select, true, update
from sqlalchemy import Connection as Tx

from portalkey.errors import AttemptMismatch
from portalkey.model import transitions
from portalkey.model.attempt import (
    EXCHANGE_SECONDS,
    MINUTE,
    Attempt,
    AttemptStatus,
)
from portalkey.model.events import Event, EventName
from portalkey.model.transitions import AttemptLimits
from portalkey.vault.sql.database import Database, Values, to_columns
from portalkey.vault.sql.dialects import insert_new
from portalkey.vault.sql.events import SQLEvents
from portalkey.vault.sql.outbox import insert_owed
from portalkey.vault.sql.rows import guard
from portalkey.vault.sql.tables import attempts as table
from portalkey.vault.sql.wall import fetch_rows
from portalkey.vault.store import OwedRevocation

Clock = ColumnElement[float]
Condition = ColumnElement[bool]

_COLUMNS = tuple(field.name for field in fields(Attempt) if field.name != "seen_at")
_TIMES = ("created_at", "expires_at", "seen_at", "claimed_at", "ended_at", "delivered_at")
_WITHOUT_SECRETS: Values = dict.fromkeys(
    ("error", "sealed_verifier", "sealed_code", "sealed_grant")
)
_CANCELLED: Values = {"status": AttemptStatus.CANCELLED.value, **_WITHOUT_SECRETS}
EXPIRED: Values = {
    "status": AttemptStatus.EXPIRED.value,
    "ended_at": table.c.expires_at,
    **_WITHOUT_SECRETS,
}
"""The columns of an attempt whose time is up, whenever it is looked at."""


class SQLAttempts(SQLEvents):
    """Keeps attempts, and moves them along their table; each method is one transaction."""

    def __init__(self, database: Database) -> None:
        """Prepare the searches for *database*."""
        super().__init__(database)
        self._attempt_by_id = _AttemptQuery(database, "id")
        self._attempt_by_state = _AttemptQuery(database, "state_hash")
        self._claims = _AttemptQuery(
            database, "owner", lambda now: table.c.claimed_at > now - float(MINUTE)
        )

    def add_attempt(
        self, attempt: Attempt, limits: AttemptLimits | None = None
    ) -> Sequence[Attempt]:
        """Keep a new *attempt*, and expire those that give way to it.

        Raises:
            AttemptMismatch: Its id or state is another attempt's already; nothing was kept.
        """
        values = attempt_values(attempt)

        def make_room_and_add(tx: Tx) -> Sequence[Attempt] | None:
            under_way = self._under_way(tx, attempt.owner) if limits else []
            surplus = limits.make_room(attempt, under_way) if limits else []
            for each in surplus:
                move(tx, self._database.now(), each.id, AttemptStatus.EXPIRED)
            if insert_new(tx, table, values):
                return surplus
            tx.rollback()
            return None

        surplus = self._database.write(make_room_and_add)
        if surplus is None:
            raise AttemptMismatch
        return surplus

    def _under_way(self, tx: Tx, owner: str) -> Sequence[Attempt]:
        query = select(table, self._database.now().label("seen_at"))
        query = query.where(is_under_way(self._database, table.c.owner == owner))
        query = query.order_by(table.c.created_at, table.c.id)
        return self._database.read_rows(read_attempt, fetch_rows(tx, query, {"owner": owner}))

    def claims(self, owner: str) -> Sequence[Attempt]:
        """Return the *owner*'s attempts that were claimed within the last minute."""
        return self._claims.fetch_all(owner)

    def attempt(self, attempt_id: str) -> Attempt | None:
        """Return the attempt of this id."""
        return self._expire_overdue(self._attempt_by_id.fetch(attempt_id))

    def attempt_by_state(self, state_hash: str) -> Attempt | None:
        """Return the attempt begun with this state."""
        return self._expire_overdue(self._attempt_by_state.fetch(state_hash))

    def _expire_overdue(self, attempt: Attempt | None) -> Attempt | None:
        if attempt is None or transitions.expire_overdue(attempt) is attempt:
            return attempt
        now = self._database.now()
        return self._database.write(lambda tx: _settle(tx, now, attempt.id))

    def cancel_attempts(self, owner: str) -> Sequence[Event]:
        """End the *owner*'s attempts that are under way, by one statement."""
        statement = (
            update(table)
            .where(is_under_way(self._database, table.c.owner == owner))
            .values(_CANCELLED | {"ended_at": self._database.now()})
            .returning(table.c.id)
        )

        def cancel(tx: Tx) -> Sequence[Event]:
            # An exchange that has the row locked is waited for: then it is connected, or it is not.
            ids = tx.execute(statement).scalars().all()
            events = [Event(EventName.ATTEMPT_CANCELLED, owner, each) for each in ids]
            return [self._record(tx, event) for event in events]

        return self._database.write(cancel)

    def move_attempt(
        self,
        attempt_id: str,
        to: AttemptStatus,
        *,
        error: str | None = None,
        failed_check: str | None = None,
        sealed_code: str | None = None,
        connection_id: str | None = None,
    ) -> Attempt | None:
        """Move an attempt, and return it as it stood before."""
        now = self._database.now()
        facts = {"error": error, "failed_check": failed_check, "sealed_code": sealed_code}
        return self._database.write(
            lambda tx: move(tx, now, attempt_id, to, connection_id=connection_id, **facts)
        )

    def ask(
        self,
        attempt_id: str,
        sealed_grant: str,
        owed: OwedRevocation,
        *,
        event: Event | None = None,
    ) -> bool:
        """Move an attempt to ``ASKING`` and keep *owed*, both or neither."""
        now, asking = self._database.now(), AttemptStatus.ASKING

        def move_and_owe(tx: Tx) -> bool:
            if move(tx, now, attempt_id, asking, sealed_grant=sealed_grant) is None:
                return False
            tx.execute(insert_owed(owed))
            return True

        return self._write_with(event, move_and_owe)

    def deliver(self, attempt_id: str) -> bool:
        """Note that an attempt's access token is handed out, if it is the first time."""
        now = self._database.now()
        return self._database.write(lambda tx: _deliver(tx, now, attempt_id))


class _AttemptQuery:
    """One prepared search for an attempt."""

    def __init__(
        self,
        database: Database,
        column: str,
        which: Callable[[Clock], Condition] = lambda _: true(),
    ) -> None:
        """Prepare, for *database*, the search for the one value of this *column*, and *which*."""
        self._database, self._column = database, column
        is_it = table.c[column] == bindparam(column)
        self._query = database.prepare(
            lambda now: (
                select(table, now.label("seen_at"))
                .where(is_it, which(now))
                .order_by(table.c.claimed_at, table.c.id)
            )
        )

    def fetch(self, value: str) -> Attempt | None:
        """Return the attempt as it stands in its row."""
        return next(iter(self.fetch_all(value)), None)

    def fetch_all(self, value: str) -> Sequence[Attempt]:
        """Return all attempts, in the order in which they were claimed."""
        rows = self._database.fetch(self._query, **{self._column: value})
        return self._database.read_rows(read_attempt, rows)


def attempt_values(attempt: Attempt) -> Values:
    """Return the columns of *attempt*."""
    values = {name: getattr(attempt, name) for name in _COLUMNS}
    return to_columns(values | {"status": attempt.status.value})


def _make_attempt(row: Sequence[Any]) -> Attempt:
    values = dict(zip(_ROW, row, strict=True))
    for name in _TIMES:
        if values[name] is not None:
            values[name] = datetime.fromtimestamp(values[name], UTC)
    return Attempt(**{**values, "status": AttemptStatus(values["status"])})


_ROW = (*table.columns.keys(), "seen_at")
read_attempt = guard(table, _ROW, _make_attempt)
"""Reads a row with the clock beside it."""


def is_under_way(database: Database, *which: Condition) -> Condition:
    """Return the condition that an attempt is open and not overdue, and *which*.

    An exchange may go on beyond the person's time, so it is looked for a little further back.
    """
    since, now = database.now(-float(EXCHANGE_SECONDS)), database.now()
    is_exchanging = and_(
        table.c.status == AttemptStatus.EXCHANGING.value, table.c.claimed_at >= since
    )
    is_open = and_(*which, table.c.ended_at.is_(None), table.c.expires_at > since)
    return and_(is_open, or_(table.c.expires_at > now, is_exchanging))


def move(
    tx: Tx,
    now: Clock,
    attempt_id: str,
    to: AttemptStatus,
    *,
    connection_id: str | None = None,
    **facts: str | None,
) -> Attempt | None:
    """Move the attempt; returns it as it stood before, or None where it could not be moved."""
    before = _settle(tx, now, attempt_id)
    after = transitions.move(before, to, **facts) if before else None
    if after is None:
        return None
    _save(tx, replace(after, connection_id=connection_id))
    return before


def _settle(tx: Tx, now: Clock, attempt_id: str) -> Attempt | None:
    """Return the attempt, ended first where it is overdue."""
    row = _lock(tx, now, attempt_id)
    attempt = transitions.expire_overdue(row) if row else None
    if attempt is not None and attempt is not row:
        _save(tx, attempt)
    return attempt


def _deliver(tx: Tx, now: Clock, attempt_id: str) -> bool:
    """Note the one time that the attempt's token is handed out; False where it was, or is late."""
    attempt = _lock(tx, now, attempt_id)
    after = transitions.mark_delivered(attempt) if attempt else None
    if after is not None:
        _save(tx, after)
    return after is not None


def _lock(tx: Tx, now: Clock, attempt_id: str) -> Attempt | None:
    """Return the attempt as it stands until the commit, as no other writer gets at its row."""
    query = select(table, now.label("seen_at")).where(_has_id(attempt_id)).with_for_update()
    rows = fetch_rows(tx, query, {"id": attempt_id})
    return read_attempt(rows[0]) if rows else None


def _save(tx: Tx, attempt: Attempt) -> None:
    tx.execute(update(table).where(_has_id(attempt.id)).values(attempt_values(attempt)))


def _has_id(attempt_id: str) -> Condition:
    return table.c.id == attempt_id
