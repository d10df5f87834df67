"""Rows to values and back; the columns bear the names of the fields wherever they can."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields
from datetime import UTC, datetime
from functools import lru_cache
from operator import itemgetter
from typing import Any

from portalkey.model import transitions as rules
from portalkey.model.attempt import Attempt, AttemptStatus
from portalkey.model.connection import Account, Connection, ConnectionStatus, SealedGrant
from portalkey.model.events import Event, EventName
from portalkey.vault.sql.tables import Moment, attempts, connections
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
_READ_AS_THEY_ARE = (*_CONNECTION_COLUMNS, "seen_at")
SEALED_COLUMNS = ("sealed_access", "sealed_refresh", "refresh_fingerprint", "key_name")
RENEWED = tuple(
    column
    for field in rules.RENEWED
    for column in (SEALED_COLUMNS if field == "sealed" else (field,))
)
"""The columns that a renewal writes."""
_RENEWED_AS_THEY_ARE = tuple(name for name in RENEWED if name in _CONNECTION_COLUMNS)
_FIELDS = tuple(f.name for f in fields(Connection))
_STANDS_FOR = {"account": "account_facts", "sealed": "sealed_refresh"}
_TIMES = {column.name for column in connections.columns if isinstance(column.type, Moment)}
_ATTEMPT_TIMES = ("seen_at", *(c.name for c in attempts.columns if isinstance(c.type, Moment)))
_MOMENTS = tuple(at for at, name in enumerate(_FIELDS) if name in {*_TIMES, "seen_at"})
_STATUSES = {status.value: status for status in ConnectionStatus}


def attempt_values(attempt: Attempt) -> Values:
    """The columns of *attempt*."""
    values = {name: getattr(attempt, name) for name in _ATTEMPT_COLUMNS}
    return values | {"status": attempt.status.value}


def read_attempt(row: Stored) -> Attempt:
    """The attempt in a *row* that has ``seen_at`` beside its columns."""
    return Attempt(**{**row, "status": AttemptStatus(row["status"])})


def attempt_reader(columns: Sequence[str]) -> Callable[[Sequence[Any]], Attempt]:
    """Reads the attempt in a row of these *columns*, as a driver gives it: with bare seconds."""

    def read(row: Sequence[Any]) -> Attempt:
        values = dict(zip(columns, row, strict=True))
        for name in _ATTEMPT_TIMES:
            if values[name] is not None:
                values[name] = datetime.fromtimestamp(values[name], UTC)
        return read_attempt(values)

    return read


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


def renewed_values(connection: Connection) -> Values:
    """Of the columns of *connection*, those that a renewal writes."""
    values = {name: getattr(connection, name) for name in _RENEWED_AS_THEY_ARE}
    values["scopes"], values["status"] = json.dumps(connection.scopes), connection.status.value
    return values | sealed_values(connection.sealed)


def bare(values: Values) -> Values:
    """The *values* as a driver takes them: moments as seconds since 1970."""
    return {
        name: value.timestamp() if isinstance(value, datetime) else value
        for name, value in values.items()
    }


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
    known = {name: row[name] for name in _READ_AS_THEY_ARE}
    return Connection(
        account=_account(row["account_facts"], *[row[name] for name in _ACCOUNT_COLUMNS]),
        scopes=_scopes(row["scopes"]),
        sealed=_sealed(row),
        status=ConnectionStatus(row["status"]),
        **known,
    )


def connection_reader(columns: Sequence[str]) -> Callable[[Sequence[Any]], Connection]:
    """Reads the connection in a row of these *columns*, as a driver gives it: with bare seconds."""
    at = {name: index for index, name in enumerate(columns)}
    by_field = itemgetter(*[at[_STANDS_FOR.get(name, name)] for name in _FIELDS])
    account_columns = itemgetter(*[at[name] for name in ("account_facts", *_ACCOUNT_COLUMNS)])
    sealed_columns = itemgetter(*[at[name] for name in SEALED_COLUMNS])
    account, scopes, sealed, status = map(_FIELDS.index, ("account", "scopes", "sealed", "status"))

    def read(row: Sequence[Any]) -> Connection:
        values = list(by_field(row))
        for moment in _MOMENTS:
            if values[moment] is not None:
                values[moment] = datetime.fromtimestamp(values[moment], UTC)
        values[account] = _account(*account_columns(row))
        values[scopes] = _scopes(values[scopes])
        values[sealed] = SealedGrant(*sealed_columns(row)) if values[sealed] is not None else None
        values[status] = _STATUSES[values[status]]
        return Connection(*values)

    return read


# The same few are read again and again, and parsing them costs more than the rest of a row.
@lru_cache(maxsize=1024)
def _scopes(text: str) -> tuple[str, ...]:
    return tuple(json.loads(text))


@lru_cache(maxsize=1024)
def _account(text: str, *columns: Any) -> Account:  # noqa: ANN401 - as the columns are
    facts = json.loads(text)
    named = dict(zip(_ACCOUNT_COLUMNS, columns, strict=True))
    return Account(**named, **{name: facts.get(name) for name in _ACCOUNT_FACTS})


def _sealed(row: Stored) -> SealedGrant | None:
    if row["sealed_refresh"] is None:
        return None
    return SealedGrant(*[row[name] for name in SEALED_COLUMNS])


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
