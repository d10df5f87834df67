"""Counts in SQL: one look at all connections of an app, and one at what else is asked for."""

from sqlalchemy import ColumnElement, func, select
from sqlalchemy import Connection as Tx

from portalkey.model.connection import ConnectionStatus
from portalkey.vault.sql.database import StorePart
from portalkey.vault.sql.tables import connections, outbox, provider
from portalkey.vault.store import Stats


class SQLStats(StorePart):
    """Counts what there is of an app's; writes nothing."""

    def stats(self, client_id: str) -> Stats:
        """Return the numbers of the app's connections and of what it is owed."""
        return self._database.read(lambda tx: _count(tx, self._database.now(), client_id))


def _count(tx: Tx, now: ColumnElement[float], client_id: str) -> Stats:
    column = connections.c
    by_status = (
        select(column.status, func.count(), func.min(column.updated_at))
        .where(column.client_id == client_id)
        .group_by(column.status)
    )
    counts = {status: (number, since) for status, number, since in tx.execute(by_status)}
    owed = select(func.count()).select_from(outbox).where(outbox.c.client_id == client_id)
    open_until = select(provider.c.open_until).where(provider.c.id == client_id)
    others = select(now, owed.scalar_subquery(), open_until.scalar_subquery())
    seconds, owed_now, until = tx.execute(others).one()
    failing_since = counts.get(ConnectionStatus.FAILING, (0, seconds))[1]
    is_time = isinstance(failing_since, float | int)
    return Stats(
        connections={status: counts.get(status, (0, None))[0] for status in ConnectionStatus},
        oldest_failing=max(0.0, seconds - failing_since) if is_time else 0.0,
        outbox=owed_now,
        is_breaker_open=until is not None,
    )
