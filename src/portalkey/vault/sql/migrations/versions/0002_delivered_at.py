"""The time at which an attempt's access token went to the opening page: once at most."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """One more column; attempts that ended before were never handed out."""
    op.add_column("portalkey_attempts", sa.Column("delivered_at", sa.Double))
