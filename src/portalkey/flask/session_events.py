"""The audit beside the sessions, and who hears of it.

What happens to a connection in a session is recorded right after the session was written: the two
are no one transaction. A process that dies in between has changed the session, and nobody hears.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

from portalkey.model.events import Event
from portalkey.model.notifications import Notification, Subject, Waiting
from portalkey.vault.store import Store


class SessionEvents:
    """The part of ``SessionStore`` that ``EventStore`` promises, all in the other store."""

    _store: Store

    def record(self, event: Event, subject: Subject | None = None) -> Event:
        """Append *event* to the audit."""
        return self._store.record(event, subject)

    def events(self, *, attempt_id: str | None = None, owner: str | None = None) -> Sequence[Event]:
        """The audit."""
        return self._store.events(attempt_id=attempt_id, owner=owner)

    def event(self, event_id: str) -> Event | None:
        """The event of this id."""
        return self._store.event(event_id)

    def add_receivers(self, client_id: str, names: Sequence[str]) -> None:
        """Note that a process has receivers of these *names*."""
        self._store.add_receivers(client_id, names)

    def receivers(self, client_id: str) -> Mapping[str, datetime]:
        """The app's receivers, and when a process had each last."""
        return self._store.receivers(client_id)

    def remove_receiver(self, client_id: str, name: str, silent: float = 0.0) -> int | None:
        """Forget a receiver, and all that it was owed."""
        return self._store.remove_receiver(client_id, name, silent)

    def due_notifications(
        self, client_id: str, receiver: str, at_most: int
    ) -> Sequence[Notification]:
        """The first of each lane, where that may be delivered now."""
        return self._store.due_notifications(client_id, receiver, at_most)

    def claim_notification(self, notification_id: str, seconds: float) -> Notification | None:
        """Keep others from one that is due, and return it."""
        return self._store.claim_notification(notification_id, seconds)

    def reschedule_notification(self, notification: Notification, seconds: float) -> None:
        """Count one failed try, and let its lane wait."""
        self._store.reschedule_notification(notification, seconds)

    def complete_notification(self, notification: Notification) -> None:
        """Forget one that arrived."""
        self._store.complete_notification(notification)

    def notify_again(self, event: Event, subject: Subject) -> int:
        """Owe an *event* of the audit to each receiver again."""
        return self._store.notify_again(event, subject)

    def give_up_notifications(
        self, client_id: str, receiver: str, seconds: float, at_most: int
    ) -> Sequence[Notification]:
        """Forget those that are owed for too long."""
        return self._store.give_up_notifications(client_id, receiver, seconds, at_most)

    def waiting_notifications(self, client_id: str) -> Mapping[str, Waiting]:
        """Count what each receiver has still to hear of."""
        return self._store.waiting_notifications(client_id)
