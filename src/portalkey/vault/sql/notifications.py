"""Notifications in SQL: written beside events, found by lane, delivered by any process."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from secrets import token_hex
from typing import Any

from sqlalchemy import (
    ColumnElement,
    ScalarSelect,
    Select,
    and_,
    bindparam,
    delete,
    func,
    select,
    update,
)
from sqlalchemy.types import Double

from portalkey.model.events import EventName
from portalkey.model.notifications import (
    Notification,
    Waiting,
)
from portalkey.vault.sql.database import Database, StorePart, Values
from portalkey.vault.sql.events import NotificationStatements
from portalkey.vault.sql.rows import guard, read_facts
from portalkey.vault.sql.statements import Driver
from portalkey.vault.sql.tables import notifications as table

_TICK = 1e-6
_SECONDS = bindparam("seconds", type_=Double)
_WHICH = table.c.id == bindparam("which")
_OURS = and_(_WHICH, func.coalesce(table.c.claim, "") == bindparam("ours"))
OF_RECEIVER = and_(
    table.c.client_id == bindparam("client_id"), table.c.receiver == bindparam("receiver")
)
OWED_SINCE = func.coalesce(table.c.owed_at, table.c.at)
"""An older portalkey beside this one writes no other time than the change's."""
_OF_LANE = and_(
    table.c.client_id == bindparam("app"),
    table.c.receiver == bindparam("hearer"),
    table.c.lane == bindparam("of_lane"),
)


class SQLNotifications(StorePart):
    """Keeps notifications until they have arrived; each method is one transaction."""

    def __init__(self, database: Database) -> None:
        """Prepare the statements for *database*."""
        super().__init__(database)
        prepare = database.prepare
        self._notifications = NotificationStatements(database)
        self._due_notifications = prepare(_select_due)
        self._claim_notification = prepare(_claim)
        self._reschedule_notification = prepare(
            lambda now: (
                update(table)
                .where(_OURS)
                .values(due_at=now + _SECONDS, tries=table.c.tries + 1, claim=None)
            )
        )
        self._reschedule_lane = prepare(_push_lane)
        self._forget_notification = prepare(lambda _: delete(table).where(_OURS))
        self._hasten_lane = prepare(
            lambda now: update(table).where(_OF_LANE, table.c.due_at > now).values(due_at=now)
        )
        self._old_notifications = prepare(
            lambda now: (
                select(table)
                .where(OF_RECEIVER, table.c.owed_at < now - _SECONDS, _is_free(now))
                .order_by(table.c.owed_at)
                .limit(bindparam("most"))
            )
        )

    def due_notifications(
        self, client_id: str, receiver: str, at_most: int
    ) -> Sequence[Notification]:
        """Return the first of each lane, where that may be delivered now."""
        found: list[Notification] = []
        skipped = 0
        # One that cannot be read is due for ever, and stands before the others.
        while len(found) < at_most:
            rows = self._database.fetch(
                self._due_notifications,
                client_id=client_id,
                receiver=receiver,
                most=at_most,
                skipped=skipped,
            )
            found += self._database.read_rows(read_notification, rows, skips=True)
            skipped += len(rows)
            if len(rows) < at_most:
                break
        return found[:at_most]

    def claim_notification(self, notification_id: str, seconds: float) -> Notification | None:
        """Keep others from one that is due, and return it as it is by then."""
        values = {"which": notification_id, "seconds": seconds, "new_claim": token_hex(8)}

        def claim(driver: Driver) -> Sequence[Any]:
            rows: Sequence[Any] = self._claim_notification.run(driver, values).fetchall()
            return rows

        rows = self._database.write_fast(claim)
        return next(iter(self._database.read_rows(read_notification, rows, skips=True)), None)

    def reschedule_notification(self, notification: Notification, seconds: float) -> None:
        """Count one failed try, and let its lane wait."""
        lane = {**_lane_of(notification), "seconds": seconds}

        def wait(driver: Driver) -> None:
            which = _claim_of(notification) | {"seconds": seconds}
            if self._reschedule_notification.run(driver, which).rowcount == 1:
                self._reschedule_lane.run(driver, lane)

        self._database.write_fast(wait)

    def complete_notification(self, notification: Notification) -> None:
        """Forget one that arrived; what it held up is due now."""

        def forget(driver: Driver) -> None:
            which = _claim_of(notification)
            is_ours = self._forget_notification.run(driver, which).rowcount == 1
            if is_ours and notification.tries:
                self._hasten_lane.run(driver, _lane_of(notification))

        self._database.write_fast(forget)

    def give_up_notifications(
        self, client_id: str, receiver: str, seconds: float, at_most: int
    ) -> Sequence[Notification]:
        """Forget those that are owed for too long."""
        rows = self._database.fetch(
            self._old_notifications,
            client_id=client_id,
            receiver=receiver,
            seconds=seconds,
            most=at_most,
        )
        if not rows:
            return []
        ids = [row[0] for row in rows]
        forget = delete(table).where(table.c.id.in_(ids)).returning(table.c.id)
        gone = set(self._database.write(lambda tx: tx.execute(forget).scalars().all()))
        ours = [row for row in rows if row[0] in gone]
        return self._database.read_rows(read_notification, ours, skips=True)

    def waiting_notifications(self, client_id: str) -> Mapping[str, Waiting]:
        """Count what each receiver has still to hear of."""
        query = (
            select(table.c.receiver, func.count(), func.min(OWED_SINCE))
            .where(table.c.client_id == client_id)
            .group_by(table.c.receiver)
        )
        rows = self._database.read(lambda tx: tx.execute(query).all())
        return {
            receiver: Waiting(number, datetime.fromtimestamp(oldest, UTC))
            for receiver, number, oldest in rows
        }


