"""Installs that begin at HubSpot: until when one may wait for somebody's yes."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """One more column, and an index of those that nobody claimed."""
    table = "portalkey_attempts"
    op.add_column(table, sa.Column("pending_until", sa.Double))
    where = sa.text("owner = '' AND ended_at IS NOT NULL")
    op.create_index(
        "portalkey_attempts_of_nobody",
        table,
        ["ended_at"],
        sqlite_where=where,
        postgresql_where=where,
    )
