"""Counts in SQL: a look at one index of the connections, and one at what else is asked for."""

import time
from collections.abc import Mapping

from sqlalchemy import ColumnElement, func, select
from sqlalchemy import Connection as Tx

from portalkey.model.connection import ConnectionStatus
from portalkey.model.stats import Stats
from portalkey.vault.sql.database import Database, StorePart
from portalkey.vault.sql.notifications import OWED_SINCE
from portalkey.vault.sql.tables import connections, notifications, outbox, provider

_Census = Mapping[str, tuple[int, float]]
"""By status: how many connections there are, and since when the one in it for longest."""


class SQLStats(StorePart):
    """Counts what there is of an app's; writes nothing."""

    MANY = 50_000
    """From so many connections on, a census holds for ``REUSE_SECONDS``: it looks at all of them.

    It reads an index and no row, and is still work that grows, for whoever scrapes how often.
    """
    REUSE_SECONDS = 15.0

    def __init__(self, database: Database) -> None:
        """Count in *database*."""
        super().__init__(database)
        self._censuses: dict[str, tuple[float, _Census]] = {}

    def stats(self, client_id: str) -> Stats:
        """Return the numbers of the app's connections and of what it is owed."""
        return self._database.read(lambda tx: self._count(tx, self._database.now(), client_id))

    def _count(self, tx: Tx, now: ColumnElement[float], client_id: str) -> Stats:
        census = self._census(tx, client_id)
        owed = select(func.count()).select_from(outbox).where(outbox.c.client_id == client_id)
        open_until = select(provider.c.open_until).where(provider.c.id == client_id)
        c = notifications.c
        waiting = select(func.count()).where(c.client_id == client_id)
        oldest = select(func.min(OWED_SINCE)).where(c.client_id == client_id)
        numbers = [each.scalar_subquery() for each in (owed, open_until, waiting, oldest)]
        seconds, owed_now, until, number, since = tx.execute(select(now, *numbers)).one()
        failing_since = census.get(ConnectionStatus.FAILING, (0, seconds))[1]
        return Stats(
            connections={status: census.get(status, (0, 0.0))[0] for status in ConnectionStatus},
            oldest_failing=max(0.0, seconds - failing_since),
            outbox=owed_now,
            is_breaker_open=until is not None,
            notifications=number,
            oldest_notification=0.0 if since is None else max(0.0, seconds - since),
        )

    def _census(self, tx: Tx, client_id: str) -> _Census:
        until, census = self._censuses.get(client_id, (0.0, {}))
        if time.monotonic() < until:
            return census
        column = connections.c
        by_status = (
            select(column.status, func.count(), func.min(column.updated_at))
            .where(column.client_id == client_id)
            .group_by(column.status)
        )
        census = {status: (number, since) for status, number, since in tx.execute(by_status)}
        if sum(number for number, _ in census.values()) >= self.MANY:
            self._censuses[client_id] = time.monotonic() + self.REUSE_SECONDS, census
        return census
