"""A table for facts by name, and indexes by the label of the key that sealed a row."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """One more table and two more indexes; no row is touched."""
    is_sealed = sa.text("key_name IS NOT NULL")
    op.create_index(
        "portalkey_connections_by_key",
        "portalkey_connections",
        ["client_id", "key_name", "id"],
        sqlite_where=is_sealed,
        postgresql_where=is_sealed,
    )
    by_key = ["client_id", "key_name", "id"]
    op.create_index("portalkey_outbox_by_key", "portalkey_outbox", by_key)
    op.create_table(
        "portalkey_meta",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("value", sa.Text, nullable=False),
    )
