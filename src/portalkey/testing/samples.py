"""Values to test a store with; nothing in them is secret."""
# ruff: noqa: ANN401, S101 - each takes any field, and asserts like the tests it serves

import secrets
from dataclasses import replace
from datetime import timedelta
from typing import Any

from portalkey.model.attempt import Attempt, AttemptStatus
from portalkey.model.connection import Account, Connection, SealedGrant
from portalkey.vault.store import OwedRevocation, Store


class Ahead:
    """Seconds that a store's clock is ahead; ``ahead.passes(60)`` moves it on."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        """Return the seconds so far, as a store asks for them."""
        return self.seconds

    def passes(self, seconds: float) -> None:
        """Let *seconds* pass."""
        self.seconds += seconds


def new_attempt(store: Store, **changes: Any) -> Attempt:
    """Add an attempt at HubSpot to *store* that lasts for 600 seconds."""
    now = store.now()
    attempt = Attempt(
        id=secrets.token_hex(16),
        owner="ada",
        state_hash=secrets.token_hex(32),
        cookie_hash="cookie",
        browser_hash="browser",
        sealed_verifier="sealed verifier",
        sealed_code="sealed code",
        redirect_uri="http://localhost:6001/auth/hubspot/callback",
        opener_origin="http://localhost:6001",
        next="/next",
        language="en",
        created_at=now,
        expires_at=now + timedelta(seconds=600),
        seen_at=now,
        expected_hub_id=2**40,
        status=AttemptStatus.AT_HUBSPOT,
        person="lovelace",
        last_hub_id=2**41,
        scopes=("tickets",),
    )
    attempt = replace(attempt, **changes)
    store.add_attempt(attempt)
    return attempt


def new_connection(store: Store, **changes: Any) -> Connection:
    """Return a connection of generation 1 that no store has yet."""
    now = store.now()
    connection = Connection(
        id=secrets.token_hex(16),
        owner="ada",
        client_id="app",
        account=Account(2**40, hub_user_id=7, hub_domain="example.com", time_zone="UTC"),
        scopes=("oauth", "crm.objects.contacts.read"),
        sealed=SealedGrant("access 1", "refresh 1", "fingerprint 1", "a"),
        access_expires_at=now + timedelta(seconds=1800),
        connected_at=now,
        updated_at=now,
        seen_at=now,
        lease_id="lease",
        further_scopes=("tickets",),
    )
    return replace(connection, **changes)


def new_owed(store: Store, **changes: Any) -> OwedRevocation:
    """Return an owed revocation that is due and that no store has yet."""
    due_at = store.now()
    owed = OwedRevocation(
        "owed 1", "app", "id", "sealed", "fingerprint 1", "a", tries=0, due_at=due_at
    )
    return replace(owed, **changes)


def begin_exchange(store: Store, **changes: Any) -> str:
    """Return the id of a new attempt whose code is being exchanged."""
    attempt = new_attempt(store, **changes)
    assert store.move_attempt(attempt.id, AttemptStatus.EXCHANGING)
    return attempt.id


def connect(store: Store, **changes: Any) -> Connection:
    """Write a connection by an attempt of its own, and return it."""
    connection = new_connection(store, **changes)
    assert store.connect(begin_exchange(store), connection)
    return load(store, connection)


def load(store: Store, connection: Connection) -> Connection:
    """Return the *connection* as it stands in *store*."""
    row = store.connection(connection.id)
    assert row
    return row


def next_generation(connection: Connection, **changes: Any) -> Connection:
    """Return the *connection* with another grant, at its next generation."""
    sealed = SealedGrant("access 2", "refresh 2", "fingerprint 2", "a")
    renewed = replace(connection, sealed=sealed, generation=connection.generation + 1)
    return replace(renewed, **changes)
