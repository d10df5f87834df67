"""A PostgreSQL database as a store needs it, for as many machines as like.

Nothing is kept in a session that PgBouncer may change from one transaction to the next: no session
locks, every setting local to its transaction, prepared statements only where no pooler is in
between. Each statement of a writing transaction sees what is committed when it begins; what has to
stay true is read ``FOR UPDATE`` or named in the ``WHERE`` of the one statement that writes.
"""

from collections.abc import Callable
from typing import Any

import psycopg
from sqlalchemy import Connection, Engine, create_engine, text
from sqlalchemy.pool import QueuePool
from sqlalchemy.sql.expression import literal_column
from sqlalchemy.types import Double

from portalkey._support.clock import no_offset
from portalkey.errors import PortalkeyError
from portalkey.vault.sql import postgres_errors
from portalkey.vault.sql.database import Database, Values
from portalkey.vault.sql.dialects import schema_of
from portalkey.vault.sql.postgres_session import TimedConnection
from portalkey.vault.sql.postgres_url import (
    SECRETS,
    name_database,
    name_user,
    read_url,
    without_environment,
)
from portalkey.vault.sql.schemas import OWN, find_schema, make_schema, quote_name
from portalkey.vault.sql.sockets import Sockets, heed_gevent, leave
from portalkey.vault.sql.statements import DriverPool, PreparedStatement
from portalkey.vault.store import BUSY_SECONDS, CALL_SECONDS

CONNECTIONS = 4
"""A process keeps so many connections for transactions, and as many for prepared statements."""

_KEEPALIVES = {"keepalives_idle": "30", "keepalives_interval": "10", "keepalives_count": "3"}
_MIGRATE_SECONDS = 60
_WRITES = "ISOLATION LEVEL READ COMMITTED READ WRITE"
# Looked at once a statement: as a volatile function it would keep every index on times out of use.
_CLOCK = literal_column("(SELECT extract(epoch FROM clock_timestamp())::float8)", Double)
# Any number that no other program is likely to think of.
_MIGRATING = int.from_bytes(b"portalke", signed=True)


