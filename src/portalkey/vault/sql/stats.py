"""The census in SQL: one look at all connections of an app, and one at what else is asked for."""

from datetime import datetime

from sqlalchemy import ColumnElement, func, select
from sqlalchemy import Connection as Tx

from portalkey.model.connection import ConnectionStatus
from portalkey.vault.sql.database import Database
from portalkey.vault.sql.tables import connections, outbox, provider
from portalkey.vault.store import Stats


def stats(database: Database, client_id: str) -> Stats:
    """What there is of the app's, counted."""
    return database.read(lambda tx: _counted(tx, database.now(), client_id))


def _counted(tx: Tx, now: ColumnElement[datetime], client_id: str) -> Stats:
    column = connections.c
    by_status = (
        select(column.status, func.count(), func.min(column.updated_at))
        .where(column.client_id == client_id)
        .group_by(column.status)
    )
    found = {status: (number, since) for status, number, since in tx.execute(by_status)}
    owed = select(func.count()).select_from(outbox).where(outbox.c.client_id == client_id)
    open_until = select(provider.c.open_until).where(provider.c.id == client_id)
    others = select(now, owed.scalar_subquery(), open_until.scalar_subquery())
    seen_at, owed_now, until = tx.execute(others).one()
    failing_since = found.get(ConnectionStatus.FAILING, (0, seen_at))[1]
    return Stats(
        connections={each: found.get(each, (0, None))[0] for each in ConnectionStatus},
        oldest_failing=max(0.0, (seen_at - failing_since).total_seconds()),
        outbox=owed_now,
        is_breaker_open=until is not None,
    )
