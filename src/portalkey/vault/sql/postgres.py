"""A PostgreSQL database as a store needs it, for as many machines as like.

Nothing is kept in a session that PgBouncer may change from one transaction to the next: no session
locks, every setting local to its transaction, prepared statements only where no pooler is in
between. Each statement of a writing transaction sees what is committed when it begins; what has to
stay true is read ``FOR UPDATE`` or named in the ``WHERE`` of the one statement that writes.
"""

import re
from collections.abc import Callable
from typing import Any

import psycopg
from psycopg.conninfo import conninfo_to_dict
from sqlalchemy import ClauseElement, ColumnElement, Connection, Engine, create_engine, text
from sqlalchemy.pool import QueuePool
from sqlalchemy.sql.expression import literal_column
from sqlalchemy.types import Double

from portalkey._support.clock import no_offset
from portalkey.errors import BadSettings, PortalkeyError, StoreBusy, StoreUnusable
from portalkey.vault.sql.database import Database
from portalkey.vault.sql.statements import DriverPool, PreparedStatement
from portalkey.vault.store import BUSY_SECONDS

CONNECTIONS = 4
"""A process keeps so many connections for transactions, and as many for prepared statements."""

# In seconds, but for one in milliseconds: when a server that says nothing counts as gone.
_NETWORK = {
    "connect_timeout": "5",
    "keepalives_idle": "30",
    "keepalives_interval": "10",
    "keepalives_count": "3",
    "tcp_user_timeout": "30000",
}
_MIGRATE_SECONDS = 60
_FROM = "FROM portalkey_"
# Looked at once a statement: as a volatile function it would keep every index on times out of use.
_CLOCK = literal_column("(SELECT extract(epoch FROM clock_timestamp())::float8)", Double)
# Any number that no other program is likely to think of.
_MIGRATING = int.from_bytes(b"portalke", signed=True)

_UNREADABLE = (
    "PORTALKEY_DATABASE_URL is not a PostgreSQL address; write "
    "postgresql://USER:PASSWORD@HOST:PORT/DATABASE, with what has a meaning in a URL quoted (%40 "
    "for @), and after a question mark only parameters that libpq knows"
)

_AWAY = "cannot be reached just now; try again in a moment"
_UNREACHABLE = (
    "cannot be reached; look whether the server runs, and at host and port in "
    "PORTALKEY_DATABASE_URL"
)
_REFUSED = "lets nobody in as this user; look at user and password in PORTALKEY_DATABASE_URL"
_NO_TLS = "does not speak TLS as this URL asks for; look at its sslmode and at the certificates"
_NOT_THERE = "is not there; make it, or look at its name in PORTALKEY_DATABASE_URL"
_NOT_ALLOWED = (
    "does not let this user make and use tables; grant the user all rights on the schema, or name "
    "another user in PORTALKEY_DATABASE_URL"
)
_NO_SCHEMA = "has no schema to make tables in; look at the user's search_path"
_READ_ONLY = "cannot be written; look whether PORTALKEY_DATABASE_URL names the primary server"
_FULL = "cannot grow; make room on its disk"
_OTHERWISE = "is not as portalkey left it; look what else writes to it"

# SQLSTATEs: transactions rolled back, a lack of resources, locks that are not to be had, time-outs.
_WAITING_HELPS = re.compile("40|53|55P03|57014|25P0[34]")
# Broken connections, and what the operator ends.
_AWAY_CODES = re.compile("08|57P")
_WHAT_TO_DO = {
    "25006": _READ_ONLY,
    "28000": _REFUSED,
    "28P01": _REFUSED,
    "3D000": _NOT_THERE,
    "3F000": _NO_SCHEMA,
    "42501": _NOT_ALLOWED,
    "53100": _FULL,
    "57P04": _NOT_THERE,
}
_SESSION = "SET lock_timeout = '{wait}s'; SET statement_timeout = '30s'"
_NOT_PREPARED = (
    psycopg.errors.InvalidSqlStatementName,
    psycopg.errors.DuplicatePreparedStatement,
)
# While a connection is made, libpq tells the server's words and no code.
_BUSY_AT_THE_DOOR = re.compile(
    "too many|remaining connection slots|no more connections|database system is"
)
_AT_THE_DOOR = (
    (re.compile('database ".*" does not exist|no such database'), _NOT_THERE),
    (re.compile('authentication|password|role ".*"|pg_hba|no such user|not permitted'), _REFUSED),
    (re.compile("permission denied"), _NOT_ALLOWED),
    (re.compile("SSL|certificate"), _NO_TLS),
)


