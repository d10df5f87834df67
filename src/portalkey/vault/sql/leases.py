"""Leases and the token endpoint's state in SQL.

Whoever renews a grant comes by here, so that these statements are prepared once. The throttle's row
and a connection's are never locked together.
"""

from collections.abc import Callable, Sequence
from dataclasses import fields
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, Update, bindparam, select, update
from sqlalchemy import Connection as Tx

from portalkey.model import leases, transitions
from portalkey.model.connection import AUTHENTICATED, Connection, ConnectionStatus
from portalkey.model.leases import Lease, LeaseDenied, LeaseRequest
from portalkey.model.notifications import Subject
from portalkey.model.throttle import (
    Portion,
    PortionRequest,
    Throttle,
    Throttled,
    new_throttle,
    take_portion,
)
from portalkey.vault.sql import connections as sql_connections
from portalkey.vault.sql.database import Database, StorePart, Values, to_columns
from portalkey.vault.sql.events import EventStatement
from portalkey.vault.sql.rows import (
    SEALED_COLUMNS,
    bind,
    connection_reader,
    guard,
    parameters,
    require_finite,
    sealed_values,
    write_scopes,
)
from portalkey.vault.sql.statements import Driver
from portalkey.vault.sql.tables import connections, provider
from portalkey.vault.sql.wall import fetch_rows
from portalkey.vault.store import Tell, TellRenewal

_LEASE = ("lease_id", "lease_until", "lease_fence", "unanswered_since", "forced_at")
_THROTTLE = tuple(field.name for field in fields(Throttle))
_THROTTLE_TIMES = ("bucket_at", "open_until")
_CONNECTED = ConnectionStatus.CONNECTED
_AUTHENTICATED = tuple(status.value for status in AUTHENTICATED)
_RENEWED = tuple(name for name in transitions.RENEWED if name != "sealed")
_THROTTLE_ROW = (*_THROTTLE, "id")
_SELECT_THROTTLE = (
    select(*[provider.c[name] for name in _THROTTLE_ROW])
    .where(provider.c.id == bindparam("id"))
    .with_for_update()
)


class SQLLeases(StorePart):
    """Grants leases, and writes what comes of them; each method is one transaction.

    A lease and the permits before it need not be durable: only a loss of power undoes them, and
    whoever holds them is gone then, too.
    """

    def __init__(self, database: Database) -> None:
        """Prepare the statements for *database*."""
        super().__init__(database)
        self._statements = _LeaseStatements(database)

    def lease(self, connection: Connection, request: LeaseRequest) -> Lease | LeaseDenied:
        """Return the lease on the row of *connection*, or why not; nothing is written then."""
        return self._database.write_fast(
            lambda driver: self._lease(driver, connection, request), durable=False
        )

    def _lease(
        self, driver: Driver, connection: Connection, request: LeaseRequest
    ) -> Lease | LeaseDenied:
        # The row stays locked from the reading to the commit: of all who ask at one moment, each
        # decides on what the one before it wrote, so one gets the lease.
        statements = self._statements
        row = statements.lock_connection(driver, connection.id)
        lease = leases.grant_lease(connection, row, request)
        if isinstance(lease, Lease):
            values = to_columns({name: getattr(lease.connection, name) for name in _LEASE})
            statements.take.run(driver, {"which": connection.id, **bind(values)})
        return lease

    def take_portion(self, client_id: str, request: PortionRequest) -> Portion | Throttled:
        """Return permits for requests to the token endpoint, or why there are none now."""
        return self._database.write_fast(
            lambda driver: self._take(driver, client_id, request), durable=False
        )

    def _take(self, driver: Driver, client_id: str, request: PortionRequest) -> Portion | Throttled:
        # Locked from the reading to the commit, so that the bucket holds.
        throttle, now = self._statements.lock_throttle(driver, client_id, request)
        outcome = take_portion(throttle, request, now)
        if isinstance(outcome, Throttled):
            return outcome
        portion, throttle = outcome
        values = bind(_throttle_values(throttle))
        self._statements.write_throttle.run(driver, {"app": client_id, **values})
        return portion

    def count_authenticated(self, client_id: str, at_most: int) -> tuple[int, bool]:
        """Return how many connections are authenticated, and if they are of several owners."""
        owner = connections.c.owner
        which = select(owner).where(
            connections.c.client_id == client_id, connections.c.status.in_(_AUTHENTICATED)
        )

        def count(tx: Tx) -> tuple[int, bool]:
            owners = tx.scalars(which.limit(at_most)).all()
            if not owners:
                return 0, False
            other = tx.scalars(which.where(owner != owners[0]).limit(1)).first()
            return len(owners), other is not None

        return self._database.read(count)

    def renew(
        self,
        connection: Connection,
        *,
        instead_of: str,
        status: ConnectionStatus | None = None,
        tell: TellRenewal | None = None,
    ) -> ConnectionStatus | None:
        """Write the renewed *connection*, if the row still bears what it was made from."""
        values = {
            "which": connection.id,
            "before": connection.generation - 1,
            "instead_of": instead_of,
            **bind(_renewed_values(connection)),
        }
        # Nearly every row is connected and stays so, of which nobody is told: one statement.
        if status in {None, _CONNECTED} and (tell is None or tell(_CONNECTED) is None):
            if self._database.write_one(self._statements.renew_connected, values):
                return _CONNECTED
            if status is not None:
                return None

        def look_and_write(driver: Driver) -> ConnectionStatus | None:
            # Locked from the reading to the commit, so that the event is of the row as it stood.
            row = self._statements.lock_connection(driver, connection.id)
            if row is None or not leases.is_renewable(row, connection, instead_of, status):
                return None
            self._statements.renew.run(driver, values)
            event = tell(row.status) if tell is not None else None
            if event is not None:
                subject = Subject(connection.client_id, connection.hub_id)
                self._statements.event.run(driver, event, subject)
            return row.status

        return self._database.write_fast(look_and_write)

    def release(self, connection: Connection, *, is_unanswered: bool = False) -> bool:
        """Give the lease back, where it is still this one."""
        which = sql_connections.has_newest_lease(connection)
        values = sql_connections.clear_try(is_unanswered=is_unanswered)
        return self._database.write(lambda tx: sql_connections.update_one(tx, which, values))

    def update_throttle(
        self,
        client_id: str,
        change: Callable[[Throttle, datetime], Throttle],
        tell: Tell | None = None,
    ) -> tuple[Throttle, Throttle] | None:
        """Put what *change* makes of the app's throttle in its place."""
        now = select(self._database.now())

        def read_and_write(tx: Tx) -> tuple[Throttle, Throttle] | None:
            query = _SELECT_THROTTLE.params(id=client_id)
            rows = fetch_rows(tx, query, {"id": client_id})
            if not rows:
                return None
            before = self._statements.read_throttle(rows[0])
            if before is None:
                return None
            after = change(before, _moment(tx.execute(now).scalar_one()))
            statement = update(provider).where(provider.c.id == client_id)
            tx.execute(statement.values(_throttle_values(after)))
            event = tell(before, after) if tell else None
            if event is not None:
                driver = tx.connection.driver_connection
                self._statements.event.run(driver, event, Subject(client_id))
            return before, after

        return self._database.write(read_and_write)


