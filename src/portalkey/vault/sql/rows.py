"""Rows to values and back, and the checks of a row before anything is made of it.

SQLite keeps any kind of value in any column, JSON is text to every database, and people and other
programs write to both. A row that does not hold what portalkey writes there is named, and no other
row is the worse for it.
"""

import json
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import fields
from datetime import UTC, datetime
from functools import lru_cache
from operator import itemgetter
from typing import Any, TypeVar, cast

from sqlalchemy import Double, Integer, Table, bindparam

from portalkey.errors import StoreUnusable
from portalkey.model.attempt import Attempt, AttemptStatus
from portalkey.model.connection import Account, Connection, ConnectionStatus, SealedGrant
from portalkey.vault.health import StoreCause, with_cause
from portalkey.vault.sql.database import Values, to_columns
from portalkey.vault.sql.tables import attempts, connections

T = TypeVar("T")

_SHAPES = 1000
"""So many kinds of right rows are remembered; there are as many as columns are NULL or not."""
_MALFORMED = (ValueError, TypeError, KeyError, OverflowError, OSError, RecursionError)
_SHOWN = 64

_ATTEMPT = tuple(field.name for field in fields(Attempt))
_ATTEMPT_TIMES = tuple(
    _ATTEMPT.index(name)
    for name in (
        "created_at",
        "expires_at",
        "seen_at",
        "claimed_at",
        "ended_at",
        "delivered_at",
        "pending_until",
    )
)
_ATTEMPT_STATUS, _ATTEMPT_SCOPES = map(_ATTEMPT.index, ("status", "scopes"))
_ATTEMPT_STATUSES = {status.value: status for status in AttemptStatus}

SEALED_COLUMNS = ("sealed_access", "sealed_refresh", "refresh_fingerprint", "key_name")

_CONNECTION = tuple(field.name for field in fields(Connection))
_ACCOUNT_COLUMNS = ("hub_id", "hub_user_id", "hub_domain")
_ACCOUNT_FACTS = tuple(f.name for f in fields(Account) if f.name not in _ACCOUNT_COLUMNS)
_FIELDS_IN_OTHER_COLUMNS = {"account": "account_facts", "sealed": "sealed_refresh"}
_CONNECTION_TIMES = tuple(
    _CONNECTION.index(name)
    for name in (
        "access_expires_at",
        "connected_at",
        "updated_at",
        "seen_at",
        "granted_at",
        "lease_until",
        "unanswered_since",
        "forced_at",
        "retry_at",
        "checked_at",
        "check_at",
    )
)
_CHECK_AT = _CONNECTION.index("check_at")
_CONNECTION_STATUSES = {status.value: status for status in ConnectionStatus}


def guard(
    table: Table, columns: Sequence[str], make: Callable[[Sequence[Any]], T]
) -> Callable[[Sequence[Any]], T]:
    """Return *make*, for rows of *table* with these *columns*, which raises ``StoreUnusable``.

    It is raised for a value of another type than its column's, for NULL where none may be, and
    where *make* cannot read what is in it; it names the table and the row.
    """
    kinds = [_kinds(table, name) for name in columns]
    # The types of a right row are known after the first: most rows cost one look into a set.
    right: set[tuple[type, ...]] = set()

    def read(row: Sequence[Any]) -> T:
        try:
            shape = tuple(map(type, row))
            if shape not in right:
                _require(columns, kinds, row)
                if len(right) < _SHAPES:
                    right.add(shape)
            return make(row)
        except _MALFORMED:
            pass  # raised below: the original may hold the value
        raise bad_row(table, dict(zip(columns, row, strict=False)).get("id"))

    return read


def bad_row(table: Table, row_id: object) -> StoreUnusable:
    """Return the error that this row of *table* does not hold what portalkey writes there."""
    named = str(row_id) if isinstance(row_id, str | int) else "without an id"
    words = (
        f"The row {named[:_SHOWN]!a} of {table.name} does not hold what portalkey wrote there; "
        "bring it back from a backup, or delete it."
    )
    return with_cause(StoreUnusable(words), StoreCause.BAD_ROW)


def read_words(text: str) -> tuple[str, ...]:
    """Return the list of words in JSON; raises ``ValueError`` for anything else."""
    words = json.loads(text)
    if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
        raise ValueError("not a list of words")
    return tuple(words)


def write_scopes(scopes: tuple[str, ...] | None) -> str:
    """Return the column of *scopes*: an empty list where they are not known.

    Processes of the version before, which go on during an upgrade, read nothing else.
    """
    return json.dumps(scopes or ())


def write_further(scopes: tuple[str, ...] | None) -> str | None:
    """Return the column of scopes that are asked for beyond the settings'; NULL for none."""
    return json.dumps(scopes) if scopes else None


def read_further(text: str | None) -> tuple[str, ...] | None:
    """Return what ``write_further`` wrote."""
    return None if text is None else _parse_scopes(text)


def read_facts(text: str) -> Mapping[str, Any]:
    """Return the object of plain values in JSON; raises ``ValueError`` for anything else."""
    facts = json.loads(text)
    if not isinstance(facts, dict) or any(isinstance(fact, dict | list) for fact in facts.values()):
        raise ValueError("not an object of plain values")
    return facts


def _kinds(table: Table, name: str) -> frozenset[type]:
    column = table.c.get(name)
    if column is None:  # the clock, which stands beside the row
        return frozenset({float, int})
    if isinstance(column.type, Integer):  # of any size
        kinds: set[type] = {int}
    elif isinstance(column.type, Double):
        kinds = {float, int}
    else:
        kinds = {str}
    return frozenset(kinds | {type(None)} if column.nullable else kinds)


