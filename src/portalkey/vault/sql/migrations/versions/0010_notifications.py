"""Notifications: what receivers of events have still to hear of."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """One more table; no row is touched."""
    op.create_table(
        "portalkey_notifications",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("client_id", sa.Text, nullable=False),
        sa.Column("receiver", sa.Text, nullable=False),
        sa.Column("lane", sa.Text, nullable=False),
        sa.Column("number", sa.BigInteger, nullable=False),
        sa.Column("event_id", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("at", sa.Double, nullable=False),
        sa.Column("due_at", sa.Double, nullable=False),
        sa.Column("tries", sa.Integer, nullable=False),
        sa.Column("owner", sa.Text),
        sa.Column("connection_id", sa.Text),
        sa.Column("attempt_id", sa.Text),
        sa.Column("hub_id", sa.BigInteger),
        sa.Column("facts", sa.Text, nullable=False),
    )
    for name, columns in (
        ("due", ["client_id", "receiver", "due_at"]),
        ("lane", ["client_id", "receiver", "lane", "number"]),
        ("age", ["client_id", "receiver", "at"]),
        ("owner", ["owner"]),
        ("connection", ["connection_id"]),
    ):
        op.create_index(f"portalkey_notifications_by_{name}", "portalkey_notifications", columns)
