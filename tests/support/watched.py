"""Databases whose statements are kept, as the driver is given them."""

from typing import Any

import psycopg

from portalkey.vault.sql.open_files import FileConnection
from portalkey.vault.sql.postgres import PostgreSQL
from portalkey.vault.sql.postgres_session import TimedConnection
from portalkey.vault.sql.sqlite import SQLite


class WatchedSQLite(SQLite):
    """A file whose statements are kept, as SQLite has them."""

    statements: list[str]

    def _connect(self) -> FileConnection:
        connection = super()._connect()
        connection.set_trace_callback(self.statements.append)
        return connection


class WatchedCursor(psycopg.Cursor[Any]):
    """Keeps what is executed, and with which values."""

    statements: list[tuple[Any, Any]]

    def execute(self, query: Any, params: Any = None, **more: Any) -> Any:
        """Execute it as ever."""
        self.statements.append((query, params))
        return super().execute(query, params, **more)


class WatchedPostgreSQL(PostgreSQL):
    """A database whose statements are kept."""

    statements: list[tuple[Any, Any]]

    def _connect(self) -> TimedConnection:
        connection = super()._connect()
        connection.cursor_factory = type(
            "Cursor", (WatchedCursor,), {"statements": self.statements}
        )
        return connection
