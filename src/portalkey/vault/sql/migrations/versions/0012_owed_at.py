"""Notifications: since when each is owed, and the claim of whoever delivers it."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Two more columns, and the age by the first of them: what waits is owed since its change."""
    table, index = "portalkey_notifications", "portalkey_notifications_by_age"
    op.add_column(table, sa.Column("owed_at", sa.Double))
    op.add_column(table, sa.Column("claim", sa.Text))
    rows = sa.table(table, sa.column("owed_at"), sa.column("at"))
    op.execute(sa.update(rows).values(owed_at=rows.c.at))
    op.drop_index(index, table)
    op.create_index(index, table, ["client_id", "receiver", "owed_at"])
