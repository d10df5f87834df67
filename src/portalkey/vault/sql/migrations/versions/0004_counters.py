"""Indexes for whatever grows, and a table for what is counted and not written down."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """More indexes; no row is touched, so that a million of them take seconds.

    Tables come in the order in which every writer takes them (attempts, connections, outbox,
    events), and each one's strongest lock comes first: a process of the version before, which goes
    on meanwhile, waits for a moment and is never in a deadlock with this.
    """
    _attempts()
    by_status = ["client_id", "status", "updated_at"]
    op.create_index("portalkey_connections_by_status", "portalkey_connections", by_status)
    op.create_index("portalkey_outbox_by_app", "portalkey_outbox", ["client_id", "due_at"])
    op.create_index("portalkey_events_by_time", "portalkey_events", ["at"])
    _counters()


def _attempts() -> None:
    for name in ("portalkey_attempts_by_end", "portalkey_attempts_by_expiry"):
        op.drop_index(name, "portalkey_attempts")
    has_ended, is_open = sa.text("ended_at IS NOT NULL"), sa.text("ended_at IS NULL")
    is_claimed = sa.text("claimed_at IS NOT NULL")
    for name, columns, where in (
        ("portalkey_attempts_by_end", ["ended_at"], has_ended),
        ("portalkey_attempts_by_expiry", ["expires_at"], is_open),
        ("portalkey_attempts_open", ["owner", "expires_at"], is_open),
        ("portalkey_attempts_claimed", ["owner", "claimed_at"], is_claimed),
    ):
        op.create_index(
            name, "portalkey_attempts", columns, sqlite_where=where, postgresql_where=where
        )


def _counters() -> None:
    op.create_table(
        "portalkey_counters",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("client_id", sa.Text, nullable=False),
        sa.Column("connection_id", sa.Text),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("day", sa.Integer, nullable=False),
        sa.Column("n", sa.BigInteger, nullable=False),
    )
    by_connection = ["client_id", "connection_id", "day"]
    op.create_index("portalkey_counters_by_connection", "portalkey_counters", by_connection)
    op.create_index("portalkey_counters_by_day", "portalkey_counters", ["day"])
