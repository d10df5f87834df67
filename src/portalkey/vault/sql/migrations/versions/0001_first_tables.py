"""The first tables. The way back is a backup: nothing here ever drops one."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make every table."""
    _connections()
    _attempts()
    _events()
    _outbox()
    _provider()


def _connections() -> None:
    op.create_table(
        "portalkey_connections",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("owner", sa.Text, nullable=False),
        sa.Column("client_id", sa.Text, nullable=False),
        sa.Column("hub_id", sa.BigInteger, nullable=False),
        sa.Column("hub_user_id", sa.BigInteger),
        sa.Column("hub_domain", sa.Text),
        sa.Column("account_facts", sa.Text, nullable=False),
        sa.Column("scopes", sa.Text, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("status_reason", sa.Text),
        sa.Column("sealed_access", sa.Text),
        sa.Column("sealed_refresh", sa.Text),
        sa.Column("refresh_fingerprint", sa.Text),
        sa.Column("key_name", sa.Text),
        sa.Column("access_expires_at", sa.Double, nullable=False),
        sa.Column("generation", sa.BigInteger, nullable=False),
        sa.Column("lease_id", sa.Text),
        sa.Column("lease_until", sa.Double),
        sa.Column("failures", sa.Integer, nullable=False),
        sa.Column("retry_at", sa.Double),
        sa.Column("connected_at", sa.Double, nullable=False),
        sa.Column("updated_at", sa.Double, nullable=False),
        sa.UniqueConstraint(
            "owner", "client_id", "hub_id", name="portalkey_connections_one_an_account"
        ),
    )
    op.create_index(
        "portalkey_connections_by_fingerprint", "portalkey_connections", ["refresh_fingerprint"]
    )


def _attempts() -> None:
    op.create_table(
        "portalkey_attempts",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("owner", sa.Text, nullable=False),
        sa.Column("state_hash", sa.Text, nullable=False),
        sa.Column("cookie_hash", sa.Text, nullable=False),
        sa.Column("browser_hash", sa.Text, nullable=False),
        sa.Column("sealed_verifier", sa.Text),
        sa.Column("sealed_code", sa.Text),
        sa.Column("redirect_uri", sa.Text, nullable=False),
        sa.Column("opener_origin", sa.Text, nullable=False),
        sa.Column("next", sa.Text, nullable=False),
        sa.Column("language", sa.Text, nullable=False),
        sa.Column("expected_hub_id", sa.BigInteger),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("error", sa.Text),
        sa.Column("connection_id", sa.Text),
        sa.Column("created_at", sa.Double, nullable=False),
        sa.Column("expires_at", sa.Double, nullable=False),
        sa.Column("claimed_at", sa.Double),
        sa.Column("ended_at", sa.Double),
    )
    op.create_index(
        "portalkey_attempts_by_state", "portalkey_attempts", ["state_hash"], unique=True
    )
    op.create_index("portalkey_attempts_by_end", "portalkey_attempts", ["ended_at"])
    op.create_index("portalkey_attempts_by_expiry", "portalkey_attempts", ["expires_at"])


def _events() -> None:
    op.create_table(
        "portalkey_events",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True),
        sa.Column("at", sa.Double, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("owner", sa.Text),
        sa.Column("attempt_id", sa.Text),
        sa.Column("connection_id", sa.Text),
        sa.Column("facts", sa.Text, nullable=False),
    )
    op.create_index("portalkey_events_by_owner", "portalkey_events", ["owner"])
    op.create_index("portalkey_events_by_attempt", "portalkey_events", ["attempt_id"])


def _outbox() -> None:
    op.create_table(
        "portalkey_outbox",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("client_id", sa.Text, nullable=False),
        sa.Column("connection_id", sa.Text),
        sa.Column("sealed_token", sa.Text, nullable=False),
        sa.Column("refresh_fingerprint", sa.Text, nullable=False),
        sa.Column("key_name", sa.Text, nullable=False),
        sa.Column("tries", sa.Integer, nullable=False),
        sa.Column("due_at", sa.Double, nullable=False),
    )
    op.create_index("portalkey_outbox_by_due", "portalkey_outbox", ["due_at"])


def _provider() -> None:
    op.create_table(
        "portalkey_provider",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("failures", sa.Integer, nullable=False),
        sa.Column("open_until", sa.Double),
        sa.Column("bucket", sa.Double, nullable=False),
        sa.Column("bucket_at", sa.Double, nullable=False),
    )
