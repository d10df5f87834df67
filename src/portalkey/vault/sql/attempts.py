"""Attempts in SQL."""

from collections.abc import Sequence
from dataclasses import fields, replace
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, bindparam, delete, or_, select, update
from sqlalchemy import Connection as Tx

from portalkey.errors import AttemptMismatch
from portalkey.model import transitions
from portalkey.model.attempt import OPEN, Attempt, AttemptStatus
from portalkey.vault.sql.database import Database, StorePart, Values, insert_new, to_columns
from portalkey.vault.sql.rows import guard
from portalkey.vault.sql.tables import attempts as table
from portalkey.vault.sql.wall import fetch_rows

Clock = ColumnElement[float]
Condition = ColumnElement[bool]

_COLUMNS = tuple(field.name for field in fields(Attempt) if field.name != "seen_at")
_TIMES = ("created_at", "expires_at", "seen_at", "claimed_at", "ended_at", "delivered_at")


class SQLAttempts(StorePart):
    """Keeps attempts, and moves them along their table; each method is one transaction."""

    def __init__(self, database: Database) -> None:
        """Prepare the searches for *database*."""
        super().__init__(database)
        self._attempt_by_id = _AttemptQuery(database, "id")
        self._attempt_by_state = _AttemptQuery(database, "state_hash")

    def add_attempt(self, attempt: Attempt) -> None:
        """Keep a new *attempt*, and purge the old.

        Raises:
            AttemptMismatch: Its id or state is another attempt's already; nothing was kept.
        """

        def purge_and_add(tx: Tx) -> bool:
            now = tx.execute(select(self._database.now())).scalar_one()
            _purge(tx, before=now - transitions.RETENTION.total_seconds())
            return insert_new(tx, table, attempt_values(attempt))

        if not self._database.write(purge_and_add):
            raise AttemptMismatch

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

    def open_attempts(self, owner: str) -> Sequence[Attempt]:
        """Return the *owner*'s attempts that have not ended."""
        query = (
            select(table, self._database.now().label("seen_at"))
            .where(table.c.owner == owner, table.c.status.in_(OPEN))
            .order_by(table.c.created_at, table.c.id)
        )
        rows = self._database.read(lambda tx: fetch_rows(tx, query, {"owner": owner}))
        return self._database.read_rows(_read_attempt, rows)

    def move_attempt(
        self,
        attempt_id: str,
        to: AttemptStatus,
        *,
        error: str | None = None,
        sealed_code: str | None = None,
        connection_id: str | None = None,
    ) -> Attempt | None:
        """Move an attempt, and return it as it stood before."""
        now = self._database.now()
        facts = {"error": error, "sealed_code": sealed_code, "connection_id": connection_id}
        return self._database.write(lambda tx: move(tx, now, attempt_id, to, **facts))

    def deliver(self, attempt_id: str) -> bool:
        """Note that an attempt's access token is handed out, if it is the first time."""
        now = self._database.now()
        return self._database.write(lambda tx: _deliver(tx, now, attempt_id))


class _AttemptQuery:
    """One prepared search for an attempt."""

    def __init__(self, database: Database, column: str) -> None:
        """Prepare, for *database*, the search for the one value of this *column*."""
        self._database, self._column = database, column
        is_it = table.c[column] == bindparam(column)
        self._query = database.prepare(lambda now: select(table, now.label("seen_at")).where(is_it))

    def fetch(self, value: str) -> Attempt | None:
        """Return the attempt as it stands in its row."""
        rows = self._database.fetch(self._query, **{self._column: value})
        return next(iter(self._database.read_rows(_read_attempt, rows)), None)


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
_read_attempt = guard(table, _ROW, _make_attempt)


def _purge(tx: Tx, *, before: float) -> None:
    """Forget attempts that ended *before*, or were left lying then."""
    never_ended = and_(table.c.ended_at.is_(None), table.c.expires_at < before)
    old = select(table.c.id).where(or_(table.c.ended_at < before, never_ended))
    # Rows that another purge has locked are left to it: two of them never wait for each other.
    tx.execute(delete(table).where(table.c.id.in_(old.with_for_update(skip_locked=True))))


def move(
    tx: Tx,
    now: Clock,
    attempt_id: str,
    to: AttemptStatus,
    *,
    error: str | None = None,
    sealed_code: str | None = None,
    connection_id: str | None = None,
) -> Attempt | None:
    """Move the attempt; returns it as it stood before, or None where it could not be moved."""
    before = _settle(tx, now, attempt_id)
    after = transitions.move(before, to, error=error, sealed_code=sealed_code) if before else None
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
    return _read_attempt(rows[0]) if rows else None


def _save(tx: Tx, attempt: Attempt) -> None:
    tx.execute(update(table).where(_has_id(attempt.id)).values(attempt_values(attempt)))


def _has_id(attempt_id: str) -> Condition:
    return table.c.id == attempt_id
