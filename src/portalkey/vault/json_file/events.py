"""The audit in a config file, and who has still to hear of it: one part of ``ConfigFileStore``."""

from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import TypeVar

from portalkey.model.events import Event
from portalkey.model.notifications import Notification, Subject, Waiting
from portalkey.vault.memory import MemoryStore

T = TypeVar("T")


class ConfigFileEvents:
    """The part of ``ConfigFileStore`` that ``EventStore`` promises."""

    @abstractmethod
    def _look(self, work: Callable[[MemoryStore], T]) -> T:
        """Do *work* that as a rule changes nothing."""

    @abstractmethod
    def _write(self, work: Callable[[MemoryStore], T]) -> T:
        """Do *work* while nobody else writes."""

    def record(self, event: Event, subject: Subject | None = None) -> Event:
        """Append *event*, and return it with its time and id."""
        return self._write(lambda store: store.record(event, subject))

    def events(self, *, attempt_id: str | None = None, owner: str | None = None) -> Sequence[Event]:
        """Return the newest of the audit, oldest first."""
        return self._look(lambda store: store.events(attempt_id=attempt_id, owner=owner))

    def event(self, event_id: str) -> Event | None:
        """Return the event of this id."""
        return self._look(lambda store: store.event(event_id))

    def add_receivers(self, client_id: str, names: Sequence[str]) -> None:
        """Note that a process has receivers of these *names*."""
        self._write(lambda store: store.add_receivers(client_id, names))

    def receivers(self, client_id: str) -> Mapping[str, datetime]:
        """Return the app's receivers, and when a process had each last."""
        return self._look(lambda store: store.receivers(client_id))

    def remove_receiver(self, client_id: str, name: str, silent: float = 0.0) -> int | None:
        """Forget a receiver, and all that it was owed."""
        return self._write(lambda store: store.remove_receiver(client_id, name, silent))

    def due_notifications(
        self, client_id: str, receiver: str, at_most: int
    ) -> Sequence[Notification]:
        """Return the first of each lane, where that may be delivered now."""
        return self._look(lambda store: store.due_notifications(client_id, receiver, at_most))

    def claim_notification(self, notification_id: str, seconds: float) -> Notification | None:
        """Keep others from one that is due, and return it."""
        return self._write(lambda store: store.claim_notification(notification_id, seconds))

    def reschedule_notification(self, notification: Notification, seconds: float) -> None:
        """Count one failed try, and let its lane wait."""
        self._write(lambda store: store.reschedule_notification(notification, seconds))

    def complete_notification(self, notification: Notification) -> None:
        """Forget one that arrived; what it held up is due now."""
        self._write(lambda store: store.complete_notification(notification))

    def notify_again(self, event: Event, subject: Subject) -> int:
        """Owe an *event* of the audit to each receiver again."""
        return self._write(lambda store: store.notify_again(event, subject))

    def give_up_notifications(
        self, client_id: str, receiver: str, seconds: float, at_most: int
    ) -> Sequence[Notification]:
        """Forget those that are owed for too long."""
        return self._look(
            lambda store: store.give_up_notifications(client_id, receiver, seconds, at_most)
        )

    def waiting_notifications(self, client_id: str) -> Mapping[str, Waiting]:
        """Count what each receiver has still to hear of."""
        return self._look(lambda store: store.waiting_notifications(client_id))
