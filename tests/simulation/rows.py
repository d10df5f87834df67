"""Rows as they stand before a schedule begins, or an exchange ends."""

from dataclasses import replace
from datetime import timedelta

from pydantic import SecretStr

from portalkey.model.attempt import Attempt, AttemptStatus
from portalkey.model.connection import Account, Connection, Grant
from portalkey.vault import MemoryStore, Vault
from simulation.hubspot import Given
from simulation.ports import SETTINGS
from simulation.watch import EPOCH


def grant(given: Given) -> Grant:
    """What an answer gave, as it is read."""
    return Grant(SecretStr(given.access), SecretStr(given.refresh), 1800)


def first(
    vault: Vault,
    store: MemoryStore,
    given: Given,
    number: int,
    left: float,
    *,
    owner: str = "ada",
) -> Connection:
    """Connection *number* before anything happens, with *left* seconds of its token."""
    bare = replace(_bare(given.family.connection_id, number, store), owner=owner)
    end = EPOCH + timedelta(seconds=left)
    granted = vault._bear_grant(bare, grant(given), EPOCH, now=EPOCH)
    return replace(granted, access_expires_at=end, granted_at=end - timedelta(seconds=1800))


def _bare(connection_id: str, number: int, store: MemoryStore) -> Connection:
    now = store.now()
    return Connection(
        id=connection_id,
        owner="ada",
        client_id=SETTINGS.client_id,
        account=Account(number + 1),
        scopes=(),
        sealed=None,
        access_expires_at=now,
        connected_at=now,
        updated_at=now,
        seen_at=now,
        generation=0,
    )


def exchanging(attempt_id: str, store: MemoryStore) -> Attempt:
    """An attempt whose code is being exchanged."""
    now = store.now()
    return Attempt(
        id=attempt_id,
        owner="ada",
        state_hash=attempt_id,
        cookie_hash="",
        browser_hash="",
        sealed_verifier=None,
        redirect_uri="",
        opener_origin="",
        next="/",
        language="en",
        created_at=now,
        expires_at=now + timedelta(hours=1),
        seen_at=now,
        status=AttemptStatus.EXCHANGING,
        claimed_at=now,
    )
