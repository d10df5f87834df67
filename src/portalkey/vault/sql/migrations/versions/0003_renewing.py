"""Columns for renewing: the lease's count, the time of a request, the state of HubSpot."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_TIMES = ("granted_at", "unanswered_since", "forced_at")


def upgrade() -> None:
    """More columns for connections; the provider's table, which nothing has used, is made anew."""
    fence = sa.Column("lease_fence", sa.BigInteger, nullable=False, server_default="0")
    op.add_column("portalkey_connections", fence)
    for name in _TIMES:
        op.add_column("portalkey_connections", sa.Column(name, sa.Double))
    op.drop_table("portalkey_provider")
    op.create_table(
        "portalkey_provider",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("bucket", sa.Double, nullable=False),
        sa.Column("bucket_at", sa.Double, nullable=False),
        sa.Column("recent", sa.Text, nullable=False),
        sa.Column("open_until", sa.Double),
        sa.Column("reason", sa.Text),
    )
