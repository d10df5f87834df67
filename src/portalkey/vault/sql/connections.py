"""Connections in SQL: a write names what it was made from, and returns whether it happened."""

import json
from collections.abc import Callable, Collection, Sequence
from dataclasses import fields
from datetime import UTC, datetime
from functools import lru_cache
from operator import itemgetter
from typing import Any, cast

from sqlalchemy import ColumnElement, Select, and_, bindparam, case, func, select, update
from sqlalchemy import Connection as Tx

from portalkey.model import leases, transitions
from portalkey.model.attempt import AttemptStatus
from portalkey.model.connection import Account, Connection, ConnectionStatus, SealedGrant
from portalkey.model.events import Event
from portalkey.vault.sql import attempts
from portalkey.vault.sql.database import Database, Values, to_columns
from portalkey.vault.sql.dialects import insert_new
from portalkey.vault.sql.events import SQLEvents
from portalkey.vault.sql.outbox import change_owed, insert_owed
from portalkey.vault.sql.rows import guard, read_facts, read_words, write_scopes
from portalkey.vault.sql.tables import IS_LIVE
from portalkey.vault.sql.tables import connections as table
from portalkey.vault.store import Mark, OwedRevocation

Clock = ColumnElement[float]
Condition = ColumnElement[bool]

SEALED_COLUMNS = ("sealed_access", "sealed_refresh", "refresh_fingerprint", "key_name")
NO_LEASE = {"lease_id": None, "lease_until": None, "unanswered_since": None}
"""The columns that clear a lease once there is an answer."""

_FIELDS = tuple(field.name for field in fields(Connection))
_ACCOUNT_COLUMNS = ("hub_id", "hub_user_id", "hub_domain")
_ACCOUNT_FACTS = tuple(f.name for f in fields(Account) if f.name not in _ACCOUNT_COLUMNS)
_FIELDS_IN_OTHER_COLUMNS = {"account": "account_facts", "sealed": "sealed_refresh"}
_TIMES = tuple(
    _FIELDS.index(name)
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
    )
)
_STATUSES = {status.value: status for status in ConnectionStatus}


class SQLConnections(SQLEvents):
    """Keeps connections; each method is one transaction."""

    def __init__(self, database: Database) -> None:
        """Prepare the searches for *database*."""
        super().__init__(database)
        self._by_id = _ConnectionQuery(database, equal("id"))
        self._of_owner = _ConnectionQuery(database, and_(equal("owner", "client_id"), IS_LIVE))
        self._ever_of_owner = _ConnectionQuery(database, equal("owner", "client_id"))
        self._of_account = _ConnectionQuery(database, equal("owner", "client_id", "hub_id"))

    def version(self) -> int | None:
        """Return a number that changes with every commit, if the database has one."""
        return self._database.version()

    def connection(self, connection_id: str) -> Connection | None:
        """Return the connection of this id."""
        return next(iter(self._by_id.fetch(id=connection_id)), None)

    def connections(self, owner: str, client_id: str) -> Sequence[Connection]:
        """Return all of the *owner*'s live connections, oldest first."""
        return self._of_owner.fetch(owner=owner, client_id=client_id)

    def last_connection(self, owner: str, client_id: str) -> Connection | None:
        """Return the *owner*'s connection that came last."""
        return transitions.find_last(self._ever_of_owner.fetch(owner=owner, client_id=client_id))

    def connection_to(self, owner: str, client_id: str, hub_id: int) -> Connection | None:
        """Return the owner's connection to that account."""
        rows = self._of_account.fetch(owner=owner, client_id=client_id, hub_id=hub_id)
        return next(iter(rows), None)

    def connect(
        self,
        attempt_id: str | None,
        connection: Connection,
        *,
        event: Event | None = None,
        owed: OwedRevocation | None = None,
        settled: str | None = None,
    ) -> bool:
        """Write *connection* and move its attempt to ``CONNECTED``, both or neither."""
        now, to, ours = self._database.now(), AttemptStatus.CONNECTED, connection.id

        def move_and_put(tx: Tx) -> bool:
            # The attempt first: one that was cancelled meanwhile must leave no connection behind.
            is_open = attempt_id is None or attempts.move(
                tx, now, attempt_id, to, connection_id=ours
            )
            if not is_open:
                return False
            is_written = _put(tx, connection)
            if not is_written:  # somebody else was first, so the attempt can try again
                tx.rollback()
            for statement in change_owed(owed, settled) if is_written else ():
                tx.execute(statement)
            return is_written

        return self._write_with(event, move_and_put)

    def mark(self, connection: Connection, mark: Mark) -> bool:
        """Write *mark*, if that is a move and the grant is still the one that was seen."""
        now, status = self._database.now(), mark.status
        retry_at = None if mark.wait is None else self._database.now(mark.wait)
        values = {
            "status": status.value,
            "status_reason": mark.reason,
            "failures": mark.failures,
            "retry_at": retry_at,
            "updated_at": case((table.c.status == status.value, table.c.updated_at), else_=now),
            **clear_try(is_unanswered=mark.is_unanswered),
            **dict.fromkeys(SEALED_COLUMNS if mark.erases else ()),
        }
        can_become = [each.value for each in transitions.can_become(status)]
        which = and_(has_newest_lease(connection), table.c.status.in_(can_become))
        return self._write_with(mark.event, lambda tx: update_one(tx, which, values))

    def disconnect(
        self, connection: Connection, owed: OwedRevocation | None, *, event: Event | None = None
    ) -> bool:
        """Erase the sealed grant and keep *owed*, both or neither."""

        def erase_and_owe(tx: Tx) -> bool:
            if not _erase(tx, self._database.now(), connection):
                return False
            if owed is not None:
                tx.execute(insert_owed(owed))
            return True

        return self._write_with(event, erase_and_owe)

    def holders(self, fingerprints: Collection[str]) -> int:
        """Return how many live rows hold a refresh token with one of these *fingerprints*."""
        which = and_(table.c.refresh_fingerprint.in_(fingerprints), IS_LIVE)
        query = select(func.count()).select_from(table).where(which)
        return self._database.read(lambda tx: tx.execute(query).scalar_one())


