"""Leases and the token endpoint's state in SQL.

Whoever renews a grant comes by here twice, so that these statements are compiled once. Locks are
taken in one order everywhere: a connection's row, then the provider's.
"""

from collections.abc import Callable
from dataclasses import fields
from datetime import UTC, datetime

from sqlalchemy import ColumnElement, bindparam, insert, select, update
from sqlalchemy import Connection as Tx

from portalkey.model import leases
from portalkey.model.connection import Connection
from portalkey.model.events import Event
from portalkey.model.leases import Lease, LeaseDenied, LeaseRequest
from portalkey.model.throttle import Throttle, new_throttle
from portalkey.vault.sql import connections as sql_connections
from portalkey.vault.sql import rows
from portalkey.vault.sql.compiled import Fast
from portalkey.vault.sql.database import Database
from portalkey.vault.sql.tables import connections, events, provider

Now = ColumnElement[datetime]

_LEASE = ("lease_id", "lease_until", "lease_fence", "unanswered_since", "forced_at")
_PROVIDER = tuple(field.name for field in fields(Throttle))
_THE_PROVIDER = (
    select(*[provider.c[name] for name in _PROVIDER])
    .where(provider.c.id == bindparam("app"))
    .with_for_update()
)
_EVENT = ("name", "owner", "attempt_id", "connection_id", "facts")


class Renewing:
    """Gives leases, and writes what comes of them; each method is one transaction."""

    def __init__(self, database: Database) -> None:
        """Compile for *database*."""
        self._database = database
        by_id = connections.c.id == bindparam("which")
        before = (
            connections.c.generation == bindparam("before"),
            connections.c.refresh_fingerprint == bindparam("instead_of"),
        )
        prepare = database.prepare
        self._row = prepare(
            lambda now: sql_connections.query(now, sql_connections.bound_id()).with_for_update()
        )
        self._read_row = rows.connection_reader(self._row.columns)
        self._take = prepare(lambda _: update(connections).where(by_id).values(_new(_LEASE)))
        self._provider = prepare(lambda _: _THE_PROVIDER)
        self._pace = prepare(
            lambda _: (
                update(provider).where(provider.c.id == bindparam("app")).values(_new(_PROVIDER))
            )
        )
        self._first = database.insert_new(provider, {"id": bindparam("app"), **_new(_PROVIDER)})
        self._renew = prepare(
            lambda now: (
                update(connections)
                .where(by_id, *before)
                .values(_new(rows.RENEWED) | sql_connections.NO_LEASE | {"updated_at": now})
            )
        )
        self._event = prepare(
            lambda now: insert(events).values(_new(_EVENT) | {"at": now}).inline()
        )

    def lease(self, seen: Connection, ask: LeaseRequest) -> Lease | LeaseDenied:
        """The lease on the row of *seen*, or why not; nothing is written then."""
        return self._database.write_fast(lambda tx: self._lease(tx, seen, ask))

    def renew(self, connection: Connection, instead_of: str, event: Event | None) -> bool:
        """Write the grant of *connection* over the one with the fingerprint *instead_of*."""
        return self._database.write_fast(lambda tx: self._saved(tx, connection, instead_of, event))

    def _lease(self, tx: Fast, seen: Connection, ask: LeaseRequest) -> Lease | LeaseDenied:
        found = tx.rows(self._row, id=seen.id)
        given = leases.grant_lease(seen, self._read_row(found[0]) if found else None, ask)
        if isinstance(given, LeaseDenied):
            return given
        outcome = leases.apply_throttle(given, self._known(tx, given, ask), ask.pace)
        if isinstance(outcome, LeaseDenied):
            return outcome
        lease, after = outcome
        taken = {name: getattr(lease.connection, name) for name in _LEASE}
        tx.count(self._take, which=seen.id, **_named(taken))
        tx.count(self._pace, app=seen.client_id, **_named(_values(after)))
        return lease

    def _known(self, tx: Fast, lease: Lease, ask: LeaseRequest) -> Throttle:
        app = lease.connection.client_id
        found = tx.rows(self._provider, app=app)
        if not found:
            first = new_throttle(ask.pace, lease.connection.seen_at)
            tx.count(self._first, app=app, **_named(_values(first)))
            found = tx.rows(self._provider, app=app)
        values = dict(zip(_PROVIDER, found[0], strict=True))
        for name in ("bucket_at", "open_until"):
            if values[name] is not None:
                values[name] = datetime.fromtimestamp(values[name], UTC)
        return Throttle(**values)

    def _saved(
        self, tx: Fast, connection: Connection, instead_of: str, event: Event | None
    ) -> bool:
        values = _named(rows.renewed_values(connection))
        which = {"which": connection.id, "before": connection.generation - 1}
        if not tx.count(self._renew, instead_of=instead_of, **which, **values):
            return False
        if event is not None:
            told = rows.event_values(event)
            tx.count(self._event, **_named({name: told[name] for name in _EVENT}))
        return True


def change(
    tx: Tx, now: Now, client_id: str, change: Callable[[Throttle, datetime], Throttle]
) -> tuple[Throttle, Throttle] | None:
    """The app's provider before and after *change*; None where there is none yet."""
    row = tx.execute(_THE_PROVIDER, {"app": client_id}).mappings().one_or_none()
    if row is None:
        return None
    before = Throttle(**{name: row[name] for name in _PROVIDER})
    after = change(before, tx.execute(select(now)).scalar_one())
    tx.execute(update(provider).where(provider.c.id == client_id).values(_values(after)))
    return before, after


def _values(known: Throttle) -> rows.Values:
    # Not asdict(), which copies every value first.
    return {name: getattr(known, name) for name in _PROVIDER}


def _new(names: tuple[str, ...]) -> dict[str, object]:
    """What is bound to each column; the column's own name is taken by SQLAlchemy."""
    return {name: bindparam(f"new_{name}") for name in names}


def _named(values: rows.Values) -> rows.Values:
    return {f"new_{name}": value for name, value in rows.bare(values).items()}
