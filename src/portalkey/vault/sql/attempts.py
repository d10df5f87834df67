"""Attempts in SQL, each function a part of somebody's transaction."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, bindparam, delete, or_, select, update
from sqlalchemy import Connection as Tx

from portalkey.model import transitions as rules
from portalkey.model.attempt import OPEN, Attempt, AttemptStatus
from portalkey.vault.sql import rows
from portalkey.vault.sql.database import Database, insert_new
from portalkey.vault.sql.tables import attempts as table

Now = ColumnElement[datetime]
Which = ColumnElement[bool]


def by_id(attempt_id: str) -> Which:
    """The attempt of this id."""
    return table.c.id == attempt_id


def by_state(state_hash: str) -> Which:
    """The attempt begun with this state."""
    return table.c.state_hash == state_hash


def add(tx: Tx, attempt: Attempt) -> bool:
    """Keep a new *attempt*; False where its id or state is another's."""
    return insert_new(tx, table, rows.attempt_values(attempt))


def purge(tx: Tx, *, before: datetime) -> None:
    """Forget attempts that ended *before*, or were left lying then."""
    never_ended = and_(table.c.ended_at.is_(None), table.c.expires_at < before)
    old = select(table.c.id).where(or_(table.c.ended_at < before, never_ended))
    # What another purge is at is left to it: two of them never wait for each other.
    tx.execute(delete(table).where(table.c.id.in_(old.with_for_update(skip_locked=True))))


class Look:
    """One way to look for an attempt, fast."""

    def __init__(self, database: Database, column: str) -> None:
        """Compile, for *database*, the search for the one value of this *column*."""
        self._database = database
        is_it = table.c[column] == bindparam("value")
        self._query = database.prepare(lambda now: select(table, now.label("seen_at")).where(is_it))
        self._read = rows.attempt_reader(self._query.columns)

    def read(self, value: str) -> Attempt | None:
        """The attempt as it stands in its row."""
        found = self._database.fetch(self._query, value=value)
        return self._read(found[0]) if found else None


def still_open(tx: Tx, now: Now, owner: str) -> Sequence[Attempt]:
    """The *owner*'s attempts that have not ended, oldest first."""
    query = (
        select(table, now.label("seen_at"))
        .where(table.c.owner == owner, table.c.status.in_(OPEN))
        .order_by(table.c.created_at, table.c.id)
    )
    return [rows.read_attempt(row) for row in tx.execute(query).mappings()]


def _lock(tx: Tx, now: Now, which: Which) -> Attempt | None:
    """The attempt as it stands in its row until the commit, as no other writer gets at it."""
    return _read(tx, select(table, now.label("seen_at")).where(which).with_for_update())


def _read(tx: Tx, query: Select[Any]) -> Attempt | None:
    row = tx.execute(query).mappings().one_or_none()
    return rows.read_attempt(row) if row else None


def settle(tx: Tx, now: Now, which: Which) -> Attempt | None:
    """The attempt, ended first where it is overdue."""
    found = _lock(tx, now, which)
    attempt = rules.expire_overdue(found) if found else None
    if attempt is not None and attempt is not found:
        _save(tx, attempt)
    return attempt


def move(
    tx: Tx,
    now: Now,
    which: Which,
    to: AttemptStatus,
    *,
    error: str | None = None,
    sealed_code: str | None = None,
    connection_id: str | None = None,
) -> Attempt | None:
    """Move the attempt; returns it as it stood before, or None where it could not be moved."""
    before = settle(tx, now, which)
    after = rules.move(before, to, error=error, sealed_code=sealed_code) if before else None
    if after is None:
        return None
    _save(tx, replace(after, connection_id=connection_id))
    return before


def deliver(tx: Tx, now: Now, which: Which) -> bool:
    """Note the one time that the attempt's token is handed out; False where it was, or is late."""
    attempt = _lock(tx, now, which)
    after = rules.mark_delivered(attempt) if attempt else None
    if after is not None:
        _save(tx, after)
    return after is not None


def _save(tx: Tx, attempt: Attempt) -> None:
    values = rows.attempt_values(attempt)
    tx.execute(update(table).where(by_id(attempt.id)).values(values))
