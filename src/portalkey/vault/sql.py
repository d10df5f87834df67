"""The store in a database: SQLAlchemy Core over a SQLite file.

What each method promises stands in ``Store``.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any, Self

from sqlalchemy import Connection as Tx
from sqlalchemy import Executable, RowMapping, Select, delete, insert, make_url, select, update
from sqlalchemy.exc import ArgumentError

from portalkey.attempt import Attempt, AttemptStatus
from portalkey.connection import Connection, ConnectionStatus
from portalkey.errors import AttemptMismatch, BadSettings
from portalkey.events import Event
from portalkey.vault import rows, rules, sql_attempts, sql_connections
from portalkey.vault.migrate import migrate
from portalkey.vault.sqlite import Database
from portalkey.vault.store import OwedRevocation, Store
from portalkey.vault.tables import events, outbox

_NO_POSTGRESQL = (
    "PORTALKEY_DATABASE_URL names a PostgreSQL database, which this version of portalkey cannot "
    "use yet; name a file with sqlite:///PATH"
)
_NO_FILE = (
    "PORTALKEY_DATABASE_URL names no file for SQLite; write sqlite:///PATH, with a fourth slash "
    "for an absolute path and nothing after the path"
)


class SQLStore(Store):
    """Keeps everything in one SQLite file, for every process and thread of this machine."""

    def __init__(self, database: Database) -> None:
        """Use *database*, whose tables are up to date."""
        self._database = database

    @classmethod
    def open(cls, url: str, *, ahead: Callable[[], float] = lambda: 0.0) -> Self:
        """The store that *url* names, made or brought up to date where that is needed.

        Args:
            url: ``sqlite:///PATH``, with a fourth slash for an absolute path; ``%3F`` stands for
                a question mark in it, as in any URL.
            ahead: Seconds added to the store's clock, asked for at every look at it.

        Raises:
            BadSettings: The URL names no file for SQLite.
            StoreBusy: Another process takes too long with the file; try again.
            StoreUnusable: The operator has to look at the file.
        """
        database = Database(_file(url), ahead=ahead)
        try:
            migrate(database)
        except BaseException:
            database.close()
            raise
        return cls(database)

    def close(self) -> None:
        """Close the file; the next use opens it again."""
        self._database.close()

    def now(self) -> datetime:
        """The database's clock."""
        return self._database.read(self._now)

    def _now(self, tx: Tx) -> datetime:
        return tx.execute(select(self._database.now())).scalar_one()

    def add_attempt(self, attempt: Attempt) -> None:
        """Keep a new *attempt*, and purge the old.

        Raises:
            AttemptMismatch: Its id or state is another attempt's already; nothing was kept.
        """

        def work(tx: Tx) -> bool:
            sql_attempts.purge(tx, before=self._now(tx) - rules.KEPT)
            return sql_attempts.add(tx, attempt)

        if not self._database.write(work):
            raise AttemptMismatch

    def attempt(self, attempt_id: str) -> Attempt | None:
        """The attempt of this id."""
        return self._attempt(sql_attempts.by_id(attempt_id))

    def attempt_by_state(self, state_hash: str) -> Attempt | None:
        """The attempt begun with this state."""
        return self._attempt(sql_attempts.by_state(state_hash))

    def _attempt(self, which: sql_attempts.Which) -> Attempt | None:
        found = self._database.read(lambda tx: sql_attempts.find(tx, self._database.now(), which))
        if found is None or rules.in_time(found) is found:
            return found
        return self._database.write(lambda tx: sql_attempts.settle(tx, self._database.now(), which))

    def move_attempt(
        self,
        attempt_id: str,
        to: AttemptStatus,
        *,
        error: str | None = None,
        sealed_code: str | None = None,
    ) -> Attempt | None:
        """Move an attempt, and return it as it stood before."""
        which, now = sql_attempts.by_id(attempt_id), self._database.now()
        told = {"error": error, "sealed_code": sealed_code}
        return self._database.write(lambda tx: sql_attempts.move(tx, now, which, to, **told))

    def connect(self, attempt_id: str, connection: Connection) -> bool:
        """Write *connection* and move its attempt to ``CONNECTED``, both or neither."""
        which, now = sql_attempts.by_id(attempt_id), self._database.now()

        def work(tx: Tx) -> bool:
            to = AttemptStatus.CONNECTED
            if not sql_attempts.move(tx, now, which, to, connection_id=connection.id):
                return False
            is_written = sql_connections.put(tx, connection)
            if not is_written:
                tx.rollback()
            return is_written

        return self._database.write(work)

    def deliver(self, attempt_id: str) -> bool:
        """Note that an attempt's access token is handed out, if it is the first time."""
        which, now = sql_attempts.by_id(attempt_id), self._database.now()
        return self._database.write(lambda tx: sql_attempts.deliver(tx, now, which))

    def connection(self, connection_id: str) -> Connection | None:
        """The connection of this id."""
        return next(iter(self._connections(sql_connections.by_id(connection_id))), None)

    def connections(self, owner: str, client_id: str) -> Sequence[Connection]:
        """All of the *owner*'s live connections, oldest first."""
        return self._connections(sql_connections.of(owner, client_id))

    def connection_to(self, owner: str, client_id: str, hub_id: int) -> Connection | None:
        """The owner's connection to that account."""
        return next(iter(self._connections(sql_connections.to(owner, client_id, hub_id))), None)

    def _connections(self, which: sql_connections.Which) -> Sequence[Connection]:
        query = sql_connections.query(self._database.now(), which)
        return [rows.read_connection(row) for row in self._rows(query)]

    def renew(self, connection: Connection, *, instead_of: str) -> bool:
        """Write the renewed *connection*, if the row still bears what it was made from."""
        now = self._database.now()
        return self._database.write(
            lambda tx: sql_connections.renew(tx, now, connection, instead_of)
        )

    def mark(
        self,
        connection: Connection,
        status: ConnectionStatus,
        *,
        reason: str | None = None,
        failures: int = 0,
        retry_at: datetime | None = None,
    ) -> bool:
        """Set the status, if that is a move and the grant is still the one that was seen."""
        now = self._database.now()
        values = {"status_reason": reason, "failures": failures, "retry_at": retry_at}
        return self._database.write(
            lambda tx: sql_connections.mark(tx, now, connection, status, values)
        )

    def disconnect(self, connection: Connection, owed: OwedRevocation | None) -> bool:
        """Erase the sealed grant and keep *owed*, both or neither."""

        def work(tx: Tx) -> bool:
            if not sql_connections.disconnect(tx, self._database.now(), connection):
                return False
            if owed is not None:
                tx.execute(insert(outbox).values(rows.owed_values(owed)))
            return True

        return self._database.write(work)

    def holders(self, fingerprints: Collection[str]) -> int:
        """How many live rows hold a refresh token with one of these *fingerprints*."""
        return self._database.read(lambda tx: sql_connections.holders(tx, fingerprints))

    def owe(self, owed: OwedRevocation) -> None:
        """Keep a revocation."""
        self._execute(insert(outbox).values(rows.owed_values(owed)))

    def owed(self, at_most: int) -> Sequence[OwedRevocation]:
        """Revocations that are due, oldest first."""
        due = select(outbox).where(outbox.c.due_at <= self._database.now())
        query = due.order_by(outbox.c.due_at, outbox.c.id).limit(at_most)
        return [rows.read_owed(row) for row in self._rows(query)]

    def put_off(self, owed_id: str, seconds: float) -> None:
        """Count one failed try, and make the revocation due again in *seconds*."""
        tries, due_at = outbox.c.tries + 1, self._database.now(seconds)
        statement = update(outbox).where(outbox.c.id == owed_id)
        self._execute(statement.values(tries=tries, due_at=due_at))

    def settle(self, owed_id: str) -> None:
        """Forget a revocation."""
        self._execute(delete(outbox).where(outbox.c.id == owed_id))

    def record(self, event: Event) -> Event:
        """Append *event*, and return it with its time."""

        def work(tx: Tx) -> Event:
            kept = replace(event, at=self._now(tx))
            tx.execute(insert(events).values(rows.event_values(kept)))
            return kept

        return self._database.write(work)

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


def _file(url: str) -> Path:
    """The file that *url* names; nothing of the URL is repeated, as it may hold a password."""
    try:
        named = make_url(url)
    except ArgumentError:
        named = make_url("unreadable://")
    if named.get_backend_name() in {"postgres", "postgresql"}:
        raise BadSettings([_NO_POSTGRESQL])
    is_plain = not (named.host or named.query or named.database == ":memory:")
    if named.drivername not in {"sqlite", "sqlite+pysqlite"} or not named.database or not is_plain:
        raise BadSettings([_NO_FILE])
    return Path(named.database)
