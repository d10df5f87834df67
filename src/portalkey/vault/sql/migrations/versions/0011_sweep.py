"""Looks at idle connections: the last one, and the time of the next."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Three more columns and an index; what was there before is planned by the first sweep."""
    table = "portalkey_connections"
    op.add_column(table, sa.Column("checked_at", sa.Double))
    op.add_column(table, sa.Column("check_at", sa.Double, nullable=False, server_default="0"))
    op.add_column(table, sa.Column("suspicion", sa.Text))
    where = sa.text("status != 'disconnected' AND status != 'needs_reconnect'")
    op.create_index(
        "portalkey_connections_by_look",
        table,
        ["client_id", "check_at"],
        sqlite_where=where,
        postgresql_where=where,
    )
