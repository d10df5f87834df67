"""Revocations that HubSpot is owed, in SQL."""

from collections.abc import Collection, Sequence
from dataclasses import fields
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Select,
    and_,
    bindparam,
    delete,
    insert,
    literal_column,
    select,
    update,
)
from sqlalchemy import Connection as Tx
from sqlalchemy.types import Double

from portalkey.model.attempt import AttemptStatus
from portalkey.vault.sql.database import Database, StorePart, Values, to_columns
from portalkey.vault.sql.rows import bind, guard, parameters
from portalkey.vault.sql.statements import Driver
from portalkey.vault.sql.tables import attempts
from portalkey.vault.sql.tables import outbox as table
from portalkey.vault.sql.wall import fetch_rows
from portalkey.vault.store import OwedRevocation

_TICK = 1e-6
_WHICH = table.c.id == bindparam("which")
_SECONDS = bindparam("seconds", type_=Double)


class OwedStatements:
    """Keeps and forgets revocations within anybody's transaction."""

    def __init__(self, database: Database) -> None:
        """Prepare them for *database*."""
        columns = table.columns.keys()
        self._insert = database.prepare(lambda _: insert(table).values(parameters(columns)))
        self.delete = database.prepare(lambda _: delete(table).where(_WHICH))
        self._hasten = database.prepare(lambda now: update(table).where(_WHICH).values(due_at=now))

    def add(self, driver: Driver, owed: OwedRevocation | None) -> None:
        """Keep *owed*, if anything is."""
        if owed is not None:
            self._insert.run(driver, bind(outbox_values(owed)))

    def hasten(self, driver: Driver, owed_id: str) -> bool:
        """Make the revocation of this id due now, if there is one."""
        return bool(self._hasten.run(driver, {"which": owed_id}).rowcount == 1)

    def remove(self, driver: Driver, owed_id: str | None) -> None:
        """Forget the revocation of this id, if one is named."""
        if owed_id is not None:
            self.delete.run(driver, {"which": owed_id})


class SQLOutbox(StorePart):
    """Keeps revocations until they are sent; each method is one transaction."""

    def __init__(self, database: Database) -> None:
        """Prepare the statements for *database*."""
        super().__init__(database)
        self._owed = OwedStatements(database)
        self._due = database.prepare(_select_due)
        self._due_of_app = database.prepare(
            lambda now: _select_due(now).where(table.c.client_id == bindparam("client_id"))
        )
        self._claim = database.prepare(
            lambda now: update(table).where(_WHICH, _is_due(now)).values(due_at=now + _SECONDS)
        )
        self._reschedule = database.prepare(
            lambda now: (
                update(table).where(_WHICH).values(tries=table.c.tries + 1, due_at=now + _SECONDS)
            )
        )

    def enqueue(self, owed: OwedRevocation) -> None:
        """Keep a revocation."""
        self._database.write_fast(lambda driver: self._owed.add(driver, owed))

    def pending(self, at_most: int, *, client_id: str | None = None) -> Sequence[OwedRevocation]:
        """Return the revocations that are due, oldest first."""
        due = self._due if client_id is None else self._due_of_app
        asked = {} if client_id is None else {"client_id": client_id}
        found: list[OwedRevocation] = []
        seen = 0
        # One that cannot be read is due for ever, and stands before the others.
        while len(found) < at_most:
            rows = self._database.fetch(due, most=at_most, skipped=seen, **asked)
            found += self._database.read_rows(read_owed, rows, skips=True)
            seen += len(rows)
            if len(rows) < at_most:
                break
        return found[:at_most]

    def claim(self, owed_id: str, seconds: float) -> bool:
        """Keep others from a revocation that is due."""
        values = {"which": owed_id, "seconds": seconds}
        return self._database.write_fast(
            lambda driver: bool(self._claim.run(driver, values).rowcount == 1)
        )

    def reschedule(self, owed_id: str, seconds: float) -> None:
        """Count one failed try, and make the revocation due again in *seconds*."""
        values = {"which": owed_id, "seconds": seconds}
        self._database.write_fast(lambda driver: self._reschedule.run(driver, values))

    def find_owed(
        self, client_id: str, at_most: int, *, connection_id: str | None = None
    ) -> Sequence[OwedRevocation]:
        """Return revocations of the app, or of one connection."""
        asked = {"client_id": client_id}
        if connection_id is not None:
            asked["connection_id"] = connection_id
        which = [table.c[name] == value for name, value in asked.items()]
        # Always true; with it each index that PostgreSQL may choose is entered, not walked.
        which.append(table.c.due_at > 0)
        query = select(table).where(*which).order_by(table.c.due_at, table.c.id).limit(at_most)
        rows = self._database.read(lambda tx: fetch_rows(tx, query, asked))
        return self._database.read_rows(read_owed, rows, skips=True)

    def hasten(self, owed_id: str) -> bool:
        """Make a revocation due now."""
        return self._database.write_fast(lambda driver: self._owed.hasten(driver, owed_id))

    def questions_with(self, fingerprints: Collection[str]) -> Collection[str]:
        """Return the ids of attempts that ask with such a grant."""
        is_its = and_(attempts.c.id == table.c.id, table.c.refresh_fingerprint.in_(fingerprints))
        is_asking = attempts.c.status == literal_column(f"'{AttemptStatus.ASKING.value}'")
        # That a grant waits is said too, so that both databases take the partial index.
        waits = and_(attempts.c.sealed_grant.is_not(None), is_asking)
        asks = and_(waits, attempts.c.expires_at > self._database.now())
        query = select(attempts.c.id).join(table, is_its).where(asks)
        return self._database.read(lambda tx: tx.execute(query).scalars().all())

    def complete(self, owed_id: str) -> None:
        """Forget a revocation."""
        self._database.write_one(self._owed.delete, {"which": owed_id})


def hasten_all(tx: Tx, now: ColumnElement[float], which: ColumnElement[bool]) -> None:
    """Make the revocations *which* are meant due now, within somebody's transaction."""
    tx.execute(update(table).where(which).values(due_at=now))


def _is_due(now: ColumnElement[float]) -> ColumnElement[bool]:
    # A moment read from the clock may be rounded up, and was due when it was written.
    return table.c.due_at <= now + _TICK


def _select_due(now: ColumnElement[float]) -> Select[Any]:
    due = select(table).where(_is_due(now)).order_by(table.c.due_at, table.c.id)
    return due.limit(bindparam("most")).offset(bindparam("skipped"))


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