def _is_due(now: ColumnElement[float]) -> ColumnElement[bool]:
    # A moment read from the clock may be rounded up, and was due when it was written.
    return table.c.due_at <= now + _TICK


def _is_free(now: ColumnElement[float]) -> ColumnElement[bool]:
    """Nobody is at it: it waits, or whoever had claimed it took too long."""
    return table.c.claim.is_(None) | _is_due(now)


def _first_of_lane() -> ScalarSelect[Any]:
    other = table.alias("other")
    return (
        select(func.min(other.c.number))
        .where(
            other.c.client_id == table.c.client_id,
            other.c.receiver == table.c.receiver,
            other.c.lane == table.c.lane,
        )
        .scalar_subquery()
    )


def _select_due(now: ColumnElement[float]) -> Select[Any]:
    due = select(table).where(OF_RECEIVER, _is_due(now), table.c.number == _first_of_lane())
    due = due.order_by(table.c.due_at, table.c.number)
    return due.limit(bindparam("most")).offset(bindparam("skipped"))


def _claim(now: ColumnElement[float]) -> Any:  # noqa: ANN401 - of SQLAlchemy
    # Looked at anew: since it was found due, it may have arrived, and be owed again behind others.
    due = update(table).where(_WHICH, _is_due(now), table.c.number == _first_of_lane())
    values = {"due_at": now + _SECONDS, "claim": bindparam("new_claim"), "owed_at": OWED_SINCE}
    return due.values(values).returning(*table.columns)


def _push_lane(now: ColumnElement[float]) -> Any:  # noqa: ANN401 - of SQLAlchemy
    later = now + _SECONDS
    return update(table).where(_OF_LANE, table.c.due_at < later).values(due_at=later)


def _claim_of(notification: Notification) -> dict[str, Any]:
    return {"which": notification.id, "ours": notification.claim or ""}


def _lane_of(notification: Notification) -> Values:
    return {
        "app": notification.client_id,
        "hearer": notification.receiver,
        "of_lane": notification.lane,
    }


def _make_notification(row: Sequence[Any]) -> Notification:
    values = dict(zip(table.columns.keys(), row, strict=True))
    for name in ("at", "due_at", "owed_at"):
        moment = values[name]
        values[name] = None if moment is None else datetime.fromtimestamp(moment, UTC)
    facts = read_facts(values["facts"])
    return Notification(**values | {"name": EventName(values["name"]), "facts": facts})


read_notification = guard(table, table.columns.keys(), _make_notification)
"""Reads a row, with its columns in their order."""