class PostgreSQL(Database):
    """One PostgreSQL database, from any thread; a forked child has connections of its own."""

    driver_errors = psycopg.Error
    guards_tables = True

    def __init__(
        self,
        url: str,
        *,
        schema: str = "",
        ahead: Callable[[], float] = no_offset,
        wait: float = BUSY_SECONDS,
    ) -> None:
        """Use the database at *url*, which libpq reads; nothing is opened yet.

        Args:
            url: ``postgresql://`` or ``postgres://``, with any parameter that libpq knows.
            schema: Where the tables are, made where it is missing; the user's own by default.
            ahead: Seconds added to the clock, asked for at every look; tests move time with it.
            wait: How many seconds to wait for another writer, or for a connection to be free.

        Raises:
            BadSettings: libpq cannot make anything of the URL.
        """
        self._parameters = _parameters(url)
        self._may_prepare = True
        self._schema = schema
        self.name = _name(self._parameters)
        settings = _settings(schema, wait)
        self.begin_reading = f"BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; {settings}"
        self.begin_writing = f"BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE; {settings}"
        connect, is_lost = self._connect_to_read, self._is_lost
        drivers = DriverPool(connect, is_lost=is_lost, at_most=CONNECTIONS, wait=wait)
        super().__init__(self._engine(wait), drivers, _CLOCK, ahead, wait)

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

    def prepare(self, make: Callable[[ColumnElement[float]], ClauseElement]) -> PreparedStatement:
        """Prepare what *make* makes of the clock, with the schema named: no search_path is set."""
        statement = super().prepare(make)
        if self._schema:
            named = f"FROM {_quote(self._schema)}.portalkey_"
            statement.text = statement.text.replace(_FROM, named)
        return statement

    def begin_fast(self, driver: psycopg.Connection[Any]) -> None:
        """Begin to write; several commands in one cannot be prepared."""
        driver.execute(self.begin_writing, prepare=False)

    def hold_off(self, tx: Connection) -> None:
        """Let nobody else come past this line before *tx* ends, and make the schema."""
        tx.execute(text(f"SET LOCAL lock_timeout = '{_MIGRATE_SECONDS}s'"))
        tx.execute(text("SET LOCAL statement_timeout = 0"))
        tx.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _MIGRATING})
        query = text("SELECT 1 FROM pg_namespace WHERE nspname = :schema")
        # Asked first, as IF NOT EXISTS takes the right to make one even where it is there.
        if self._schema and tx.execute(query, {"schema": self._schema}).first() is None:
            tx.execute(text(f"CREATE SCHEMA {_quote(self._schema)}"))

    def problem(self, error: BaseException | None) -> PortalkeyError:
        """Return what the driver's *error* means; its words are not repeated."""
        code = getattr(error, "sqlstate", None)
        if code is None and isinstance(error, psycopg.OperationalError):
            return self._connect_problem(str(error))
        if code is not None and code in _WHAT_TO_DO:
            return self._unusable_error(_WHAT_TO_DO[code])
        if code is not None and _AWAY_CODES.match(code):
            return self._away_error()
        if code is not None and _WAITING_HELPS.match(code):
            return StoreBusy()
        return self._unusable_error(_OTHERWISE)

    def _connect_problem(self, words: str) -> PortalkeyError:
        # What comes before names the host, which may be called anything.
        _, has_reason, reason = words.rpartition(" failed: ")
        if not has_reason:
            return self._away_error()
        if _BUSY_AT_THE_DOOR.search(reason):
            return StoreBusy()
        for pattern, what_to_do in _AT_THE_DOOR:
            if pattern.search(reason):
                return self._unusable_error(what_to_do)
        return self._away_error()

    def _away_error(self) -> PortalkeyError:
        if self.has_answered:  # so it will be back
            return StoreBusy(f"The database {self.name} {_AWAY}.")
        return self._unusable_error(_UNREACHABLE)

    def _unusable_error(self, what_to_do: str) -> StoreUnusable:
        return StoreUnusable(f"The database {self.name} {what_to_do}.")

    def _connect(self) -> psycopg.Connection[Any]:
        return psycopg.connect(
            **_NETWORK | self._parameters,
            autocommit=True,  # we say BEGIN ourselves
            prepare_threshold=None,
            fallback_application_name="portalkey",
        )

    def _connect_to_read(self) -> psycopg.Connection[Any]:
        connection = self._connect()
        (session,) = connection.execute("SELECT pg_backend_pid()").fetchone() or (None,)
        # A pooler gives its clients numbers of its own. Where none is in between, the session is
        # ours, and a statement that was planned before takes less than half the time.
        if self._may_prepare and session == connection.info.backend_pid:
            connection.execute(_SESSION.format(wait=self._wait), prepare=False)
            connection.prepare_threshold = 0
        return connection

    def _is_lost(self, error: BaseException) -> bool:
        if isinstance(error, _NOT_PREPARED):  # a pooler is in between after all
            self._may_prepare = False
            return True
        code = getattr(error, "sqlstate", None)
        is_nameless = code is None and isinstance(error, psycopg.OperationalError)
        return is_nameless or bool(_AWAY_CODES.match(code or ""))


def _settings(schema: str, wait: float) -> str:
    patience = f"SET LOCAL lock_timeout = '{wait}s'; SET LOCAL statement_timeout = '30s'"
    return f"{patience}; SET LOCAL search_path TO {_quote(schema)}" if schema else patience


def _name(parameters: dict[str, Any]) -> str:
    database = parameters.get("dbname") or parameters.get("user") or "of the user's name"
    return f"{database} at {parameters.get('host', 'this machine')}"


def _quote(schema: str) -> str:
    return '"' + schema.replace('"', '""') + '"'


def _parameters(url: str) -> dict[str, Any]:
    try:
        return conninfo_to_dict(url.replace("postgresql+psycopg://", "postgresql://", 1))
    except psycopg.Error:
        pass  # raised below: the original repeats the URL
    raise BadSettings([_UNREADABLE])
