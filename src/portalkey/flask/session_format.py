"""The form in which a session keeps a connection: one short list, for a cookie is small."""

import json
from collections.abc import Sequence
from dataclasses import fields
from datetime import UTC, datetime
from typing import Any

from portalkey.model.connection import Account, Connection, ConnectionStatus, SealedGrant

FORMAT = 1
"""Grows with every change that an older portalkey could not read."""

# Format 1 is a row as the columns of connections stood then; the lease's have their places in it,
# and are always empty.
_NO_LEASE = (None, None, 0)
"""The places of lease_id, lease_until and lease_fence."""
_NOT_UNANSWERED = None
"""The place of unanswered_since, which belongs to the lease as well."""

_IDS = ("hub_id", "hub_user_id", "hub_domain")
_FACTS = tuple(field.name for field in fields(Account) if field.name not in _IDS)


def write_row(connection: Connection) -> list[Any]:
    """Return *connection* as ``read_row`` takes it.

    The lease is left out: it is this process's, and nothing to whoever reads the cookie next.
    """
    account, sealed = connection.account, connection.sealed
    return [
        connection.id,
        connection.owner,
        connection.client_id,
        *[getattr(account, name) for name in _IDS],
        json.dumps({name: getattr(account, name) for name in _FACTS}),
        json.dumps(connection.scopes or ()),  # as format 1 has it where they are not known
        connection.status.value,
        connection.status_reason,
        *([sealed.access, sealed.refresh, sealed.fingerprint] if sealed else [None] * 3),
        sealed.key_name if sealed else None,
        connection.access_expires_at.timestamp(),
        connection.generation,
        *_NO_LEASE,
        _to_seconds(connection.granted_at),
        _NOT_UNANSWERED,
        _to_seconds(connection.forced_at),
        connection.failures,
        _to_seconds(connection.retry_at),
        connection.connected_at.timestamp(),
        connection.updated_at.timestamp(),
        # Behind the rest, and only where there are any: an older portalkey reads a row without.
        *([list(connection.further_scopes)] if connection.further_scopes else []),
    ]


def read_row(row: Sequence[Any], seen_at: datetime) -> Connection:
    """Return the connection in a *row* that ``write_row`` wrote, read at *seen_at*."""
    id_, owner, client_id, hub_id, hub_user_id, hub_domain, facts, scopes, status, reason = row[:10]
    access, refresh, fingerprint, key_name, access_expires_at, generation = row[10:16]
    _, _, _, granted_at, _, forced_at, failures, retry_at, connected_at, updated_at, *more = row[
        16:
    ]
    (further,) = more or [None]
    account_facts = json.loads(facts)
    return Connection(
        id=id_,
        owner=owner,
        client_id=client_id,
        account=Account(
            hub_id=hub_id,
            hub_user_id=hub_user_id,
            hub_domain=hub_domain,
            **{name: account_facts.get(name) for name in _FACTS},
        ),
        scopes=tuple(json.loads(scopes)) or None,
        sealed=SealedGrant(access, refresh, fingerprint, key_name) if refresh else None,
        access_expires_at=datetime.fromtimestamp(access_expires_at, UTC),
        connected_at=datetime.fromtimestamp(connected_at, UTC),
        updated_at=datetime.fromtimestamp(updated_at, UTC),
        seen_at=seen_at,
        status=ConnectionStatus(status),
        status_reason=reason,
        generation=generation,
        granted_at=_to_time(granted_at),
        forced_at=_to_time(forced_at),
        failures=failures,
        retry_at=_to_time(retry_at),
        further_scopes=tuple(further) if further else None,
    )


def _to_seconds(time: datetime | None) -> float | None:
    return None if time is None else time.timestamp()


def _to_time(seconds: float | None) -> datetime | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)