class PostgreSQL(Database):
    """One PostgreSQL database, from any thread; a forked child has connections of its own."""

    driver_errors = psycopg.Error
    transactions = CONNECTIONS
    guards_tables = True

    def __init__(
        self,
        url: str,
        *,
        schema: str = "",
        plaintext: bool = False,
        ahead: Callable[[], float] = no_offset,
        wait: float = BUSY_SECONDS,
        seconds: float = CALL_SECONDS,
    ) -> None:
        """Use the database at *url*, which libpq reads; nothing is opened yet.

        Args:
            url: ``postgresql://`` or ``postgres://``, with any parameter that libpq knows.
            schema: Where the tables are, made where it is missing; found by default.
            plaintext: True where another host may be spoken to without TLS.
            ahead: Seconds added to the clock, asked for at every look; tests move time with it.
            wait: How many seconds to wait for another writer, or for a connection to be free.
            seconds: How many seconds one call takes at most, all its waits and tries together.

        Raises:
            BadSettings: libpq cannot read the URL, or it leads to another host without TLS.
        """
        self._parameters = read_url(url, plaintext=plaintext)
        self._may_prepare = True
        self._sockets = Sockets()
        heed_gevent()
        self._schema_named = schema
        self.name = name_database(self._parameters)
        # Half of the time for one answer: the other half is for another connection.
        self._answer = seconds / 2
        self._say_limits(_limits(self._parameters, min(wait, self._answer * 0.8), self._answer))
        drivers = self._driver_pool(wait)
        super().__init__(self._engine(wait), drivers, _CLOCK, ahead, wait=wait, seconds=seconds)

    def _say_limits(self, limits: list[str]) -> None:
        """Begin each transaction with the server's *limits*, and each session of our own."""
        sets = [f"SET {limit}" for limit in limits]
        sets.append(f"SET SESSION CHARACTERISTICS AS TRANSACTION {_WRITES}")
        self._session = "; ".join(sets)
        settings = "; ".join(f"SET LOCAL {each}" for each in limits)
        self.begin_reading = f"BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; {settings}"
        self.begin_writing = f"BEGIN {_WRITES}; {settings}"

    def _driver_pool(self, wait: float) -> DriverPool:
        return DriverPool(
            self._connect_to_read,
            is_lost=self._is_lost,
            is_full=self.is_full,
            make_room=self._close_idle,
            at_most=CONNECTIONS,
            wait=wait,
        )

    def _engine(self, wait: float) -> Engine:
        return create_engine(
            "postgresql+psycopg://",
            creator=self._connect,
            poolclass=QueuePool,
            pool_size=CONNECTIONS,
            max_overflow=0,
            pool_timeout=wait,
            pool_pre_ping=True,
            hide_parameters=True,
            use_native_hstore=False,
        )

    def was_refused(self, error: BaseException) -> bool:
        """Return True where *error* says that a statement was refused, and all before it undone."""
        return postgres_errors.is_unprepared(error)

    def begin_fast(self, driver: psycopg.Connection[Any]) -> None:
        """Begin to write; several commands in one cannot be prepared."""
        begin = "BEGIN" if _is_own_session(driver) else self.begin_writing
        driver.execute(begin, prepare=False)

    def hold(self, driver: psycopg.Connection[Any], name: str) -> None:
        """Let nobody else hold *name* before the transaction over *driver* ends."""
        key = f"portalkey {name}"
        driver.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [key])

    def write_one(self, statement: PreparedStatement, values: Values) -> int:
        """Run one *statement* that writes: a transaction by itself, in one message to the server.

        Done again where the connection was lost: done twice it has to come to the same.
        """

        def write(driver: psycopg.Connection[Any]) -> int:
            is_own = _is_own_session(driver)
            if not is_own:
                self.begin_fast(driver)
            number: int = statement.run(driver, values).rowcount
            if not is_own:
                driver.commit()
            return number

        return self._do(lambda: self._drivers.run(write), is_writing=True)

    def find_tables(self, tx: Connection) -> None:
        """Find the schema of our tables, for *tx* and whatever comes after it."""
        schema = find_schema(tx, self._schema_named)
        self.schemas = {None: schema}
        tx.execution_options(schema_translate_map=self.schemas)

    def hold_off(self, tx: Connection) -> None:
        """Let nobody else come past this line before *tx* ends, and make the schema."""
        tx.execute(text(f"SET LOCAL lock_timeout = '{_MIGRATE_SECONDS}s'"))
        tx.execute(text("SET LOCAL statement_timeout = 0"))
        tx.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _MIGRATING})
        self.find_tables(tx)  # again: somebody may have made them in between
        schema = schema_of(tx) or OWN
        make_schema(tx, schema)
        # For migrations, some of which Alembic writes without a schema's name.
        tx.execute(text(f"SET LOCAL search_path TO {quote_name(schema)}"))

    def problem(self, error: BaseException | None) -> PortalkeyError:
        """Return what the driver's *error* means; its words are not repeated."""
        who = name_user(self._parameters)
        return postgres_errors.problem_of(error, self.name, who, has_answered=self.has_answered)

    def crowd_problem(self) -> PortalkeyError:
        """Return what it means that every connection of this process was at work."""
        return postgres_errors.crowd_problem(self.name)

    def is_full(self, error: BaseException) -> bool:
        """Return True where *error* says that the server takes no more connections."""
        return postgres_errors.is_full(error)

    def _close_idle(self) -> None:
        """Close what the pool for transactions does not have at work."""
        self._reading.pool.dispose()

    def _connect(self) -> TimedConnection:
        try:
            connection = TimedConnection.connect(
                **without_environment(_network(self._answer) | self._parameters),
                autocommit=True,  # we say BEGIN ourselves
                prepare_threshold=None,
            )
        except psycopg.OperationalError as error:
            secrets = [str(self._parameters[name]) for name in SECRETS & self._parameters.keys()]
            postgres_errors.log_words(error, secrets)
            raise
        connection.answer_seconds = self._answer
        self._sockets.add(connection)
        return connection

    def _renew(self) -> None:
        heed_gevent()
        super()._renew()

    def _leave_connections(self) -> None:
        leave(self._sockets)
        self._sockets = Sockets()

    def _connect_to_read(self) -> TimedConnection:
        connection = self._connect()
        (session,) = connection.execute("SELECT pg_backend_pid()").fetchone() or (None,)
        # A pooler gives its clients numbers of its own. Where none is in between, the session is
        # ours, and a statement that was planned before takes less than half the time.
        if self._may_prepare and session == connection.info.backend_pid:
            connection.execute(self._session.encode(), prepare=False)
            connection.prepare_threshold = 0
        return connection

    def _is_lost(self, error: BaseException) -> bool:
        if postgres_errors.is_unprepared(error):  # a pooler is in between after all
            self._may_prepare = False
            return True
        return postgres_errors.is_lost(error)


def _is_own_session(driver: psycopg.Connection[Any]) -> bool:
    """Return True where no pooler is in between, so that the session has the limits itself."""
    return driver.prepare_threshold is not None


def _network(answer: float) -> dict[str, str]:
    """Return when a server that says nothing counts as gone, as libpq takes it."""
    # In whole seconds, of which libpq wants two, and in milliseconds.
    connect = str(max(2, int(answer * 0.7)))
    return _KEEPALIVES | {"connect_timeout": connect, "tcp_user_timeout": str(int(answer * 1000))}


def _limits(parameters: dict[str, Any], lock: float, answer: float) -> list[str]:
    """Return the server's own limits in time, but for those that the URL sets."""
    milliseconds = {
        # A little earlier than the client gives up, as the server's word says more.
        "lock_timeout": lock * 1000,
        "statement_timeout": answer * 900,
        # What a client locked that is not heard of any more is free again.
        "idle_in_transaction_session_timeout": answer * 2000,
    }
    of_url = str(parameters.get("options", ""))
    return [
        f"{name} = {max(1, int(number))}"
        for name, number in milliseconds.items()
        if name not in of_url
    ]
