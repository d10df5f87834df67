"""Delivery of one notification: claimed, told, and crossed out, tried again or given up."""

import logging
from collections.abc import Callable, Collection, Sequence
from datetime import timedelta

from portalkey._support.clock import Clock
from portalkey.broker.audit import Audit
from portalkey.broker.notify import Undelivered
from portalkey.broker.waiting import Uniform
from portalkey.model.events import Event, EventName, Fact
from portalkey.model.notifications import WEBHOOK, Notification
from portalkey.vault.vault import Vault

log = logging.getLogger("portalkey")

FIRST_WAIT, LONGEST_WAIT = 10.0, 6 * 3600.0
"""Seconds: the second try comes within the first, and no later one waits longer than the longest.
Each wait is drawn from all that it may be, as what failed together must not be tried together."""
KEEP_SECONDS = 5 * 86400.0
"""For so long after it was owed it is tried to deliver a notification."""
FORGET_SECONDS = 7 * 86400.0
"""A receiver that no process has had for so long is forgotten."""
CLAIM_SECONDS = 60.0
"""Seconds for which a process that sends to the webhook keeps others from it."""
RECEIVER_SECONDS = 300.0
"""Seconds for which a function may take; after that another process may call it again."""
START_WITHIN = 5.0
"""Seconds after which a claim is not used any more: this thread was held up."""
BITE = 50
"""So many are given up at once."""

Deliver = Callable[[Notification], None]
"""Returns where the receiver has it, and raises ``Undelivered`` otherwise."""
Receiver = Callable[[Event], object]
"""A function of the app's that is called with each change."""


class Delivery:
    """Tries to deliver, and writes what came of it."""

    def __init__(self, vault: Vault, audit: Audit, *, clock: Clock, uniform: Uniform) -> None:
        """Deliver for the app of *vault*; the arguments are those of ``Deliveries``."""
        self._vault = vault
        self._audit = audit
        self._clock = clock
        self._uniform = uniform

    def attempt(self, deliver: Deliver, found: Notification) -> tuple[bool, bool]:
        """Return if what was *found* due has arrived, and if others are worth a try now.

        Whatever *deliver* raises is a failed try, and no error of this. What ends its thread or the
        process, such as ``KeyboardInterrupt``, is no answer of it: another claims it later.

        Raises:
            StoreBusy, StoreUnusable: It could not be claimed, or stays claimed for its time.
        """
        store, asked_at = self._vault.store, self._clock()
        seconds = CLAIM_SECONDS if found.receiver == WEBHOOK else RECEIVER_SECONDS
        # What is told is the row as it was claimed: it may have been erased since it was found.
        notification = store.claim_notification(found.id, seconds)
        if notification is None or self._clock() - asked_at > START_WITHIN:
            return False, True
        try:
            deliver(notification)
        except Undelivered as trouble:
            self._record(notification, trouble)
            return False, not trouble.is_of_receiver
        except (Exception, SystemExit) as error:  # noqa: BLE001 - and nothing of it is quoted
            kind = type(error).__name__
        else:
            store.complete_notification(notification)
            return True, True
        log.error("delivery to the receiver %s failed unforeseen: %s", notification.receiver, kind)
        self._record(notification, Undelivered(kind))
        return False, True

    def _record(self, notification: Notification, trouble: Undelivered) -> None:
        if trouble.is_final:
            self._vault.store.complete_notification(notification)
            self._tell_given_up([notification])
            return
        longest = min(FIRST_WAIT * 2 ** min(notification.tries, 16), LONGEST_WAIT)
        wait = max(trouble.seconds, self._uniform(0.0, longest))
        self._vault.store.reschedule_notification(notification, wait)
        log.log(
            logging.WARNING if notification.tries == 0 else logging.DEBUG,
            "%s has not arrived at the receiver %s: %s; it is tried again",
            notification.event_id,
            notification.receiver,
            trouble,
        )

    def sweep(self, names: Collection[str]) -> None:
        """Give up what is owed for too long, and forget receivers that no process has any more.

        Those of these *names* this process has.

        Raises:
            StoreBusy, StoreUnusable: Some is left for the next time.
        """
        store, app = self._vault.store, self._vault.client_id
        oldest = store.now() - timedelta(seconds=FORGET_SECONDS)
        known = store.receivers(app)
        # A change that was written while its receiver was forgotten is owed to an unknown name.
        for name in {*known, *store.waiting_notifications(app)}:
            while gone := store.give_up_notifications(app, name, KEEP_SECONDS, BITE):
                self._tell_given_up(gone)
        for name, had_at in known.items():
            if had_at >= oldest or name in names:
                continue
            # Not where a process has come back with it since it was looked at.
            if store.remove_receiver(app, name, FORGET_SECONDS) is not None:
                log.warning("the receiver %s is forgotten: no process has had it for days", name)

    def _tell_given_up(self, gone: Sequence[Notification]) -> None:
        first = gone[0]
        facts: dict[str, Fact] = {
            "receiver": first.receiver,
            "number": len(gone),
            "event": first.event_id,
        }
        self._audit.record(
            EventName.NOTIFICATION_GIVEN_UP,
            owner=first.owner if len(gone) == 1 else None,
            connection_id=first.connection_id if len(gone) == 1 else None,
            facts=facts,
        )
        log.error("given up: %(number)d for the receiver %(receiver)s, from %(event)s on", facts)


def call(receiver: Receiver, notification: Notification) -> None:
    """Call the app's *receiver*, and log what it raises.

    Raises:
        Undelivered: It raised something; the name of that is all that is said of it.
    """
    try:
        receiver(notification.event)
    except (Exception, SystemExit) as error:
        log.exception("the receiver %s failed", notification.receiver)
        raise Undelivered(type(error).__name__) from None
