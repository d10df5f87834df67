"""Views beside the tables, which tell of them and keep them.

The mark is a view of a constant. Other programs that tidy up tables leave views alone, so that
tables which vanished can be told from a database that never had any. The guard is a view that looks
at every table: PostgreSQL refuses to drop a table while it does.
"""

from collections.abc import Collection

from sqlalchemy import Connection, inspect, text

from portalkey.vault.sql.dialects import qualify, schema_of

MARK = "portalkey_here"
GUARD = "portalkey_tables_are_not_yours_to_drop"


def is_marked(connection: Connection) -> bool:
    """Return True where our tables have been in this database, whether or not they still are."""
    return MARK in inspect(connection).get_view_names(schema_of(connection))


def remove_marks(connection: Connection) -> None:
    """Let the tables be changed, until ``put_marks``."""
    for view in (GUARD, MARK):
        connection.execute(text(f"DROP VIEW IF EXISTS {qualify(connection, view)}"))


def put_marks(connection: Connection, tables: Collection[str], *, with_guard: bool) -> None:
    """Mark the database as one with our *tables*, and guard them where the database can."""
    connection.execute(text(f"CREATE VIEW {qualify(connection, MARK)} AS SELECT 1 AS is_here"))
    if with_guard:
        # As long as one row, whatever is in them: it is there to look at them, and not to be read.
        names = [qualify(connection, table) for table in sorted(tables)]
        counts = " + ".join(f"(SELECT count(*) FROM {name})" for name in names)  # noqa: S608 - our own names
        guard = qualify(connection, GUARD)
        connection.execute(text(f"CREATE VIEW {guard} AS SELECT {counts} AS number_of_rows"))
