"""Protocol of the audit in a store, and of who has still to hear of what is in it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from portalkey.model.connection import Connection, ConnectionStatus
from portalkey.model.events import Event
from portalkey.model.throttle import Throttle

if TYPE_CHECKING:
    from portalkey.model.notifications import Notification, Subject, Waiting

Tell = Callable[[Throttle, Throttle], Event | None]
"""Returns the event that a change of the throttle is, given it before and after, if it is one."""
TellRenewal = Callable[[ConnectionStatus], Event | None]
"""Returns the event that a renewal is, if it is one, of a row that had this status until then.

A store may ask for a status that the row turns out not to have; the same gives the same each time.
"""


@dataclass(frozen=True, slots=True)
class Renewed:
    """A connection at its next generation, and the event that was recorded with that, if any."""

    connection: Connection
    event: Event | None


class EventStore(Protocol):
    """The part of a store that events are recorded in, alone or with the change that they are of.

    Wherever an event is recorded for a ``Subject``, in whichever method, each receiver that its app
    has by then is owed a notification, in the same transaction.
    """

    def record(self, event: Event, subject: "Subject | None" = None) -> Event:
        """Append *event* to the audit and return it with its time and id."""

    def events(self, *, attempt_id: str | None = None, owner: str | None = None) -> Sequence[Event]:
        """The audit, oldest first, narrowed to an attempt or an owner."""

    def event(self, event_id: str) -> Event | None:
        """The event of this id, as long as it is kept."""

    def add_receivers(self, client_id: str, names: Sequence[str]) -> None:
        """Note that the app has receivers of these *names*, and that a process has them now."""

    def receivers(self, client_id: str) -> Mapping[str, datetime]:
        """The app's receivers by name, each with the time at which a process had it last."""

    def remove_receiver(self, client_id: str, name: str, silent: float = 0.0) -> int | None:
        """Forget a receiver, and all that it was owed; returns how many notifications that was.

        None, and nothing is forgotten, where a process had it within *silent* seconds.
        """

    def due_notifications(
        self, client_id: str, receiver: str, at_most: int
    ) -> "Sequence[Notification]":
        """Those that may be delivered now, the first due first: of each lane, its first alone."""

    def claim_notification(self, notification_id: str, seconds: float) -> "Notification | None":
        """Keep others from one that is due for so many *seconds*, and return it as it is by then.

        One of many gets it; None where it is not due, or not the first of its lane any more.
        """

    def reschedule_notification(self, notification: "Notification", seconds: float) -> None:
        """Count one failed try, and let its lane wait for so many *seconds*.

        Nothing is changed where another claim has come after the *notification*'s.
        """

    def complete_notification(self, notification: "Notification") -> None:
        """Forget one that arrived; what it held up in its lane is due now.

        Nothing is changed where another claim has come after the *notification*'s.
        """

    def notify_again(self, event: Event, subject: "Subject") -> int:
        """Owe an *event* of the audit to each of the app's receivers again, due now.

        Returns how many there are. It goes behind what waits in its lane; one that somebody is
        delivering just now is left alone.
        """

    def give_up_notifications(
        self, client_id: str, receiver: str, seconds: float, at_most: int
    ) -> "Sequence[Notification]":
        """Forget those that are owed for longer than so many *seconds*; returns them.

        One that somebody is delivering just now is left for the next time.
        """

    def waiting_notifications(self, client_id: str) -> "Mapping[str, Waiting]":
        """Count what each of the app's receivers has still to hear of; none where nothing waits."""
