"""Uninstalls that HubSpot is owed, beside revocations."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Two more columns; what was owed before is a revocation."""
    op.add_column("portalkey_outbox", sa.Column("hub_id", sa.BigInteger))
    op.add_column("portalkey_outbox", sa.Column("asked_at", sa.Double))
