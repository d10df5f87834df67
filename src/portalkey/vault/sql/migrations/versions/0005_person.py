"""The person who began an attempt, and what was another's when its code came back."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Two more columns; of attempts that began before, no app has told people apart."""
    op.add_column("portalkey_attempts", sa.Column("person", sa.Text))
    op.add_column("portalkey_attempts", sa.Column("failed_check", sa.Text))
