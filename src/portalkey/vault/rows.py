"""Rows to values and back; the columns bear the names of the fields wherever they can."""

import json
from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from portalkey.attempt import Attempt, AttemptStatus
from portalkey.connection import Account, Connection, ConnectionStatus
from portalkey.events import Event, EventName
from portalkey.grant import SealedGrant
from portalkey.vault.store import OwedRevocation

Values = dict[str, Any]
Stored = Mapping[Any, Any]

_ACCOUNT_COLUMNS = ("hub_id", "hub_user_id", "hub_domain")
_ACCOUNT_FACTS = tuple(f.name for f in fields(Account) if f.name not in _ACCOUNT_COLUMNS)
_ATTEMPT_COLUMNS = tuple(f.name for f in fields(Attempt) if f.name != "seen_at")
_CONNECTION_COLUMNS = tuple(
    f.name
    for f in fields(Connection)
    if f.name not in {"account", "scopes", "sealed", "status", "seen_at"}
)


def attempt_values(attempt: Attempt) -> Values:
    """The columns of *attempt*."""
    values = {name: getattr(attempt, name) for name in _ATTEMPT_COLUMNS}
    return values | {"status": attempt.status.value}


def read_attempt(row: Stored) -> Attempt:
    """The attempt in a *row* that has ``seen_at`` beside its columns."""
    return Attempt(**{**row, "status": AttemptStatus(row["status"])})


def connection_values(connection: Connection) -> Values:
    """The columns of *connection*."""
    account = connection.account
    values = {name: getattr(connection, name) for name in _CONNECTION_COLUMNS}
    values |= {name: getattr(account, name) for name in _ACCOUNT_COLUMNS}
    values |= {
        "account_facts": json.dumps({name: getattr(account, name) for name in _ACCOUNT_FACTS}),
        "scopes": json.dumps(connection.scopes),
        "status": connection.status.value,
    }
    return values | sealed_values(connection.sealed)


def sealed_values(sealed: SealedGrant | None) -> Values:
    """The columns of a sealed grant; all NULL where there is none."""
    return {
        "sealed_access": sealed.access if sealed else None,
        "sealed_refresh": sealed.refresh if sealed else None,
        "refresh_fingerprint": sealed.fingerprint if sealed else None,
        "key_name": sealed.key_name if sealed else None,
    }


def read_connection(row: Stored) -> Connection:
    """The connection in a *row* that has ``seen_at`` beside its columns."""
    known = {name: row[name] for name in (*_CONNECTION_COLUMNS, "seen_at")}
    return Connection(
        account=_account(row),
        scopes=tuple(json.loads(row["scopes"])),
        sealed=_sealed(row),
        status=ConnectionStatus(row["status"]),
        **known,
    )


def _account(row: Stored) -> Account:
    facts = json.loads(row["account_facts"])
    named = {name: row[name] for name in _ACCOUNT_COLUMNS}
    return Account(**named, **{name: facts.get(name) for name in _ACCOUNT_FACTS})


def _sealed(row: Stored) -> SealedGrant | None:
    if row["sealed_refresh"] is None:
        return None
    return SealedGrant(
        access=row["sealed_access"],
        refresh=row["sealed_refresh"],
        fingerprint=row["refresh_fingerprint"],
        key_name=row["key_name"],
    )


def owed_values(owed: OwedRevocation) -> Values:
    """The columns of *owed*."""
    values = {f.name: getattr(owed, f.name) for f in fields(OwedRevocation)}
    return {"refresh_fingerprint": values.pop("fingerprint"), **values}


def read_owed(row: Stored) -> OwedRevocation:
    """The owed revocation in a *row*."""
    values = dict(row)
    return OwedRevocation(fingerprint=values.pop("refresh_fingerprint"), **values)


def event_values(event: Event) -> Values:
    """The columns of *event*, which has its time by now."""
    values = {f.name: getattr(event, f.name) for f in fields(Event)}
    return values | {"name": event.name.value, "facts": json.dumps(dict(event.facts))}


def read_event(row: Stored) -> Event:
    """The event in a *row*."""
    values = {name: row[name] for name in row if name != "id"}
    return Event(**values | {"name": EventName(row["name"]), "facts": json.loads(row["facts"])})
