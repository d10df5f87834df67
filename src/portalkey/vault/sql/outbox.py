"""Revocations that HubSpot is owed, in SQL."""

from collections.abc import Sequence
from dataclasses import fields
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Delete, Insert, delete, insert, select, update

from portalkey.vault.sql.database import StorePart, Values, to_columns
from portalkey.vault.sql.rows import guard
from portalkey.vault.sql.tables import outbox as table
from portalkey.vault.sql.wall import fetch_rows
from portalkey.vault.store import OwedRevocation


class SQLOutbox(StorePart):
    """Keeps revocations until they are sent; each method is one transaction."""

    def enqueue(self, owed: OwedRevocation) -> None:
        """Keep a revocation."""
        statement = insert_owed(owed)
        self._database.write(lambda tx: tx.execute(statement))

    def pending(self, at_most: int, *, client_id: str | None = None) -> Sequence[OwedRevocation]:
        """Return the revocations that are due, oldest first."""
        due = select(table).where(table.c.due_at <= self._database.now())
        if client_id is not None:
            due = due.where(table.c.client_id == client_id)
        query = due.order_by(table.c.due_at, table.c.id).limit(at_most)
        asked = {} if client_id is None else {"client_id": client_id}
        found: list[OwedRevocation] = []
        seen = 0
        # One that cannot be read is due for ever, and stands before the others.
        while len(found) < at_most:
            page = query.offset(seen)
            rows = self._database.read(lambda tx, page=page: fetch_rows(tx, page, asked))  # type: ignore[misc]
            found += self._database.read_rows(read_owed, rows, skips=True)
            seen += len(rows)
            if len(rows) < at_most:
                break
        return found[:at_most]

    def claim(self, owed_id: str, seconds: float) -> bool:
        """Keep others from a revocation that is due."""
        now, until = self._database.now(), self._database.now(seconds)
        due = update(table).where(table.c.id == owed_id, table.c.due_at <= now)
        statement = due.values(due_at=until)
        return self._database.write(lambda tx: tx.execute(statement).rowcount == 1)

    def reschedule(self, owed_id: str, seconds: float) -> None:
        """Count one failed try, and make the revocation due again in *seconds*."""
        tries, due_at = table.c.tries + 1, self._database.now(seconds)
        statement = update(table).where(table.c.id == owed_id).values(tries=tries, due_at=due_at)
        self._database.write(lambda tx: tx.execute(statement))

    def complete(self, owed_id: str) -> None:
        """Forget a revocation."""
        statement = _delete_owed(owed_id)
        self._database.write(lambda tx: tx.execute(statement))


def insert_owed(owed: OwedRevocation) -> Insert:
    """Return the statement that keeps *owed*."""
    return insert(table).values(outbox_values(owed))


def change_owed(owed: OwedRevocation | None, settled: str | None) -> list[Insert | Delete]:
    """Return the statements that keep *owed* and forget what is *settled*."""
    statements: list[Insert | Delete] = [] if owed is None else [insert_owed(owed)]
    return statements if settled is None else [*statements, _delete_owed(settled)]


def _delete_owed(owed_id: str) -> Delete:
    return delete(table).where(table.c.id == owed_id)


def outbox_values(owed: OwedRevocation) -> Values:
    """Return the columns of *owed*."""
    values = {field.name: getattr(owed, field.name) for field in fields(OwedRevocation)}
    return to_columns({"refresh_fingerprint": values.pop("fingerprint"), **values})


def _make_owed(row: Sequence[Any]) -> OwedRevocation:
    values = dict(zip(table.columns.keys(), row, strict=True))
    fingerprint = values.pop("refresh_fingerprint")
    due_at, asked_at = values.pop("due_at"), values.pop("asked_at")
    return OwedRevocation(
        fingerprint=fingerprint,
        due_at=datetime.fromtimestamp(due_at, UTC),
        asked_at=None if asked_at is None else datetime.fromtimestamp(asked_at, UTC),
        **values,
    )


read_owed = guard(table, table.columns.keys(), _make_owed)
"""Reads a row, with its columns in their order."""
