"""Rows in a session: sessions written long ago are still read."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from portalkey.flask.session_format import FORMAT, read_row, write_row
from portalkey.model.connection import Account, Connection, ConnectionStatus, SealedGrant

AT = datetime(2026, 3, 1, 12, 30, tzinfo=UTC)
NOON = 1772368200.0
CONNECTION = Connection(
    id="id-1",
    owner="ada",
    client_id="app",
    account=Account(2**40, 7, "ada@example.com", "example.com", time_zone="Europe/Berlin"),
    scopes=("oauth", "crm.objects.contacts.read"),
    sealed=SealedGrant("v1.a.access", "v1.a.refresh", "fingerprint", "a"),
    access_expires_at=AT + timedelta(seconds=1800, microseconds=250000),
    connected_at=AT,
    updated_at=AT,
    seen_at=AT,
    status=ConnectionStatus.FAILING,
    status_reason="rate_limited",
    generation=3,
    granted_at=AT,
    forced_at=AT + timedelta(seconds=1),
    failures=2,
    retry_at=AT + timedelta(seconds=9),
)
FACTS = (
    '{"user_email": "ada@example.com", "account_type": null, "time_zone": "Europe/Berlin", '
    '"currency": null, "ui_domain": null, "data_hosting": null}'
)
# As the first version wrote it; a change of this needs another FORMAT.
ROW = [
    "id-1",
    "ada",
    "app",
    2**40,
    7,
    "example.com",
    FACTS,
    '["oauth", "crm.objects.contacts.read"]',
    "failing",
    "rate_limited",
    *("v1.a.access", "v1.a.refresh", "fingerprint", "a"),
    *(NOON + 1800.25, 3),
    *(None, None, 0),
    *(NOON, None, NOON + 1, 2, NOON + 9),
    *(NOON, NOON),
]


def test_a_row_is_written_as_ever() -> None:
    """Another process may run an older version, and reads the same cookie."""
    assert (FORMAT, write_row(CONNECTION)) == (1, ROW)


def test_a_row_from_before_is_read() -> None:
    """Whole, to the fraction of a second."""
    assert read_row(ROW, AT) == CONNECTION


def test_a_lease_stays_in_its_process() -> None:
    """The cookie says nothing of who renews the grant just now."""
    leased = replace(CONNECTION, lease_id="me", lease_until=AT, lease_fence=4, unanswered_since=AT)

    assert write_row(leased) == ROW


def test_a_row_without_a_grant_is_read() -> None:
    """And one with nothing known of its times and its account."""
    bare = replace(
        CONNECTION, sealed=None, account=Account(1), granted_at=None, forced_at=None, retry_at=None
    )

    assert read_row(write_row(bare), AT) == bare


def test_unknown_scopes_stay_unknown() -> None:
    """They are an empty list there, as a process of the version before writes and reads them."""
    row = write_row(replace(CONNECTION, scopes=None))

    assert row[7] == "[]"
    assert read_row(row, AT).scopes is None
