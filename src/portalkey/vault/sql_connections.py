"""Connections in SQL, each function a part of somebody's transaction.

Every write is one statement that names what it was made from, and returns whether it happened.
"""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, select, update
from sqlalchemy import Connection as Tx
from sqlalchemy.dialects.sqlite import insert

from portalkey.connection import Connection, ConnectionStatus
from portalkey.vault import rows, rules
from portalkey.vault.tables import connections as table

Now = ColumnElement[datetime]
Which = ColumnElement[bool]

_LIVE = table.c.status != ConnectionStatus.DISCONNECTED.value
_NO_LEASE = {"lease_id": None, "lease_until": None}
_RENEWED = (
    "sealed_access",
    "sealed_refresh",
    "refresh_fingerprint",
    "key_name",
    "access_expires_at",
    "scopes",
    "status",
    "status_reason",
    "failures",
    "retry_at",
    "generation",
)


def by_id(connection_id: str) -> Which:
    """The connection of this id, whatever its status."""
    return table.c.id == connection_id


def of(owner: str, client_id: str) -> Which:
    """The *owner*'s live connections."""
    return and_(table.c.owner == owner, table.c.client_id == client_id, _LIVE)


def to(owner: str, client_id: str, hub_id: int) -> Which:
    """The *owner*'s connection to that account, whatever its status."""
    c = table.c
    return and_(c.owner == owner, c.client_id == client_id, c.hub_id == hub_id)


def query(now: Now, which: Which) -> Select[Any]:
    """The rows, oldest first, with the clock beside them."""
    chosen = select(table, now.label("seen_at")).where(which)
    return chosen.order_by(table.c.connected_at, table.c.id)


def put(tx: Tx, connection: Connection) -> bool:
    """Insert a connection of generation 1, or write a later one over the generation before."""
    values = rows.connection_values(connection)
    if connection.generation == 1:
        statement = insert(table).values(values).on_conflict_do_nothing()
        options = {"preserve_rowcount": True}
        return tx.execute(statement, execution_options=options).rowcount == 1
    same = to(connection.owner, connection.client_id, connection.hub_id)
    return _update(tx, and_(_before(connection), same), values | _NO_LEASE)


def renew(tx: Tx, now: Now, connection: Connection, instead_of: str) -> bool:
    """Write the grant of *connection* over the one with the fingerprint *instead_of*."""
    values = rows.connection_values(connection)
    written = {name: values[name] for name in _RENEWED} | _NO_LEASE | {"updated_at": now}
    which = and_(_before(connection), table.c.refresh_fingerprint == instead_of)
    return _update(tx, which, written)


def mark(
    tx: Tx,
    now: Now,
    connection: Connection,
    status: ConnectionStatus,
    values: rows.Values,
) -> bool:
    """Set *status* and *values* where that is a move and the grant is still the one seen."""
    seen = connection.sealed.fingerprint if connection.sealed else None
    which = and_(
        _same(connection),
        table.c.refresh_fingerprint == seen,
        table.c.status.in_([each.value for each in rules.can_become(status)]),
    )
    return _update(tx, which, values | {"status": status.value, "updated_at": now})


def disconnect(tx: Tx, now: Now, connection: Connection) -> bool:
    """Erase the grant and go to the next generation."""
    values = {
        "status": ConnectionStatus.DISCONNECTED.value,
        "status_reason": None,
        "failures": 0,
        "retry_at": None,
        "generation": connection.generation + 1,
        "updated_at": now,
    }
    return _update(tx, _same(connection), values | rows.sealed_values(None) | _NO_LEASE)


def holders(tx: Tx, fingerprints: Collection[str]) -> int:
    """How many live rows bear one of *fingerprints*."""
    which = and_(table.c.refresh_fingerprint.in_(fingerprints), _LIVE)
    return tx.execute(select(func.count()).select_from(table).where(which)).scalar_one()


def _same(connection: Connection) -> Which:
    return and_(by_id(connection.id), table.c.generation == connection.generation)


def _before(connection: Connection) -> Which:
    return and_(by_id(connection.id), table.c.generation == connection.generation - 1)


def _update(tx: Tx, which: Which, values: rows.Values) -> bool:
    return tx.execute(update(table).where(which).values(values)).rowcount == 1
