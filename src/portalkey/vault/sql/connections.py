"""Connections in SQL, each function a part of somebody's transaction.

Every write is one statement that names what it was made from, and returns whether it happened.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, bindparam, case, func, select, update
from sqlalchemy import Connection as Tx

from portalkey.model import leases
from portalkey.model import transitions as rules
from portalkey.model.connection import Connection, ConnectionStatus
from portalkey.vault.sql import rows
from portalkey.vault.sql.database import Database, insert_new
from portalkey.vault.sql.tables import connections as table

Now = ColumnElement[datetime]
Which = ColumnElement[bool]

_LIVE = table.c.status != ConnectionStatus.DISCONNECTED.value
NO_LEASE = {"lease_id": None, "lease_until": None, "unanswered_since": None}
"""What clears a lease once there is an answer."""


def by_id(connection_id: str) -> Which:
    """The connection of this id, whatever its status."""
    return table.c.id == connection_id


def bound_id() -> Which:
    """The connection of an ``id``, whatever its status, which is bound later."""
    return _is_bound("id")


def of() -> Which:
    """The live connections of an ``owner`` with a ``client_id``, which are bound later."""
    return and_(_is_bound("owner"), _is_bound("client_id"), _LIVE)


def to() -> Which:
    """The connection of that owner to the account ``hub_id``, whatever its status."""
    return and_(*[_is_bound(name) for name in ("owner", "client_id", "hub_id")])


def _is_bound(name: str) -> Which:
    return table.c[name] == bindparam(name)


class Look:
    """One way to look for connections, fast."""

    def __init__(self, database: Database, which: Which) -> None:
        """Compile it for *database*."""
        self._database = database
        self._query = database.prepare(lambda now: query(now, which))
        self._read = rows.connection_reader(self._query.columns)

    def read(self, **values: object) -> Sequence[Connection]:
        """The connections, oldest first, for these *values*."""
        found = [self._read(row) for row in self._database.fetch(self._query, **values)]
        # Mostly there is one, and a database sets up its sorting for that one too.
        return sorted(found, key=lambda each: (each.connected_at, each.id))


def query(now: Now, which: Which) -> Select[Any]:
    """The rows, in no order, with the clock beside them."""
    return select(table, now.label("seen_at")).where(which)


def put(tx: Tx, connection: Connection) -> bool:
    """Insert a connection of generation 1, or write a later one over the generation before."""
    values = rows.connection_values(connection)
    if connection.generation == 1:
        return insert_new(tx, table, values)
    same = [table.c[name] == getattr(connection, name) for name in ("owner", "client_id", "hub_id")]
    return _update(tx, and_(_before(connection), *same), values | NO_LEASE)


def mark(
    tx: Tx,
    now: Now,
    connection: Connection,
    status: ConnectionStatus,
    values: rows.Values,
) -> bool:
    """Set *status* and *values* where that is a move and the grant is still the one seen."""
    can_become = [each.value for each in rules.can_become(status)]
    which = and_(_newest_lease(connection), table.c.status.in_(can_become))
    since = case((table.c.status == status.value, table.c.updated_at), else_=now)
    return _update(tx, which, values | {"status": status.value, "updated_at": since})


def release(tx: Tx, connection: Connection, *, is_unanswered: bool) -> bool:
    """Clear the lease that *connection* bears, unless another one came since."""
    return _update(tx, _newest_lease(connection), unasked_values(is_unanswered=is_unanswered))


def unasked_values(*, is_unanswered: bool) -> rows.Values:
    """What clears a lease after a try that failed, but for a request that is still out."""
    names = NO_LEASE.keys() - ({"unanswered_since"} if is_unanswered else set())
    return dict.fromkeys([*names, "forced_at"])


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
    return _update(tx, _same(connection), values | rows.sealed_values(None) | NO_LEASE)


def holders(tx: Tx, fingerprints: Collection[str]) -> int:
    """How many live rows bear one of *fingerprints*."""
    which = and_(table.c.refresh_fingerprint.in_(fingerprints), _LIVE)
    return tx.execute(select(func.count()).select_from(table).where(which)).scalar_one()


def _same(connection: Connection) -> Which:
    return and_(by_id(connection.id), table.c.generation == connection.generation)


def _newest_lease(connection: Connection) -> Which:
    return and_(
        _same(connection),
        table.c.refresh_fingerprint == leases.lineage(connection),
        table.c.lease_fence == connection.lease_fence,
    )


def _before(connection: Connection) -> Which:
    return and_(by_id(connection.id), table.c.generation == connection.generation - 1)


def _update(tx: Tx, which: Which, values: rows.Values) -> bool:
    return tx.execute(update(table).where(which).values(values)).rowcount == 1
