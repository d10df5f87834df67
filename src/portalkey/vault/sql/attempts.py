"""Attempts in SQL."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, bindparam, or_, select, true, update
from sqlalchemy import Connection as Tx

from portalkey.errors import AttemptMismatch, PortalkeyError, TooManyAttempts
from portalkey.model import transitions
from portalkey.model.attempt import EXCHANGE_SECONDS, MINUTE, Attempt, AttemptStatus
from portalkey.model.connection import is_storable
from portalkey.model.events import Event, EventName
from portalkey.model.notifications import Subject
from portalkey.model.transitions import AttemptLimits
from portalkey.vault.sql.database import Database, Values
from portalkey.vault.sql.events import SQLEvents
from portalkey.vault.sql.outbox import OwedStatements, SQLOutbox, hasten_all
from portalkey.vault.sql.rows import attempt_values, bind, parameters, read_attempt
from portalkey.vault.sql.statements import Driver
from portalkey.vault.sql.tables import attempts as table
from portalkey.vault.sql.tables import outbox

Clock = ColumnElement[float]
Condition = ColumnElement[bool]

_WITHOUT_SECRETS: Values = dict.fromkeys(
    ("error", "sealed_verifier", "sealed_code", "sealed_grant")
)
CANCELLED: Values = {"status": AttemptStatus.CANCELLED.value, **_WITHOUT_SECRETS}
EXPIRED: Values = {
    "status": AttemptStatus.EXPIRED.value,
    "ended_at": table.c.expires_at,
    **_WITHOUT_SECRETS,
}
"""The columns of an attempt whose time is up, whenever it is looked at."""


class AttemptStatements:
    """Adds attempts, and moves them along their table."""

    def __init__(self, database: Database) -> None:
        """Prepare them for *database*."""
        self._read_rows = database.read_rows
        self._owed = OwedStatements(database)
        prepare = database.prepare
        row = database.insert(table).values(parameters(table.columns.keys()))
        self._add = prepare(lambda _: row.on_conflict_do_nothing())
        self._under_way = prepare(
            lambda now: (
                select_attempts(now)
                .where(is_under_way(now, table.c.owner == bindparam("owner")))
                .order_by(table.c.created_at, table.c.id)
            )
        )
        self._lock = prepare(
            lambda now: select_attempts(now).where(table.c.id == bindparam("id")).with_for_update()
        )
        self._save = prepare(
            lambda _: (
                update(table)
                .where(table.c.id == bindparam("which"))
                .values(parameters(transitions.MOVED))
            )
        )

    def add(self, driver: Driver, attempt: Attempt) -> bool:
        """Keep a new *attempt*; False where its id or state is another's."""
        return bool(
            self._add.run(driver, bind(attempt_values(attempt, table.columns.keys()))).rowcount == 1
        )

    def find_under_way(self, driver: Driver, owner: str) -> Sequence[Attempt]:
        """Return the *owner*'s attempts that are under way, oldest first."""
        return self._read_rows(read_attempt, self._under_way.fetch(driver, {"owner": owner}))

    def lock(self, driver: Driver, attempt_id: str) -> Attempt | None:
        """Return the attempt as it stands until the commit, as no other writer gets at its row."""
        if not is_storable(attempt_id):
            return None
        rows = self._lock.fetch(driver, {"id": attempt_id})
        return read_attempt(rows[0]) if rows else None

    def save(self, driver: Driver, attempt: Attempt) -> None:
        """Write what a move has changed of *attempt*."""
        moved = attempt_values(attempt, transitions.MOVED)
        self._save.run(driver, {"which": attempt.id, **bind(moved)})

    def settle(self, driver: Driver, attempt_id: str) -> Attempt | None:
        """Return the attempt, ended first where it is overdue."""
        row = self.lock(driver, attempt_id)
        attempt = transitions.expire_overdue(row) if row else None
        if attempt is not None and attempt is not row:
            self.save(driver, attempt)
        return attempt

    def move(
        self,
        driver: Driver,
        attempt_id: str,
        to: AttemptStatus,
        *,
        connection_id: str | None = None,
        **facts: str | None,
    ) -> Attempt | None:
        """Move the attempt; returns it as it stood before, or None where it could not be moved."""
        before = self.settle(driver, attempt_id)
        after = transitions.move(before, to, **facts) if before else None
        if before is None or after is None:
            return None
        self.save(driver, replace(after, connection_id=connection_id))
        if transitions.is_given_back(before, to):
            self._owed.hasten(driver, attempt_id)
        return before


class SQLMoves(SQLOutbox, SQLEvents):
    """The part of a store that moves attempts along, and records and owes what comes of it."""

    def __init__(self, database: Database) -> None:
        """Prepare the statements for *database*."""
        super().__init__(database)
        self._moves = AttemptStatements(database)

    def _expire_overdue(self, attempt: Attempt | None) -> Attempt | None:
        """Return *attempt*, ended first where it is overdue."""
        if attempt is None or transitions.expire_overdue(attempt) is attempt:
            return attempt
        return self._database.write_fast(lambda driver: self._moves.settle(driver, attempt.id))


