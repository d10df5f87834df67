"""Receivers of events in SQL: their names, and what is owed to all of them again."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from sqlalchemy import bindparam, delete, select, update

from portalkey.model.events import Event
from portalkey.model.notifications import Subject, build_notification, read_event_id
from portalkey.vault.receivers import KEY, write_receivers
from portalkey.vault.sql.database import Database
from portalkey.vault.sql.events import parse_receivers
from portalkey.vault.sql.notifications import OF_RECEIVER, SQLNotifications
from portalkey.vault.sql.rows import parameters
from portalkey.vault.sql.statements import Driver
from portalkey.vault.sql.tables import meta, notifications


class SQLReceivers(SQLNotifications):
    """Knows who hears of an app's events."""

    def __init__(self, database: Database) -> None:
        """Prepare the statements for *database*."""
        super().__init__(database)
        which = select(meta).where(meta.c.id == bindparam("id"))
        self._known = database.prepare(lambda _: which)
        self._lock_known = database.prepare(lambda _: which.with_for_update())
        first = database.insert(meta).values(parameters(("id", "value")))
        self._begin_known = database.prepare(lambda _: first.on_conflict_do_nothing())
        self._write_known = database.prepare(
            lambda _: (
                update(meta).where(meta.c.id == bindparam("which")).values(parameters(("value",)))
            )
        )
        self._drop_owed = database.prepare(lambda _: delete(notifications).where(OF_RECEIVER))

    def add_receivers(self, client_id: str, names: Sequence[str]) -> None:
        """Note that a process has receivers of these *names*."""

        def add(driver: Driver) -> None:
            known = self._lock_receivers(driver, client_id)
            now = self._read_clock(driver).timestamp()
            self._write_receivers(driver, client_id, known | dict.fromkeys(names, now))

        self._database.write_fast(add)

    def receivers(self, client_id: str) -> Mapping[str, datetime]:
        """Return the app's receivers, and when a process had each last."""
        rows = self._database.fetch(self._known, id=KEY.format(client_id))
        known = parse_receivers(self._database.read_rows, rows)
        return {name: datetime.fromtimestamp(at, UTC) for name, at in known.items()}

    def remove_receiver(self, client_id: str, name: str, silent: float = 0.0) -> int | None:
        """Forget a receiver, and all that it was owed."""

        def remove(driver: Driver) -> int | None:
            known = self._lock_receivers(driver, client_id)
            at = known.pop(name, None)
            if at is not None and self._read_clock(driver).timestamp() - at < silent:
                return None
            self._write_receivers(driver, client_id, known)
            of_it = {"client_id": client_id, "receiver": name}
            return int(self._drop_owed.run(driver, of_it).rowcount)

        return self._database.write_fast(remove)

    def notify_again(self, event: Event, subject: Subject) -> int:
        """Owe an *event* of the audit to each receiver again."""
        _, number = read_event_id(event.id or "") or (None, 0)

        def owe(driver: Driver) -> int:
            names = self._lock_receivers(driver, subject.client_id)
            now = self._read_clock(driver)
            for name in names:
                owed = build_notification(event, number, subject, name, now)
                self._notifications.put(driver, owed)
            return len(names)

        return self._database.write_fast(owe)

    def _lock_receivers(self, driver: Driver, client_id: str) -> dict[str, float]:
        """Return the receivers as they stand until the commit."""
        asked = {"id": KEY.format(client_id)}
        rows = self._lock_known.fetch(driver, asked)
        if not rows:  # two that begin it at once wait for one another
            values = {"new_id": asked["id"], "new_value": write_receivers({})}
            self._begin_known.run(driver, values)
            rows = self._lock_known.fetch(driver, asked)
        return parse_receivers(self._database.read_rows, rows)

    def _write_receivers(
        self, driver: Driver, client_id: str, receivers: Mapping[str, float]
    ) -> None:
        values = {"which": KEY.format(client_id), "new_value": write_receivers(receivers)}
        self._write_known.run(driver, values)