class _LeaseStatements:
    """The statements of a lease and of a renewal, prepared."""

    def __init__(self, database: Database) -> None:
        self._read_rows = database.read_rows
        by_id = connections.c.id == bindparam("which")
        is_app = provider.c.id == bindparam("app")
        before = (
            connections.c.generation == bindparam("before"),
            connections.c.refresh_fingerprint == bindparam("instead_of"),
        )
        prepare = database.prepare
        self._connection = prepare(
            lambda now: sql_connections.select_rows(
                now, sql_connections.equal("id")
            ).with_for_update()
        )
        self._read_connection = connection_reader(self._connection.columns)
        self._throttle = prepare(lambda now: _SELECT_THROTTLE.add_columns(now.label("now")))
        self._now = prepare(lambda now: select(now.label("now")))
        first = {"id": bindparam("app"), **parameters(_THROTTLE)}
        self._new_throttle = prepare(
            lambda _: database.insert(provider).values(first).on_conflict_do_nothing()
        )
        self.write_throttle = prepare(
            lambda _: update(provider).where(is_app).values(parameters(_THROTTLE))
        )
        self.take = prepare(lambda _: update(connections).where(by_id).values(parameters(_LEASE)))
        grant = parameters((*_RENEWED, *SEALED_COLUMNS)) | sql_connections.NO_LEASE

        def renew(now: ColumnElement[float]) -> Update:
            return update(connections).where(by_id, *before).values(grant | {"updated_at": now})

        self.renew = prepare(renew)
        is_connected = connections.c.status == _CONNECTED.value
        self.renew_connected = prepare(lambda now: renew(now).where(is_connected))
        self.event = EventStatement(database)

    def lock_connection(self, driver: Driver, connection_id: str) -> Connection | None:
        """Return the connection as it stands until the commit."""
        rows = self._connection.fetch(driver, {"id": connection_id})
        return self._read_connection(rows[0]) if rows else None

    def lock_throttle(
        self, driver: Driver, client_id: str, request: PortionRequest
    ) -> tuple[Throttle, datetime]:
        """Return the app's throttle as it stands until the commit, and the time.

        It is made where there is none.
        """
        rows = self._throttle.fetch(driver, {"id": client_id})
        if not rows:
            ((seconds,),) = self._now.run(driver, {}).fetchall()
            values = _throttle_values(new_throttle(request.limits, _moment(seconds)))
            self._new_throttle.run(driver, {"app": client_id, **bind(values)})
            rows = self._throttle.fetch(driver, {"id": client_id})
        *row, seconds = rows[0]
        throttle = self.read_throttle(row) or new_throttle(request.limits, _moment(seconds))
        return throttle, _moment(seconds)

    def read_throttle(self, row: Sequence[Any]) -> Throttle | None:
        """Return the throttle; None where it cannot be read: it is begun anew, as nobody's grant
        depends on it.
        """
        return next(iter(self._read_rows(_read_throttle, [row], skips=True)), None)


def _renewed_values(connection: Connection) -> Values:
    """Return those columns of *connection* that a renewal writes."""
    values = {name: getattr(connection, name) for name in _RENEWED}
    values["scopes"] = write_scopes(connection.scopes)
    values["status"] = connection.status.value
    return to_columns(values | sealed_values(connection.sealed))


def _throttle_values(throttle: Throttle) -> Values:
    # Not asdict(), which copies every value first.
    return to_columns({name: getattr(throttle, name) for name in _THROTTLE})


def _make_throttle(row: Sequence[Any]) -> Throttle:
    values = dict(zip(_THROTTLE_ROW, row, strict=True))
    del values["id"]
    for name in _THROTTLE_TIMES:
        if values[name] is not None:
            values[name] = _moment(values[name])
    require_finite(values["bucket"])
    return Throttle(**values)


_read_throttle = guard(provider, _THROTTLE_ROW, _make_throttle)


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