class SQLAttempts(SQLMoves):
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
        self, attempt: Attempt, limits: AttemptLimits | None = None, *, event: Event | None = None
    ) -> Sequence[Attempt]:
        """Keep a new *attempt*, expire those that give way to it, and record *event*.

        Raises:
            AttemptMismatch: Its id or state is another attempt's already; nothing was kept.
        """

        def make_room_and_add(driver: Driver) -> Sequence[Attempt] | PortalkeyError:
            try:
                surplus = self._make_room(driver, attempt, limits) if limits else []
            except TooManyAttempts as trouble:
                return trouble  # raised here, it would cost the connection
            if not self._moves.add(driver, attempt):
                return AttemptMismatch()
            for each in surplus:
                self._moves.move(driver, each.id, AttemptStatus.EXPIRED)
            if event is not None:
                self._event.run(driver, event)
            return surplus

        outcome = self._database.write_fast(make_room_and_add, durable=False)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    def _make_room(
        self, driver: Driver, attempt: Attempt, limits: AttemptLimits
    ) -> Sequence[Attempt]:
        """Return those that give way to *attempt*, whose code counts, too, if it is claimed."""
        if attempt.claimed_at is not None:
            self._database.hold(driver, f"claims {attempt.owner}")
            limits.require_turn(attempt, self._claims.find(driver, attempt.owner))
        return limits.make_room(attempt, self._moves.find_under_way(driver, attempt.owner))

    def claims(self, owner: str) -> Sequence[Attempt]:
        """Return the *owner*'s attempts that were claimed within the last minute."""
        return self._claims.fetch_all(owner)

    def attempt(self, attempt_id: str) -> Attempt | None:
        """Return the attempt of this id."""
        return self._expire_overdue(self._attempt_by_id.fetch(attempt_id))

    def attempt_by_state(self, state_hash: str) -> Attempt | None:
        """Return the attempt begun with this state."""
        return self._expire_overdue(self._attempt_by_state.fetch(state_hash))

    def cancel_attempts(self, owner: str) -> Sequence[Event]:
        """End the *owner*'s attempts that are under way, by one statement."""
        now = self._database.now()

        def cancel(tx: Tx) -> Sequence[Event]:
            ids = cancel_at_once(tx, now, is_under_way(now, table.c.owner == owner))
            return [self._record(tx, Event(EventName.ATTEMPT_CANCELLED, owner, e)) for e in ids]

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
        event: Event | None = None,
        subject: Subject | None = None,
    ) -> Attempt | None:
        """Move an attempt and record *event*, and return it as it stood before."""
        facts = {"error": error, "failed_check": failed_check, "sealed_code": sealed_code}

        def move_and_record(driver: Driver) -> Attempt | None:
            before = self._moves.move(driver, attempt_id, to, connection_id=connection_id, **facts)
            if before is not None and event is not None:
                self._event.run(driver, event, subject)
            return before

        return self._database.write_fast(move_and_record)

    def deliver(self, attempt_id: str) -> bool:
        """Note that an attempt's access token is handed out, if it is the first time."""

        def mark_delivered(driver: Driver) -> bool:
            attempt = self._moves.lock(driver, attempt_id)
            after = transitions.mark_delivered(attempt) if attempt else None
            if after is not None:
                self._moves.save(driver, after)
            return after is not None

        return self._database.write_fast(mark_delivered)


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
                select_attempts(now)
                .where(is_it, which(now))
                .order_by(table.c.claimed_at, table.c.id)
            )
        )

    def fetch(self, value: str) -> Attempt | None:
        """Return the attempt as it stands in its row."""
        return next(iter(self.fetch_all(value)), None)

    def find(self, driver: Driver, value: str) -> Sequence[Attempt]:
        """Return all attempts, in their order, within a transaction."""
        rows = self._query.fetch(driver, {self._column: value})
        return self._database.read_rows(read_attempt, rows)

    def fetch_all(self, value: str) -> Sequence[Attempt]:
        """Return all attempts, in the order in which they were claimed."""
        rows = self._database.fetch(self._query, **{self._column: value})
        return self._database.read_rows(read_attempt, rows)


def cancel_at_once(tx: Tx, now: Clock, which: Condition) -> Sequence[str]:
    """Cancel the attempts *which* are meant, and make due what is owed for them; return their ids.

    An exchange that has its row locked is waited for: then it is connected, or it is not.
    """
    cancel = update(table).where(which).values(CANCELLED | {"ended_at": now}).returning(table.c.id)
    ids = tx.execute(cancel).scalars().all()
    hasten_all(tx, now, outbox.c.id.in_(ids))
    return ids


def select_attempts(now: Clock) -> Select[Any]:
    """Return the query for attempts, with the clock beside them."""
    return select(table, now.label("seen_at"))


def is_under_way(now: Clock, *which: Condition) -> Condition:
    """Return the condition that an attempt is open and not overdue, and *which*.

    An exchange may go on beyond the person's time, so it is looked for a little further back.
    """
    since = now - float(EXCHANGE_SECONDS)
    is_exchanging = and_(
        table.c.status == AttemptStatus.EXCHANGING.value, table.c.claimed_at >= since
    )
    is_open = and_(*which, table.c.ended_at.is_(None), table.c.expires_at > since)
    return and_(is_open, or_(table.c.expires_at > now, is_exchanging))
