"""The store in a database: SQLAlchemy Core over SQLite or PostgreSQL.

What each method promises stands in ``Store``.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Self

from sqlalchemy import Connection as Tx
from sqlalchemy import Executable, RowMapping, Select, delete, insert, select, update

from portalkey.errors import AttemptMismatch
from portalkey.model import transitions as rules
from portalkey.model.attempt import Attempt, AttemptStatus
from portalkey.model.connection import Connection, ConnectionStatus
from portalkey.model.events import Event
from portalkey.model.leases import Lease, LeaseDenied, LeaseRequest
from portalkey.model.throttle import Throttle
from portalkey.vault.sql import attempts, connections, leases, rows, stats
from portalkey.vault.sql.database import Database
from portalkey.vault.sql.migrate import migrate
from portalkey.vault.sql.tables import events, outbox
from portalkey.vault.sql.urls import mounted, open_database
from portalkey.vault.store import OwedRevocation, Stats, Store


class SQLStore(Store):
    """Keeps everything in one database: SQLite for a machine, PostgreSQL for many."""

    def __init__(self, database: Database) -> None:
        """Use *database*, whose tables are up to date."""
        self._database = database
        self._by_id = connections.Look(database, connections.bound_id())
        self._of = connections.Look(database, connections.of())
        self._to = connections.Look(database, connections.to())
        self._attempt_by_id = attempts.Look(database, "id")
        self._attempt_by_state = attempts.Look(database, "state_hash")
        self._renewing = leases.Renewing(database)
        self._clock = database.prepare(lambda now: select(now.label("now")))

    @classmethod
    def open(
        cls,
        url: str,
        *,
        schema: str = "",
        ahead: Callable[[], float] = lambda: 0.0,
        mounts: Callable[[], str] = mounted,
    ) -> Self:
        """The store that *url* names, made or brought up to date where that is needed.

        Args:
            url: ``sqlite:///PATH``, with a fourth slash for an absolute path; ``%3F`` stands for
                a question mark in it, as in any URL. Or ``postgresql://``, as libpq takes it.
            schema: The schema of PostgreSQL for the tables; the user's own by default.
            ahead: Seconds added to the store's clock, asked for at every look at it.
            mounts: Tells what is mounted where, as Linux does in ``/proc/self/mountinfo``.

        Raises:
            BadSettings: The URL names no file for SQLite and no database of PostgreSQL, or the
                driver for PostgreSQL is not installed.
            StoreBusy: Another process takes too long with the database; try again.
            StoreUnusable: The operator has to look at the database.
        """
        database = open_database(url, schema=schema, ahead=ahead, mounts=mounts)
        try:
            migrate(database)
        except BaseException:
            database.close()
            raise
        return cls(database)

    def close(self) -> None:
        """Close the file or the sockets; the next use opens them again."""
        self._database.close()

    def now(self) -> datetime:
        """The database's clock."""
        ((seconds,),) = self._database.fetch(self._clock)
        return datetime.fromtimestamp(seconds, UTC)

    def _now(self, tx: Tx) -> datetime:
        return tx.execute(select(self._database.now())).scalar_one()

    def add_attempt(self, attempt: Attempt) -> None:
        """Keep a new *attempt*, and purge the old.

        Raises:
            AttemptMismatch: Its id or state is another attempt's already; nothing was kept.
        """

        def work(tx: Tx) -> bool:
            attempts.purge(tx, before=self._now(tx) - rules.RETENTION)
            return attempts.add(tx, attempt)

        if not self._database.write(work):
            raise AttemptMismatch

    def attempt(self, attempt_id: str) -> Attempt | None:
        """The attempt of this id."""
        found = self._attempt_by_id.read(attempt_id)
        return self._expire_overdue(found, attempts.by_id(attempt_id))

    def attempt_by_state(self, state_hash: str) -> Attempt | None:
        """The attempt begun with this state."""
        found = self._attempt_by_state.read(state_hash)
        return self._expire_overdue(found, attempts.by_state(state_hash))

    def open_attempts(self, owner: str) -> Sequence[Attempt]:
        """The *owner*'s attempts that have not ended."""
        now = self._database.now()
        return self._database.read(lambda tx: attempts.still_open(tx, now, owner))

    def _expire_overdue(self, found: Attempt | None, which: attempts.Which) -> Attempt | None:
        if found is None or rules.expire_overdue(found) is found:
            return found
        return self._database.write(lambda tx: attempts.settle(tx, self._database.now(), which))

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
        which, now = attempts.by_id(attempt_id), self._database.now()
        told = {"error": error, "sealed_code": sealed_code, "connection_id": connection_id}
        return self._database.write(lambda tx: attempts.move(tx, now, which, to, **told))

    def connect(
        self, attempt_id: str | None, connection: Connection, *, event: Event | None = None
    ) -> bool:
        """Write *connection* and move its attempt to ``CONNECTED``, both or neither."""
        now, to, ours = self._database.now(), AttemptStatus.CONNECTED, connection.id

        def work(tx: Tx) -> bool:
            which = None if attempt_id is None else attempts.by_id(attempt_id)
            if which is not None and not attempts.move(tx, now, which, to, connection_id=ours):
                return False
            is_written = connections.put(tx, connection)
            if not is_written:
                tx.rollback()
            return is_written

        return self._told(event, work)

    def deliver(self, attempt_id: str) -> bool:
        """Note that an attempt's access token is handed out, if it is the first time."""
        which, now = attempts.by_id(attempt_id), self._database.now()
        return self._database.write(lambda tx: attempts.deliver(tx, now, which))

    def connection(self, connection_id: str) -> Connection | None:
        """The connection of this id."""
        return next(iter(self._by_id.read(id=connection_id)), None)

    def connections(self, owner: str, client_id: str) -> Sequence[Connection]:
        """All of the *owner*'s live connections, oldest first."""
        return self._of.read(owner=owner, client_id=client_id)

    def connection_to(self, owner: str, client_id: str, hub_id: int) -> Connection | None:
        """The owner's connection to that account."""
        found = self._to.read(owner=owner, client_id=client_id, hub_id=hub_id)
        return next(iter(found), None)

    def version(self) -> int | None:
        """A number that changes with every commit by anybody; None where it cannot be told."""
        return self._database.version()

    def lease(self, seen: Connection, ask: LeaseRequest) -> Lease | LeaseDenied:
        """The lease on the row of *seen*, or why not."""
        return self._renewing.lease(seen, ask)

    def release(self, connection: Connection, *, is_unanswered: bool = False) -> bool:
        """Give the lease back, where it is still this one."""
        return self._database.write(
            lambda tx: connections.release(tx, connection, is_unanswered=is_unanswered)
        )

    def update_throttle(
        self, client_id: str, change: Callable[[Throttle, datetime], Throttle]
    ) -> tuple[Throttle, Throttle] | None:
        """Put what *change* makes of the app's provider in its place."""
        now = self._database.now()
        return self._database.write(lambda tx: leases.change(tx, now, client_id, change))

    def renew(self, connection: Connection, *, instead_of: str, event: Event | None = None) -> bool:
        """Write the renewed *connection*, if the row still bears what it was made from."""
        return self._renewing.renew(connection, instead_of, event)

    def _told(self, event: Event | None, work: Callable[[Tx], bool]) -> bool:
        """Let *work* write, and record *event* with it if it did."""

        def both(tx: Tx) -> bool:
            is_done = work(tx)
            if is_done and event is not None:
                self._record(tx, event)
            return is_done

        return self._database.write(both)

    def mark(
        self,
        connection: Connection,
        status: ConnectionStatus,
        *,
        reason: str | None = None,
        failures: int = 0,
        wait: float | None = None,
        is_unanswered: bool = False,
        event: Event | None = None,
    ) -> bool:
        """Set the status, if that is a move and the grant is still the one that was seen."""
        now = self._database.now()
        retry_at = None if wait is None else self._database.now(wait)
        values = {"status_reason": reason, "failures": failures, "retry_at": retry_at}
        values |= connections.unasked_values(is_unanswered=is_unanswered)
        return self._told(event, lambda tx: connections.mark(tx, now, connection, status, values))

    def disconnect(
        self, connection: Connection, owed: OwedRevocation | None, *, event: Event | None = None
    ) -> bool:
        """Erase the sealed grant and keep *owed*, both or neither."""

        def work(tx: Tx) -> bool:
            if not connections.disconnect(tx, self._database.now(), connection):
                return False
            if owed is not None:
                tx.execute(insert(outbox).values(rows.owed_values(owed)))
            return True

        return self._told(event, work)

    def holders(self, fingerprints: Collection[str]) -> int:
        """How many live rows hold a refresh token with one of these *fingerprints*."""
        return self._database.read(lambda tx: connections.holders(tx, fingerprints))

    def enqueue(self, owed: OwedRevocation) -> None:
        """Keep a revocation."""
        self._execute(insert(outbox).values(rows.owed_values(owed)))

    def pending(self, at_most: int, *, client_id: str | None = None) -> Sequence[OwedRevocation]:
        """Revocations that are due, oldest first."""
        due = select(outbox).where(outbox.c.due_at <= self._database.now())
        if client_id is not None:
            due = due.where(outbox.c.client_id == client_id)
        query = due.order_by(outbox.c.due_at, outbox.c.id).limit(at_most)
        return [rows.read_owed(row) for row in self._rows(query)]

    def claim(self, owed_id: str, seconds: float) -> bool:
        """Keep others from a revocation that is due."""
        now, until = self._database.now(), self._database.now(seconds)
        statement = update(outbox).where(outbox.c.id == owed_id, outbox.c.due_at <= now)
        taken = statement.values(due_at=until)
        return self._database.write(lambda tx: tx.execute(taken).rowcount == 1)

    def reschedule(self, owed_id: str, seconds: float) -> None:
        """Count one failed try, and make the revocation due again in *seconds*."""
        tries, due_at = outbox.c.tries + 1, self._database.now(seconds)
        statement = update(outbox).where(outbox.c.id == owed_id)
        self._execute(statement.values(tries=tries, due_at=due_at))

    def complete(self, owed_id: str) -> None:
        """Forget a revocation."""
        self._execute(delete(outbox).where(outbox.c.id == owed_id))

    def stats(self, client_id: str) -> Stats:
        """What there is of the app's, counted."""
        return stats.stats(self._database, client_id)

    def record(self, event: Event) -> Event:
        """Append *event*, and return it with its time."""
        return self._database.write(lambda tx: self._record(tx, event))

    def _record(self, tx: Tx, event: Event) -> Event:
        kept = replace(event, at=self._now(tx))
        tx.execute(insert(events).values(rows.event_values(kept)))
        return kept

    def events(self, *, attempt_id: str | None = None, owner: str | None = None) -> Sequence[Event]:
        """The audit, oldest first; all of it, where nothing is named."""
        query = select(events).order_by(events.c.id)
        if attempt_id is not None:
            query = query.where(events.c.attempt_id == attempt_id)
        if owner is not None:
            query = query.where(events.c.owner == owner)
        return [rows.read_event(row) for row in self._rows(query)]

    def _rows(self, query: Select[Any]) -> Sequence[RowMapping]:
        return self._database.read(lambda tx: tx.execute(query).mappings().all())

    def _execute(self, statement: Executable) -> None:
        self._database.write(lambda tx: tx.execute(statement))