def _require(columns: Sequence[str], kinds: Sequence[frozenset[type]], row: Sequence[Any]) -> None:
    for name, allowed, value in zip(columns, kinds, row, strict=True):
        if type(value) not in allowed:
            raise TypeError(name)


def require_finite(number: float) -> float:
    """Return *number*; raises ``ValueError`` where it is none that anything can be counted with."""
    if not math.isfinite(number):
        raise ValueError("not a number")
    return number


def _read_times(values: list[Any], at: Sequence[int]) -> None:
    for time in at:
        if values[time] is not None:
            values[time] = datetime.fromtimestamp(values[time], UTC)


def attempt_values(attempt: Attempt, names: Sequence[str]) -> Values:
    """Return those columns of *attempt* that have these *names*."""
    values = {name: getattr(attempt, name) for name in names}
    if "scopes" in values:
        values["scopes"] = write_further(attempt.scopes)
    return to_columns(values | {"status": attempt.status.value})


def attempt_reader(columns: Sequence[str]) -> Callable[[Sequence[Any]], Attempt]:
    """Return the reader of rows of these *columns*, as a driver gives them: with bare seconds."""
    by_field = itemgetter(*map(columns.index, _ATTEMPT))

    def make(row: Sequence[Any]) -> Attempt:
        values = list(by_field(row))
        _read_times(values, _ATTEMPT_TIMES)
        values[_ATTEMPT_STATUS] = _ATTEMPT_STATUSES[values[_ATTEMPT_STATUS]]
        values[_ATTEMPT_SCOPES] = read_further(values[_ATTEMPT_SCOPES])
        return Attempt(*values)

    return guard(attempts, columns, make)


read_attempt = attempt_reader((*attempts.columns.keys(), "seen_at"))
"""Reads a row with the clock beside it."""


def connection_values(connection: Connection) -> Values:
    """Return the columns of *connection*."""
    account = connection.account
    values = {name: getattr(connection, name) for name in _CONNECTION}
    for name in ("account", "sealed", "seen_at"):
        del values[name]
    values |= {name: getattr(account, name) for name in _ACCOUNT_COLUMNS}
    values |= {
        "account_facts": json.dumps({name: getattr(account, name) for name in _ACCOUNT_FACTS}),
        "scopes": write_scopes(connection.scopes),
        "status": connection.status.value,
        "check_at": connection.check_at or 0.0,
        "further_scopes": write_further(connection.further_scopes),
    }
    return to_columns(values | sealed_values(connection.sealed))


def sealed_values(sealed: SealedGrant | None) -> Values:
    """Return the columns of a sealed grant; all NULL where there is none."""
    if sealed is None:
        return dict.fromkeys(SEALED_COLUMNS)
    parts = (sealed.access, sealed.refresh, sealed.fingerprint, sealed.key_name)
    return dict(zip(SEALED_COLUMNS, parts, strict=True))


def connection_reader(columns: Sequence[str]) -> Callable[[Sequence[Any]], Connection]:
    """Return the reader of rows of these *columns*, as a driver gives them: with bare seconds."""
    at = {name: index for index, name in enumerate(columns)}
    by_field = itemgetter(*[at[_FIELDS_IN_OTHER_COLUMNS.get(name, name)] for name in _CONNECTION])
    account_columns = itemgetter(*[at[name] for name in ("account_facts", *_ACCOUNT_COLUMNS)])
    sealed_columns = itemgetter(*[at[name] for name in SEALED_COLUMNS])
    account, scopes, sealed, status, further = map(
        _CONNECTION.index, ("account", "scopes", "sealed", "status", "further_scopes")
    )

    def read(row: Sequence[Any]) -> Connection:
        values = list(by_field(row))
        values[_CHECK_AT] = values[_CHECK_AT] or None  # the index has no place for NULL
        _read_times(values, _CONNECTION_TIMES)
        values[account] = _parse_account(*account_columns(row))
        values[scopes] = _parse_scopes(values[scopes])
        values[further] = read_further(values[further])
        values[sealed] = _read_sealed(sealed_columns(row))
        values[status] = _CONNECTION_STATUSES[values[status]]
        return Connection(*values)

    return guard(connections, columns, read)


def _read_sealed(parts: Sequence[str | None]) -> SealedGrant | None:
    if None not in parts:
        return SealedGrant(*cast("Sequence[str]", parts))
    if any(part is not None for part in parts):
        raise ValueError("half a grant")
    return None


# The same few are read again and again, and parsing them costs more than the rest of a row.
@lru_cache(maxsize=1024)
def _parse_scopes(text: str) -> tuple[str, ...] | None:
    return read_words(text) or None


@lru_cache(maxsize=1024)
def _parse_account(text: str, *columns: Any) -> Account:  # noqa: ANN401 - as the columns are
    facts = {name: fact for name, fact in read_facts(text).items() if name in _ACCOUNT_FACTS}
    if not all(fact is None or isinstance(fact, str) for fact in facts.values()):
        raise ValueError("not what an account has")
    ids = dict(zip(_ACCOUNT_COLUMNS, columns, strict=True))
    return Account(**ids, **facts)


def parameters(names: Iterable[str]) -> dict[str, object]:
    """Return what is bound to each column; the column's own name is taken by SQLAlchemy."""
    return {name: bindparam(f"new_{name}") for name in names}


def bind(values: Values) -> Values:
    """Return the *values* of columns under the names that ``parameters`` binds."""
    return {f"new_{name}": value for name, value in values.items()}
