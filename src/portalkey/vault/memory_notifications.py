"""Receivers of events and what they are owed, in memory: one part of ``MemoryStore``."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from secrets import token_hex
from typing import Any

from portalkey.model.events import Event
from portalkey.model.notifications import (
    NOTIFIED,
    Notification,
    Subject,
    Waiting,
    build_notification,
)
from portalkey.vault.memory_keys import KeysInMemory
from portalkey.vault.receivers import KEY, read_receivers, write_receivers


class NotificationsInMemory(KeysInMemory):
    """The part of ``MemoryStore`` that ``EventStore`` promises of receivers."""

    _notifications: dict[str, Notification]

    def _notify(self, event: Event, subject: Subject | None) -> None:
        """Owe a recorded *event* to each receiver of its app."""
        if subject is not None and event.name in NOTIFIED:
            self._owe(event, subject, event.at or self.now())

    def _owe(self, event: Event, subject: Subject, due_at: datetime) -> int:
        names = list(read_receivers(self.meta(KEY.format(subject.client_id))))
        number = max((each.number for each in self._notifications.values()), default=0) + 1
        for name in names:
            owed = build_notification(event, number, subject, name, due_at)
            before = self._notifications.setdefault(owed.id, owed)
            if before is not owed and _is_free(before, owed.due_at):
                again = replace(before, due_at=owed.due_at, owed_at=owed.owed_at, claim=None)
                self._notifications[owed.id] = again
        return len(names)

    def add_receivers(self, client_id: str, names: Sequence[str]) -> None:
        """Note that a process has receivers of these *names*."""
        with self._writing():
            known = read_receivers(self.meta(KEY.format(client_id)))
            now = self.now().timestamp()
            known |= dict.fromkeys(names, now)
            self.put_meta(KEY.format(client_id), write_receivers(known))

    def receivers(self, client_id: str) -> Mapping[str, datetime]:
        """Return the app's receivers, and when a process had each last."""
        known = read_receivers(self.meta(KEY.format(client_id)))
        return {name: datetime.fromtimestamp(at, UTC) for name, at in known.items()}

    def remove_receiver(self, client_id: str, name: str, silent: float = 0.0) -> int | None:
        """Forget a receiver, and all that it was owed."""
        with self._writing():
            known = read_receivers(self.meta(KEY.format(client_id)))
            at = known.pop(name, None)
            if at is not None and self.now().timestamp() - at < silent:
                return None
            self.put_meta(KEY.format(client_id), write_receivers(known))
            owed = list(self._owed_to(client_id, name))
            for each in owed:
                del self._notifications[each.id]
            return len(owed)

    def _owed_to(self, client_id: str, receiver: str) -> Iterator[Notification]:
        of = (client_id, receiver)
        rows = list(self._notifications.values())
        return (each for each in rows if (each.client_id, each.receiver) == of)

    def due_notifications(
        self, client_id: str, receiver: str, at_most: int
    ) -> Sequence[Notification]:
        """Return the first of each lane, where that may be delivered now."""
        with self._lock:
            now, first = self.now(), self._first_by_lane(client_id, receiver)
        due = [each for each in first.values() if each.due_at <= now]
        return sorted(due, key=lambda each: (each.due_at, each.number))[:at_most]

    def _first_by_lane(self, client_id: str, receiver: str) -> dict[str, Notification]:
        first: dict[str, Notification] = {}
        for each in sorted(self._owed_to(client_id, receiver), key=lambda each: each.number):
            first.setdefault(each.lane, each)
        return first

    def claim_notification(self, notification_id: str, seconds: float) -> Notification | None:
        """Keep others from one that is due, and return it as it is by then."""
        with self._writing():
            row, now = self._notifications.get(notification_id), self.now()
            if row is None or row.due_at > now:
                return None
            if self._first_by_lane(row.client_id, row.receiver)[row.lane] is not row:
                return None
            until = now + timedelta(seconds=seconds)
            claimed = replace(row, due_at=until, claim=token_hex(8))
            self._notifications[row.id] = claimed
            return claimed

    def _is_claimed_by(self, notification: Notification) -> bool:
        row = self._notifications.get(notification.id)
        return row is not None and row.claim == notification.claim

    def _lane_of(self, notification: Notification) -> list[Notification]:
        owed = self._owed_to(notification.client_id, notification.receiver)
        return [each for each in owed if each.lane == notification.lane]

    def reschedule_notification(self, notification: Notification, seconds: float) -> None:
        """Count one failed try, and let its lane wait."""
        with self._writing():
            if not self._is_claimed_by(notification):
                return
            until = self.now() + timedelta(seconds=seconds)
            for each in self._lane_of(notification):
                row = replace(each, due_at=max(each.due_at, until))
                self._notifications[each.id] = row
            row = self._notifications[notification.id]
            failed = replace(row, due_at=until, tries=row.tries + 1, claim=None)
            self._notifications[row.id] = failed

    def complete_notification(self, notification: Notification) -> None:
        """Forget one that arrived; what it held up is due now."""
        with self._writing():
            if not self._is_claimed_by(notification):
                return
            del self._notifications[notification.id]
            if not notification.tries:
                return
            now = self.now()
            for each in self._lane_of(notification):
                row = replace(each, due_at=min(each.due_at, now))
                self._notifications[each.id] = row

    def notify_again(self, event: Event, subject: Subject) -> int:
        """Owe an *event* of the audit to each receiver again."""
        with self._writing():
            return self._owe(event, subject, self.now())

    def give_up_notifications(
        self, client_id: str, receiver: str, seconds: float, at_most: int
    ) -> Sequence[Notification]:
        """Forget those that are owed for too long."""
        with self._writing():
            now = self.now()
            oldest = now - timedelta(seconds=seconds)
            owed = sorted(self._owed_to(client_id, receiver), key=_owed_since)
            old = [each for each in owed if _owed_since(each) < oldest and _is_free(each, now)]
            del old[at_most:]
            for each in old:
                del self._notifications[each.id]
            return old

    def waiting_notifications(self, client_id: str) -> Mapping[str, Waiting]:
        """Count what each receiver has still to hear of."""
        with self._lock:
            rows = [each for each in self._notifications.values() if each.client_id == client_id]
        times: dict[str, list[datetime]] = {}
        for each in rows:
            times.setdefault(each.receiver, []).append(_owed_since(each))
        return {name: Waiting(len(found), min(found)) for name, found in times.items()}

    def _count_notifications(self, client_id: str) -> dict[str, Any]:
        """Return what ``Stats`` has of them."""
        waiting = self.waiting_notifications(client_id).values()
        now = self.now()
        ages = [(now - each.oldest).total_seconds() for each in waiting]
        return {
            "notifications": sum(each.number for each in waiting),
            "oldest_notification": max(0.0, *ages) if ages else 0.0,
        }


def _owed_since(notification: Notification) -> datetime:
    return notification.owed_at or notification.at


def _is_free(notification: Notification, now: datetime) -> bool:
    """Return True where nobody is at it, or whoever had claimed it took too long."""
    return notification.claim is None or notification.due_at <= now