class _ConnectionQuery:
    """One prepared search for connections."""

    def __init__(self, database: Database, which: Condition) -> None:
        """Prepare it for *database*."""
        self._database = database
        self._query = database.prepare(lambda now: select_rows(now, which))
        self._read = row_reader(self._query.columns)

    def fetch(self, **values: object) -> Sequence[Connection]:
        """Return the connections, oldest first, for these *values*."""
        rows = self._database.fetch(self._query, **values)
        found = self._database.read_rows(self._read, rows)
        # Mostly there is one, and a database sets up its sorting for that one too.
        return sorted(found, key=_age) if len(found) > 1 else found


def _age(connection: Connection) -> tuple[datetime, str]:
    return connection.connected_at, connection.id


def select_rows(now: Clock, which: Condition) -> Select[Any]:
    """Return the query for the rows, in no order, with the clock beside them."""
    return select(table, now.label("seen_at")).where(which)


def equal(*names: str) -> Condition:
    """Return the condition that the columns of these *names* hold what is bound to them later."""
    return and_(*[table.c[name] == bindparam(name) for name in names])


def has_newest_lease(connection: Connection) -> Condition:
    """Return the condition that the row bears the same grant, and nobody took a lease since."""
    return and_(
        _is_same(connection, connection.generation),
        table.c.refresh_fingerprint == leases.refresh_fingerprint(connection),
        table.c.lease_fence == connection.lease_fence,
    )


def _is_same(connection: Connection, generation: int) -> Condition:
    return and_(table.c.id == connection.id, table.c.generation == generation)


def clear_try(*, is_unanswered: bool) -> Values:
    """Return the columns that clear a lease after a failed try, but for a request still out."""
    names = NO_LEASE.keys() - ({"unanswered_since"} if is_unanswered else set())
    return dict.fromkeys([*names, "forced_at"])


def update_one(tx: Tx, which: Condition, values: Values) -> bool:
    """Write *values*; False where no row is *which*."""
    return tx.execute(update(table).where(which).values(values)).rowcount == 1


def _put(tx: Tx, connection: Connection) -> bool:
    """Insert a connection of generation 1, or write a later one over the generation before."""
    values = connection_values(connection)
    if connection.generation == 1:
        return insert_new(tx, table, values)
    same = [table.c[name] == getattr(connection, name) for name in ("owner", "client_id", "hub_id")]
    before = _is_same(connection, connection.generation - 1)
    return update_one(tx, and_(before, *same), values | NO_LEASE)


def _erase(tx: Tx, now: Clock, connection: Connection) -> bool:
    """Erase the grant and go to the next generation."""
    values = {
        "status": ConnectionStatus.DISCONNECTED.value,
        "status_reason": None,
        "failures": 0,
        "retry_at": None,
        "generation": connection.generation + 1,
        "updated_at": now,
        **dict.fromkeys(SEALED_COLUMNS),
    }
    return update_one(tx, _is_same(connection, connection.generation), values | NO_LEASE)


def connection_values(connection: Connection) -> Values:
    """Return the columns of *connection*."""
    account = connection.account
    values = {name: getattr(connection, name) for name in _FIELDS}
    for name in ("account", "sealed", "seen_at"):
        del values[name]
    values |= {name: getattr(account, name) for name in _ACCOUNT_COLUMNS}
    values |= {
        "account_facts": json.dumps({name: getattr(account, name) for name in _ACCOUNT_FACTS}),
        "scopes": write_scopes(connection.scopes),
        "status": connection.status.value,
    }
    return to_columns(values | sealed_values(connection.sealed))


def sealed_values(sealed: SealedGrant | None) -> Values:
    """Return the columns of a sealed grant; all NULL where there is none."""
    if sealed is None:
        return dict.fromkeys(SEALED_COLUMNS)
    parts = (sealed.access, sealed.refresh, sealed.fingerprint, sealed.key_name)
    return dict(zip(SEALED_COLUMNS, parts, strict=True))


def row_reader(columns: Sequence[str]) -> Callable[[Sequence[Any]], Connection]:
    """Return the reader of rows of these *columns*, as a driver gives them: with bare seconds."""
    at = {name: index for index, name in enumerate(columns)}
    by_field = itemgetter(*[at[_FIELDS_IN_OTHER_COLUMNS.get(name, name)] for name in _FIELDS])
    account_columns = itemgetter(*[at[name] for name in ("account_facts", *_ACCOUNT_COLUMNS)])
    sealed_columns = itemgetter(*[at[name] for name in SEALED_COLUMNS])
    account, scopes, sealed, status = map(_FIELDS.index, ("account", "scopes", "sealed", "status"))

    def read(row: Sequence[Any]) -> Connection:
        values = list(by_field(row))
        for time in _TIMES:
            if values[time] is not None:
                values[time] = datetime.fromtimestamp(values[time], UTC)
        values[account] = _parse_account(*account_columns(row))
        values[scopes] = _parse_scopes(values[scopes])
        values[sealed] = _read_sealed(sealed_columns(row))
        values[status] = _STATUSES[values[status]]
        return Connection(*values)

    return guard(table, columns, read)


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
