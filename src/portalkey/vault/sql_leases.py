"""Leases and the token endpoint's state in SQL, each function a part of somebody's transaction.

Locks are taken in one order everywhere: a connection's row, then the provider's.
"""

from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime

from sqlalchemy import ColumnElement, select, update
from sqlalchemy import Connection as Tx

from portalkey.connection import Connection
from portalkey.provider import Pace, Provider, new_provider
from portalkey.vault import leases, rows, sql_connections
from portalkey.vault.database import insert_new
from portalkey.vault.leases import Ask, Denied, Lease
from portalkey.vault.tables import provider as table

Now = ColumnElement[datetime]

_ONLY = 1
"""The id of the one row."""


def lease(tx: Tx, now: Now, seen: Connection, ask: Ask) -> Lease | Denied:
    """The lease on the row of *seen*, or why not; nothing is written then."""
    query = sql_connections.query(now, sql_connections.by_id(seen.id)).with_for_update()
    row = tx.execute(query).mappings().one_or_none()
    given = leases.leased(seen, rows.read_connection(row) if row else None, ask)
    if isinstance(given, Denied):
        return given
    provider = _read(tx) or _first(tx, ask.pace, given.connection.seen_at)
    outcome = leases.paced(given, provider, ask.pace)
    if isinstance(outcome, Denied):
        return outcome
    lease, after = outcome
    sql_connections.leased(tx, lease.connection)
    _write(tx, after)
    return lease


def change(
    tx: Tx, now: Now, change: Callable[[Provider, datetime], Provider]
) -> tuple[Provider, Provider] | None:
    """The provider before and after *change*; None where there is none yet."""
    before = _read(tx)
    if before is None:
        return None
    after = change(before, tx.execute(select(now)).scalar_one())
    _write(tx, after)
    return before, after


def _read(tx: Tx) -> Provider | None:
    query = select(table).where(table.c.id == _ONLY).with_for_update()
    row = tx.execute(query).mappings().one_or_none()
    return Provider(**{name: row[name] for name in row if name != "id"}) if row else None


def _first(tx: Tx, pace: Pace, now: datetime) -> Provider:
    values = {"id": _ONLY, **asdict(new_provider(pace, now))}
    insert_new(tx, table, values)
    return _read(tx) or new_provider(pace, now)


def _write(tx: Tx, provider: Provider) -> None:
    tx.execute(update(table).where(table.c.id == _ONLY).values(asdict(provider)))
