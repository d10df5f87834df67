"""The sweep's part of a store in SQL: what is due is found along an index of its own."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, bindparam, update
from sqlalchemy.types import Double

from portalkey.model import leases
from portalkey.model.connection import Connection
from portalkey.vault.sql.connections import equal, select_rows
from portalkey.vault.sql.database import Database, StorePart
from portalkey.vault.sql.rows import connection_reader
from portalkey.vault.sql.statements import Driver
from portalkey.vault.sql.tables import IS_SWEPT, connections

_TICK = 1e-6
_LATER = 3600.0
"""Seconds for which a row is put off that cannot be read."""
_WHICH = connections.c.id == bindparam("which")
_IS_SAME = and_(
    _WHICH,
    connections.c.generation == bindparam("seen_generation"),
    connections.c.refresh_fingerprint == bindparam("seen_fingerprint"),
)


class SQLSweep(StorePart):
    """Hands out connections to look at; each method is one transaction."""

    def __init__(self, database: Database) -> None:
        """Prepare the statements for *database*."""
        super().__init__(database)
        seconds = bindparam("seconds", type_=Double)
        self._to_look_at = database.prepare(_select_due)
        self._read_due = connection_reader(self._to_look_at.columns)
        self._plan = database.prepare(
            lambda _: update(connections).where(_WHICH).values(check_at=bindparam("planned"))
        )
        self._release = database.prepare(
            lambda _: update(connections).where(_IS_SAME).values(check_at=bindparam("planned"))
        )
        self._note = database.prepare(
            lambda now: (
                update(connections)
                .where(_IS_SAME)
                .values(checked_at=now, check_at=now + seconds, suspicion=bindparam("reason"))
            )
        )

    def claim_looks(
        self, client_id: str, at_most: int, plan: Callable[[Connection], datetime]
    ) -> Sequence[Connection]:
        """Return connections whose time has come, each put off to what *plan* says."""
        # Not durable: after a loss of power they are due again.
        return self._database.write_fast(
            lambda driver: self._claim_looks(driver, client_id, at_most, plan), durable=False
        )

    def _claim_looks(
        self, driver: Driver, client_id: str, at_most: int, plan: Callable[[Connection], datetime]
    ) -> Sequence[Connection]:
        rows = self._to_look_at.fetch(driver, {"client_id": client_id, "most": at_most})
        found: list[Connection] = []
        for row in rows:
            due = self._database.read_rows(self._read_due, [row], skips=True)
            found += due
            later = self._read_clock(driver).timestamp() + _LATER if not due else 0.0
            planned = plan(due[0]).timestamp() if due else later
            which = row[self._to_look_at.columns.index("id")]
            self._plan.run(driver, {"which": which, "planned": planned})
        return found

    def release_looks(self, connections: Sequence[Connection]) -> None:
        """Make *connections* due when they were, if they still bear the same grant."""
        due = [(row, row.check_at) for row in connections]
        rows = [{**_name(row), "planned": at and at.timestamp()} for row, at in due]

        def release(driver: Driver) -> None:
            for values in rows:
                self._release.run(driver, values)

        self._database.write_fast(release, durable=False)

    def note_look(
        self, connection: Connection, wait: float, *, suspicion: str | None = None
    ) -> bool:
        """Note what HubSpot said, if the row still bears the same grant."""
        values = {**_name(connection), "seconds": wait, "reason": suspicion}
        return bool(
            self._database.write_fast(
                lambda driver: self._note.run(driver, values).rowcount, durable=False
            )
        )


def _name(connection: Connection) -> dict[str, object]:
    """Return the parameters that name *connection* while it bears this grant."""
    return {
        "which": connection.id,
        "seen_generation": connection.generation,
        "seen_fingerprint": leases.refresh_fingerprint(connection),
    }


def _select_due(now: ColumnElement[float]) -> Select[Any]:
    is_due = and_(equal("client_id"), IS_SWEPT, connections.c.check_at <= now + _TICK)
    query = select_rows(now, is_due).order_by(connections.c.check_at).limit(bindparam("most"))
    # What somebody else has in hand is not waited for.
    return query.with_for_update(skip_locked=True)
