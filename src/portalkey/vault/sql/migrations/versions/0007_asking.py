"""A grant that waits until the person says whether its account is the one that is meant."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Two more columns and an index; of attempts that began before, nothing is asked."""
    waits = sa.text("sealed_grant IS NOT NULL")
    op.add_column("portalkey_attempts", sa.Column("last_hub_id", sa.BigInteger))
    op.add_column("portalkey_attempts", sa.Column("sealed_grant", sa.Text))
    op.create_index(
        "portalkey_attempts_asking",
        "portalkey_attempts",
        ["expires_at"],
        sqlite_where=waits,
        postgresql_where=waits,
    )
