"""All that is kept of one owner in SQL: read whole, and erased in one transaction."""

import json
from collections.abc import Callable, Mapping, Sequence

from sqlalchemy import Connection as Tx
from sqlalchemy import Delete, Select, Table, Update, and_, delete, select, update

from portalkey.model.attempt import Attempt
from portalkey.model.connection import Connection, ConnectionStatus
from portalkey.model.events import Event
from portalkey.model.notifications import ERASED, Subject
from portalkey.vault.sql.connections import select_rows
from portalkey.vault.sql.events import SQLEvents
from portalkey.vault.sql.outbox import hasten_all
from portalkey.vault.sql.rows import connection_reader, read_attempt
from portalkey.vault.sql.tables import (
    attempts,
    connections,
    counters,
    events,
    invitations,
    notifications,
    outbox,
)
from portalkey.vault.sql.wall import fetch_rows, may_be_stored

Statements = Sequence[Delete | Update]


def _attempts_of(owner: str) -> Select[tuple[str]]:
    return select(attempts.c.id).where(attempts.c.owner == owner)


def _asked_of(owner: str) -> Select[tuple[str]]:
    # The last is always true; with it each index that PostgreSQL may choose is entered, not walked.
    return _attempts_of(owner).where(
        attempts.c.sealed_grant.is_not(None), attempts.c.expires_at > 0
    )


def _connections_of(owner: str) -> Select[tuple[str]]:
    return select(connections.c.id).where(connections.c.owner == owner)


def _erase_events(owner: str) -> Statements:
    c = events.c
    return [
        delete(events).where(c.owner == owner),
        delete(events).where(c.attempt_id.in_(_attempts_of(owner))),
        delete(events).where(c.connection_id.in_(_connections_of(owner))),
    ]


def _erase_counters(owner: str) -> Statements:
    apps = select(connections.c.client_id).where(connections.c.owner == owner)
    which = and_(
        counters.c.client_id.in_(apps), counters.c.connection_id.in_(_connections_of(owner))
    )
    return [delete(counters).where(which)]


def _strip_outbox(owner: str) -> Statements:
    which = outbox.c.connection_id.in_(_connections_of(owner))
    return [update(outbox).where(which).values(connection_id=None)]


def _strip_notifications(owner: str) -> Statements:
    c = notifications.c
    stripped: dict[str, object] = {
        **dict.fromkeys(("owner", "connection_id", "attempt_id", "hub_id")),
        "lane": c.event_id,
        "facts": json.dumps(dict(ERASED)),
    }
    which = (c.owner == owner, c.connection_id.in_(_connections_of(owner)))
    return [update(notifications).where(each).values(stripped) for each in which]


ERASURES: Mapping[Table, Callable[[str], Statements]] = {
    events: _erase_events,
    counters: _erase_counters,
    outbox: _strip_outbox,
    notifications: _strip_notifications,
    connections: lambda owner: [delete(connections).where(connections.c.owner == owner)],
    invitations: lambda owner: [delete(invitations).where(invitations.c.owner == owner)],
    attempts: lambda owner: [delete(attempts).where(attempts.c.owner == owner)],
}
"""Every table that tells of owners, in an order in which each finds what it goes by."""


class SQLOwners(SQLEvents):
    """Knows all of an owner's rows."""

    def holdings(self, owner: str) -> Sequence[Connection]:
        """Return all of the *owner*'s connections."""
        query = select_rows(self._database.now(), connections.c.owner == owner)
        query = query.order_by(connections.c.id)
        rows = self._database.read(lambda tx: fetch_rows(tx, query, {"owner": owner}))
        read = connection_reader([each.name for each in query.selected_columns])
        return self._database.read_rows(read, rows, skips=True)

    def attempts_of(self, owner: str) -> Sequence[Attempt]:
        """Return all of the *owner*'s attempts."""
        query = select(attempts, self._database.now().label("seen_at"))
        query = query.where(attempts.c.owner == owner).order_by(
            attempts.c.created_at, attempts.c.id
        )
        rows = self._database.read(lambda tx: fetch_rows(tx, query, {"owner": owner}))
        return self._database.read_rows(read_attempt, rows, skips=True)

    def erase_owner(self, owner: str, event: Event | None, subject: Subject | None = None) -> bool:
        """Erase every row that tells of *owner*."""
        is_stored = may_be_stored({"owner": owner})

        def erase(tx: Tx) -> bool:
            if not is_stored:  # no row can be of such a name
                return True
            # In the order in which every writer takes them.
            tx.execute(_attempts_of(owner).with_for_update())
            statuses = select(connections.c.status).where(connections.c.owner == owner)
            for status in tx.execute(statuses.with_for_update()).scalars():
                if status != ConnectionStatus.DISCONNECTED.value:
                    return False
            # By their ids: PostgreSQL would join the two tables by walking them.
            asked = tx.execute(_asked_of(owner)).scalars().all()
            hasten_all(tx, self._database.now(), outbox.c.id.in_(asked))
            for build in ERASURES.values():
                for statement in build(owner):
                    tx.execute(statement)
            return True

        return self._write_with(event, erase, subject)

    def scrub(self) -> None:
        """Overwrite what was erased, where the database leaves it lying."""
        self._database.scrub()
