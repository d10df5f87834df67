"""Alembic's way in: it is given the connection, and migrates inside of its transaction."""

from alembic import context

from portalkey.vault.sql.migrate import VERSION_TABLE
from portalkey.vault.sql.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    version_table=VERSION_TABLE,
)
context.run_migrations()
