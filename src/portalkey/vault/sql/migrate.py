"""Brings a database to the tables that this code knows, by as many processes at once as like.

The lock is the database's own: whoever has it first migrates, the others wait for the commit and
find nothing left to do.
"""

from pathlib import Path

from sqlalchemy import Column, Connection, MetaData, String, Table, false, inspect, select, update

from portalkey._support.fork import ProcessLock
from portalkey._support.time_limit import lift_limit
from portalkey.errors import StoreUnusable
from portalkey.vault.sql.database import Database

HEAD = "0004"
"""The newest revision in ``migrations/versions``."""

VERSION_TABLE = "portalkey_alembic_version"
"""Our own, so that a host app's Alembic in the same database is not disturbed."""

_version = Table(VERSION_TABLE, MetaData(), Column("version_num", String(32)))

# Alembic keeps the environment it is in for the whole process.
_one_at_a_time = ProcessLock()


def migrate(database: Database) -> None:
    """Bring *database* up to ``HEAD``.

    Raises:
        StoreBusy: Somebody else took too long with the database.
        StoreUnusable: The database cannot be written, or a newer portalkey has been here; its
            tables are not touched.
    """

    def upgrade(connection: Connection) -> bool:
        if _is_up_to_date(connection):
            return True
        with _one_at_a_time, lift_limit():
            database.hold_off(connection)
            return _is_up_to_date(connection) or _upgrade(connection)

    if not database.write(upgrade):
        raise StoreUnusable(
            f"The store {database.name} was made by a newer portalkey; install that version, or "
            "name another database in PORTALKEY_DATABASE_URL."
        )


def _is_up_to_date(connection: Connection) -> bool:
    if revision(connection) != HEAD:
        return False
    # Changes nothing, but is refused where nothing can be written: better now than later.
    connection.execute(update(_version).where(false()).values(version_num=HEAD))
    return True


def revision(connection: Connection) -> str | None:
    """Return the revision that the database is at, or None where it has no tables of ours."""
    if not inspect(connection).has_table(VERSION_TABLE):
        return None
    return connection.scalar(select(_version.c.version_num))


def _upgrade(connection: Connection) -> bool:
    """Run the migrations; False where the database is at a revision that is not known here."""
    # Imported here: it is slow, and needed once in a database's life.
    from alembic import command  # noqa: PLC0415 - see above
    from alembic.config import Config  # noqa: PLC0415 - see above
    from alembic.script import ScriptDirectory  # noqa: PLC0415 - see above

    config = Config()
    scripts = str(Path(__file__).with_name("migrations"))
    config.set_main_option("script_location", scripts.replace("%", "%%"))
    config.attributes["connection"] = connection
    revisions = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    if revision(connection) not in {None, *revisions}:
        return False
    command.upgrade(config, "head")
    return True
