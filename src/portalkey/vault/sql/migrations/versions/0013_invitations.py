"""Scopes that one connect asks for beyond the settings', and links for people without a login."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Three more columns, and a table; no row is touched."""
    op.add_column("portalkey_attempts", sa.Column("scopes", sa.Text))
    op.add_column("portalkey_attempts", sa.Column("invitation_id", sa.Text))
    op.add_column("portalkey_connections", sa.Column("further_scopes", sa.Text))
    op.create_table(
        "portalkey_invitations",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("client_id", sa.Text, nullable=False),
        sa.Column("owner", sa.Text, nullable=False),
        sa.Column("secret_hash", sa.Text, nullable=False),
        sa.Column("browser_hash", sa.Text),
        sa.Column("name", sa.Text),
        sa.Column("hub_id", sa.BigInteger),
        sa.Column("scopes", sa.Text),
        sa.Column("created_at", sa.Double, nullable=False),
        sa.Column("expires_at", sa.Double, nullable=False),
        sa.Column("bound_at", sa.Double),
        sa.Column("used_at", sa.Double),
        sa.Column("withdrawn_at", sa.Double),
        sa.Column("connection_id", sa.Text),
    )
    for name, columns in (
        ("secret", ["secret_hash"]),
        ("owner", ["owner", "created_at"]),
        ("app", ["client_id", "created_at"]),
        ("expiry", ["expires_at"]),
    ):
        op.create_index(
            f"portalkey_invitations_by_{name}",
            "portalkey_invitations",
            columns,
            unique=name == "secret",
        )
