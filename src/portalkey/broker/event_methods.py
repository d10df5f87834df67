"""Methods of the Broker about receivers of events: who hears of changes, at least once."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, overload

from portalkey.model.notifications import NOTIFIED, Subject, Waiting
from portalkey.vault.vault import Vault

if TYPE_CHECKING:
    from portalkey.broker.deliveries import Deliveries
    from portalkey.broker.delivery import Receiver


@dataclass(frozen=True, slots=True)
class ReceiverState:
    """One receiver: ``had_at`` is when a process had it last, ``waiting`` what it is owed."""

    name: str
    had_at: datetime
    waiting: Waiting | None


class EventMethods:
    """The Broker's methods about receivers of events."""

    vault: Vault
    _deliveries: "Deliveries"

    @overload
    def on_event(self, name: str) -> "Callable[[Receiver], Receiver]": ...

    @overload
    def on_event(self, name: str, receiver: "Receiver") -> "Receiver": ...

    def on_event(
        self, name: str, receiver: "Receiver | None" = None
    ) -> "Receiver | Callable[[Receiver], Receiver]":
        """Have a function called with each change of a connection, at least once and in order.

        ::

            @broker.on_event("billing")
            def close_account(event):
                if event.name == "needs_reconnect":
                    ...

        Each change from now on is written down for it, in the transaction of the change and
        whichever process makes it, and stays until the function has returned. It is called on a
        thread of its own, in a process that has a receiver of this name: give it one in at least
        one process that runs all the time. What it raises is logged, and it is called again with
        that event later, for five days; later changes of the same connection wait for it. After
        300 seconds another process may call it with the same event. ``event.id`` is the same each
        time, so remember it where doing a thing twice does harm. Names are kept in the store; one
        that no process has had for seven days is forgotten. ``close`` waits for it, for ten seconds
        at most.

        Args:
            name: Small letters, digits, dots, dashes and underscores, 64 at most.
            receiver: The function; without one, what is returned is a decorator.

        Raises:
            ValueError: The name is none, or this process has a receiver of that name.
            StoreBusy, StoreUnusable: The store could not note the name; nothing was added.
        """
        if receiver is not None:
            self._deliveries.add(name, receiver)
            return receiver

        def add(function: "Receiver") -> "Receiver":
            self._deliveries.add(name, function)
            return function

        return add

    def notify(self, *, wait: bool = True) -> int:
        """Have this process's receivers, and the webhook, hear of what they are owed.

        Every process that has some does it by itself after each change and once a minute. Call it
        where no such process runs all the time; ``portalkey work`` does, for the webhook.

        Nothing that a receiver raises or answers is raised here: it is logged, counted as a failed
        try, and tried again.

        Args:
            wait: False to return at once, while it goes on; then nothing is raised, and trouble
                with the store is logged. Otherwise a receiver that hangs is waited for as long as
                it may take, which is five minutes.

        Returns:
            How many notifications arrived since the last call.

        Raises:
            StoreBusy, StoreUnusable: Some are left for the next time; the others have arrived.
        """
        if wait:
            return self._deliveries.run()
        self._deliveries.start()
        return self._deliveries.count()

    def receivers(self) -> Sequence[ReceiverState]:
        """Return this app's receivers by name, with what waits for each.

        Raises:
            StoreBusy, StoreUnusable: The store cannot be read.
        """
        app, store = self.vault.client_id, self.vault.store
        waiting = store.waiting_notifications(app)
        known = store.receivers(app)
        return [ReceiverState(each, known[each], waiting.get(each)) for each in sorted(known)]

    def forget_receiver(self, name: str, *, silent: float = 0.0) -> int | None:
        """Forget a receiver, and drop all that it is owed; one that a process has comes again.

        Args:
            name: Its name.
            silent: Leave it alone where a process had it within so many seconds.

        Returns:
            How many notifications were dropped; None where there is no receiver of this name, or
            a process had it lately.

        Raises:
            StoreBusy, StoreUnusable: Nothing was forgotten.
        """
        app, store = self.vault.client_id, self.vault.store
        if name not in {*store.receivers(app), *store.waiting_notifications(app)}:
            return None
        return store.remove_receiver(app, name, silent)

    def resend_event(self, event_id: str) -> int | None:
        """Owe an event to every receiver once more, under the same id.

        One that is told of it just now is not told of it twice at once.

        Returns:
            How many receivers there are; None where this app has no such event (any more), or none
            that receivers hear of.

        Raises:
            StoreBusy, StoreUnusable: Nothing was sent.
        """
        store, app = self.vault.store, self.vault.client_id
        event = store.event(event_id)
        if event is None or event.name not in NOTIFIED:
            return None
        subject = Subject(app)
        if event.connection_id is not None and not store.is_personal:
            row = store.connection(event.connection_id)
            if row is None or row.client_id != app:
                return None
            subject = Subject(row.client_id, row.hub_id)
        number = store.notify_again(event, subject)
        self._deliveries.start()
        return number
