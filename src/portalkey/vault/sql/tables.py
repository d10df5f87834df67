"""The tables, all prefixed ``portalkey_`` so that they can live in a host app's database.

Text has no set length: what HubSpot sends may grow. Nothing here ever holds an open token, code
or state.
"""

from sqlalchemy import (
    BigInteger,
    Column,
    Double,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    and_,
    literal_column,
    text,
)

Moment = Double
"""A time in UTC, stored as seconds since 1970: a double keeps its microseconds."""

metadata = MetaData()


def _partial_index(name: str, *columns: str, where: str) -> Index:
    return Index(name, *columns, sqlite_where=text(where), postgresql_where=text(where))


connections = Table(
    "portalkey_connections",
    metadata,
    Column("id", Text, primary_key=True),
    Column("owner", Text, nullable=False),
    Column("client_id", Text, nullable=False),
    Column("hub_id", BigInteger, nullable=False),
    Column("hub_user_id", BigInteger),
    Column("hub_domain", Text),
    Column("account_facts", Text, nullable=False),
    Column("scopes", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("status_reason", Text),
    Column("sealed_access", Text),
    Column("sealed_refresh", Text),
    Column("refresh_fingerprint", Text),
    Column("key_name", Text),
    Column("access_expires_at", Moment, nullable=False),
    Column("generation", BigInteger, nullable=False),
    Column("lease_id", Text),
    Column("lease_until", Moment),
    Column("lease_fence", BigInteger, nullable=False, server_default="0"),
    Column("granted_at", Moment),
    Column("unanswered_since", Moment),
    Column("forced_at", Moment),
    Column("failures", Integer, nullable=False),
    Column("retry_at", Moment),
    Column("connected_at", Moment, nullable=False),
    Column("updated_at", Moment, nullable=False),
    Column("checked_at", Moment),
    Column("check_at", Moment, nullable=False, server_default="0"),
    Column("suspicion", Text),
    Column("further_scopes", Text),
    UniqueConstraint("owner", "client_id", "hub_id", name="portalkey_connections_one_an_account"),
    Index("portalkey_connections_by_fingerprint", "refresh_fingerprint"),
    # All that the census asks for, so that it reads this and no row.
    Index("portalkey_connections_by_status", "client_id", "status", "updated_at"),
    # Pages of a search, in the order of their ids.
    _partial_index(
        "portalkey_connections_live", "client_id", "id", where="status != 'disconnected'"
    ),
    Index("portalkey_connections_of_status", "client_id", "status", "id"),
    Index("portalkey_connections_by_hub", "client_id", "hub_id", "id"),
    _partial_index(
        "portalkey_connections_by_domain",
        "client_id",
        "hub_domain",
        "id",
        where="hub_domain IS NOT NULL",
    ),
    _partial_index(
        "portalkey_connections_by_key",
        "client_id",
        "key_name",
        "id",
        where="key_name IS NOT NULL",
    ),
    # Those that the sweep looks at, in its order: what has ended is not among them.
    _partial_index(
        "portalkey_connections_by_look",
        "client_id",
        "check_at",
        where="status != 'disconnected' AND status != 'needs_reconnect'",
    ),
)

# Written out: where its partial index is spoken of by a bound value, SQLite plans anew each time,
# which costs more than the search, and PostgreSQL does not take the index.
IS_LIVE = connections.c.status != literal_column("'disconnected'")
"""True of a connection that has not been ended."""
IS_SWEPT = and_(IS_LIVE, connections.c.status != literal_column("'needs_reconnect'"))
"""True of a connection that the sweep looks after; written out for the same reason."""

attempts = Table(
    "portalkey_attempts",
    metadata,
    Column("id", Text, primary_key=True),
    Column("owner", Text, nullable=False),
    Column("state_hash", Text, nullable=False),
    Column("cookie_hash", Text, nullable=False),
    Column("browser_hash", Text, nullable=False),
    Column("sealed_verifier", Text),
    Column("sealed_code", Text),
    Column("redirect_uri", Text, nullable=False),
    Column("opener_origin", Text, nullable=False),
    Column("next", Text, nullable=False),
    Column("language", Text, nullable=False),
    Column("expected_hub_id", BigInteger),
    Column("status", Text, nullable=False),
    Column("error", Text),
    Column("connection_id", Text),
    Column("created_at", Moment, nullable=False),
    Column("expires_at", Moment, nullable=False),
    Column("claimed_at", Moment),
    Column("ended_at", Moment),
    Column("delivered_at", Moment),
    Column("person", Text),
    Column("failed_check", Text),
    Column("last_hub_id", BigInteger),
    Column("sealed_grant", Text),
    Column("scopes", Text),
    Column("invitation_id", Text),
    Column("pending_until", Moment),
    Index("portalkey_attempts_by_state", "state_hash", unique=True),
    Index("portalkey_attempts_by_owner", "owner", "created_at"),
    Index("portalkey_attempts_by_start", "created_at", "id"),
    # Each holds only the rows that are asked for by it: no planner takes the wrong one, and what
    # has ended does not slow down the search for what has not.
    _partial_index("portalkey_attempts_by_end", "ended_at", where="ended_at IS NOT NULL"),
    _partial_index("portalkey_attempts_by_expiry", "expires_at", where="ended_at IS NULL"),
    _partial_index("portalkey_attempts_open", "owner", "expires_at", where="ended_at IS NULL"),
    _partial_index(
        "portalkey_attempts_claimed", "owner", "claimed_at", where="claimed_at IS NOT NULL"
    ),
    _partial_index("portalkey_attempts_asking", "expires_at", where="sealed_grant IS NOT NULL"),
    # What strangers send us is forgotten sooner than what people began.
    _partial_index(
        "portalkey_attempts_of_nobody", "ended_at", where="owner = '' AND ended_at IS NOT NULL"
    ),
)

invitations = Table(
    "portalkey_invitations",
    metadata,
    Column("id", Text, primary_key=True),
    Column("client_id", Text, nullable=False),
    Column("owner", Text, nullable=False),
    Column("secret_hash", Text, nullable=False),
    Column("browser_hash", Text),
    Column("name", Text),
    Column("hub_id", BigInteger),
    Column("scopes", Text),
    Column("created_at", Moment, nullable=False),
    Column("expires_at", Moment, nullable=False),
    Column("bound_at", Moment),
    Column("used_at", Moment),
    Column("withdrawn_at", Moment),
    Column("connection_id", Text),
    Index("portalkey_invitations_by_secret", "secret_hash", unique=True),
    Index("portalkey_invitations_by_owner", "owner", "created_at"),
    Index("portalkey_invitations_by_app", "client_id", "created_at"),
    Index("portalkey_invitations_by_expiry", "expires_at"),
)
"""Links for people without a login; of what is secret in one, a hash."""

events = Table(
    "portalkey_events",
    metadata,
    # SQLite numbers rows by itself only where the type is INTEGER and nothing else.
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("at", Moment, nullable=False),
    Column("name", Text, nullable=False),
    Column("owner", Text),
    Column("attempt_id", Text),
    Column("connection_id", Text),
    Column("facts", Text, nullable=False),
    Index("portalkey_events_by_owner", "owner", "at"),
    Index("portalkey_events_by_attempt", "attempt_id"),
    Index("portalkey_events_by_connection", "connection_id", "at"),
    Index("portalkey_events_by_time", "at"),
)

outbox = Table(
    "portalkey_outbox",
    metadata,
    Column("id", Text, primary_key=True),
    Column("client_id", Text, nullable=False),
    Column("connection_id", Text),
    Column("sealed_token", Text, nullable=False),
    Column("refresh_fingerprint", Text, nullable=False),
    Column("key_name", Text, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("due_at", Moment, nullable=False),
    Column("hub_id", BigInteger),
    Column("asked_at", Moment),
    Index("portalkey_outbox_by_due", "due_at"),
    Index("portalkey_outbox_by_connection", "connection_id"),
    Index("portalkey_outbox_by_app", "client_id", "due_at"),
    Index("portalkey_outbox_by_key", "client_id", "key_name", "id"),
)

notifications = Table(
    "portalkey_notifications",
    metadata,
    Column("id", Text, primary_key=True),
    Column("client_id", Text, nullable=False),
    Column("receiver", Text, nullable=False),
    Column("lane", Text, nullable=False),
    Column("number", BigInteger, nullable=False),
    Column("event_id", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("at", Moment, nullable=False),
    Column("due_at", Moment, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("owner", Text),
    Column("connection_id", Text),
    Column("attempt_id", Text),
    Column("hub_id", BigInteger),
    Column("facts", Text, nullable=False),
    Column("owed_at", Moment),
    Column("claim", Text),
    Index("portalkey_notifications_by_due", "client_id", "receiver", "due_at"),
    Index("portalkey_notifications_by_lane", "client_id", "receiver", "lane", "number"),
    Index("portalkey_notifications_by_age", "client_id", "receiver", "owed_at"),
    Index("portalkey_notifications_by_owner", "owner"),
    Index("portalkey_notifications_by_connection", "connection_id"),
)
"""Changes that receivers have still to hear of: one row for each of both."""

counters = Table(
    "portalkey_counters",
    metadata,
    Column("id", Text, primary_key=True),
    Column("client_id", Text, nullable=False),
    Column("connection_id", Text),
    Column("kind", Text, nullable=False),
    Column("day", Integer, nullable=False),
    Column("n", BigInteger, nullable=False),
    Index("portalkey_counters_by_connection", "client_id", "connection_id", "day"),
    Index("portalkey_counters_by_day", "day"),
)
"""Counts: one row a day (since 1970), a kind and a connection, or none.

The label of who took a token stands behind its kind, after a space.
"""

meta = Table(
    "portalkey_meta",
    metadata,
    Column("id", Text, primary_key=True),
    Column("value", Text, nullable=False),
)
"""Facts by name, such as the check value of each key's label."""

provider = Table(
    "portalkey_provider",
    metadata,
    Column("id", Text, primary_key=True),
    Column("bucket", Double, nullable=False),
    Column("bucket_at", Moment, nullable=False),
    Column("recent", Text, nullable=False),
    Column("open_until", Moment),
    Column("reason", Text),
)
"""Circuit breaker and token bucket of the token endpoint, for all processes: one row an app, whose
client id is its ``id``."""
