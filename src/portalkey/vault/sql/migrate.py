"""Brings a database to the tables that this code knows, by as many processes at once as like.

The lock is the database's own: whoever has it first migrates, the others wait for the commit and
find nothing left to do.
"""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Column, Connection, MetaData, String, Table, false, inspect, select, update

from portalkey._support.fork import ProcessLock
from portalkey._support.time_limit import lift_limit
from portalkey.errors import StoreUnusable
from portalkey.vault.sql.database import Database
from portalkey.vault.sql.dialects import schema_of
from portalkey.vault.sql.marks import is_marked, put_marks, remove_marks
from portalkey.vault.sql.tables import metadata

if TYPE_CHECKING:
    from alembic.runtime.migration import MigrationContext

HEAD = "0015"
"""The newest revision in ``migrations/versions``."""


def known_revisions() -> Collection[str]:
    """Return the revisions that there are, those of older stores included."""
    files = Path(__file__).with_name("migrations").glob("versions/0*.py")
    return {each.name.partition("_")[0] for each in files}


VERSION_TABLE = "portalkey_alembic_version"
"""Our own, so that a host app's Alembic in the same database is not disturbed."""

_version = Table(VERSION_TABLE, MetaData(), Column("version_num", String(32)))

# Alembic keeps the operations of the migration under way for the whole process.
_one_at_a_time = ProcessLock()


def migrate(database: Database) -> None:
    """Bring *database* up to ``HEAD``.

    Raises:
        BadSettings: The schema of the tables cannot be told, or may not be made.
        StoreBusy: Somebody else took too long with the database.
        StoreUnusable: The database cannot be written; a newer portalkey has been here, whose tables
            are not touched; or tables of ours were dropped, which are not made anew in silence.
    """

    def upgrade(connection: Connection) -> bool:
        database.find_tables(connection)
        if _is_up_to_date(connection, database.name):
            return True
        with _one_at_a_time, lift_limit():
            database.hold_off(connection)
            return _is_up_to_date(connection, database.name) or _upgrade(connection, database)

    if not database.write(upgrade):
        raise StoreUnusable(
            f"The store {database.name} was made by a newer portalkey; install that version, or "
            "name another database in PORTALKEY_DATABASE_URL."
        )


def _is_up_to_date(connection: Connection, name: str) -> bool:
    tables = inspect(connection).get_table_names(schema_of(connection))
    current = revision(connection) if VERSION_TABLE in tables else None
    missing = _missing(connection, tables, current)
    if missing:
        raise StoreUnusable(
            f"The store {name} has lost {', '.join(missing)}: another program dropped them, often "
            "an app's own Alembic. Restore them from a backup; docs/your-database.md says how, and "
            "how to begin anew."
        )
    if current != HEAD:
        return False
    # Changes nothing, but is refused where nothing can be written: better now than later.
    connection.execute(update(_version).where(false()).values(version_num=HEAD))
    return True


def _missing(connection: Connection, tables: list[str], current: str | None) -> list[str]:
    """Return the tables that have been here and are not any more."""
    if current == HEAD or (current is None and is_marked(connection)):
        return sorted({VERSION_TABLE, *metadata.tables} - set(tables))
    return []


def revision(connection: Connection) -> str | None:
    """Return the revision that the database is at, or None where it has no tables of ours."""
    if not inspect(connection).has_table(VERSION_TABLE, schema_of(connection)):
        return None
    return connection.scalar(select(_version.c.version_num))


def _upgrade(connection: Connection, database: Database) -> bool:
    """Run the migrations; False where the database is at a revision that is not known here."""
    # Imported here: it is slow, and needed once in a database's life.
    from alembic.runtime.migration import MigrationContext  # noqa: PLC0415 - see above
    from alembic.script import ScriptDirectory  # noqa: PLC0415 - see above

    scripts = ScriptDirectory(str(Path(__file__).with_name("migrations")))
    current = revision(connection)
    if current not in {None, *(script.revision for script in scripts.walk_revisions())}:
        return False
    # Not by Alembic's commands: they make an environment of their own, and a host that makes its
    # app in its own ``env.py`` would be left without the one that it is in.
    options = {"version_table": VERSION_TABLE, "version_table_schema": schema_of(connection)}
    context = MigrationContext.configure(connection, opts=options)
    remove_marks(connection)
    for script in reversed([*scripts.iterate_revisions("head", current or "base")]):
        with _operations(context):
            script.module.upgrade()
        context.stamp(scripts, script.revision)
    tables = {VERSION_TABLE, *metadata.tables}
    put_marks(connection, tables, with_guard=database.guards_tables)
    return True


@contextmanager
def _operations(context: "MigrationContext") -> Iterator[None]:
    """Let ``alembic.op`` work in *context*, and in the host's own migration again after that."""
    from alembic import op  # noqa: PLC0415 - see ``_upgrade``
    from alembic.operations import Operations  # noqa: PLC0415 - see ``_upgrade``

    outer = getattr(op, "_proxy", None)
    try:
        with Operations.context(context):
            yield
    finally:
        if outer is not None:
            outer._install_proxy()  # noqa: SLF001 - Alembic has no other way to go back
