"""An index by which whoever runs the app sees the newest attempts."""

from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """One more index; no row is touched."""
    op.create_index("portalkey_attempts_by_start", "portalkey_attempts", ["created_at", "id"])
