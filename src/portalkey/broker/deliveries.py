"""Deliveries: each receiver of this process hears of what it is owed, at least once and in order.

A receiver has a thread of its own, so that one which hangs or fails holds up no other, nor
anything that HubSpot is owed. What cannot be delivered holds up the later changes of the same
connection, and nothing else. Any process that has the receiver may deliver; a claim keeps the
others from it meanwhile.

A round comes after each change in this process, and once a minute: for what failed before, and for
what other processes changed.
"""

import atexit
import logging
import threading
import weakref
from collections.abc import Callable, Sequence
from functools import partial

from portalkey._support.background import Background
from portalkey._support.beat import Beat
from portalkey._support.clock import Clock
from portalkey._support.fork import renew_after_fork, renew_inherited
from portalkey.broker.audit import Audit
from portalkey.broker.delivery import RECEIVER_SECONDS, Deliver, Delivery, Receiver, call
from portalkey.broker.waiting import Uniform
from portalkey.errors import PortalkeyError
from portalkey.model.events import Event
from portalkey.model.notifications import NAME, NOTIFIED, WEBHOOK
from portalkey.vault.vault import Vault

log = logging.getLogger("portalkey")

BITE = 50
"""So many are delivered in a row, at most; and so many times as many tried."""
MOST_TRIES = 4
ROUND_SECONDS = 30.0
"""Seconds after which a round begins nothing more."""
BEAT_SECONDS = 60.0
"""Seconds between two rounds of an idle process, and two notes that it has its receivers."""
SWEEP_SECONDS = 3600.0
"""Seconds between two looks of a process at what is too old."""
CLOSE_SECONDS = 10.0
"""Seconds for which the end waits for receivers: half of them for all that is due, and then for
what was begun."""


class Deliveries:
    """Delivers what the receivers of this process are owed."""

    def __init__(
        self,
        vault: Vault,
        audit: Audit,
        *,
        clock: Clock,
        uniform: Uniform,
        webhook: Deliver | None,
        on_trouble: Callable[[PortalkeyError], object] | None = None,
        beat_seconds: float = BEAT_SECONDS,
        close_seconds: float = CLOSE_SECONDS,
    ) -> None:
        """Deliver for the app of *vault*.

        Args:
            vault: Knows what is owed.
            audit: Tells of each change.
            clock: Counts seconds.
            uniform: Draws how long to wait.
            webhook: Sends to its own receiver, if there is one.
            on_trouble: Hears what trouble the store made.
            beat_seconds: Seconds between two rounds where nothing else begins one.
            close_seconds: Seconds for which ``close`` waits at most.
        """
        self._vault, self._audit = vault, audit
        self._clock, self._uniform = clock, uniform
        self._delivery = Delivery(vault, audit, clock=clock, uniform=uniform)
        self._receivers: dict[str, Deliver] = {}
        # What hangs keeps no process from its end.
        self.background = Background(on_trouble=on_trouble, is_daemon=True)
        self.beat = Beat(self.start, partial(uniform, beat_seconds / 2, beat_seconds))
        self._close_seconds = close_seconds
        if webhook is not None:
            self._receivers[WEBHOOK] = webhook
            audit.tell(self.hear)
        self._arrived: list[str] = []
        self._trouble: PortalkeyError | None = None
        self._renew()
        renew_after_fork(self._renew)
        atexit.register(_close_at_exit, weakref.ref(self))

    def _renew(self) -> None:
        self._note_at = 0.0
        self._sweep_at = self._clock() + self._uniform(0.0, SWEEP_SECONDS)
        self._ended = threading.Event()

    @property
    def names(self) -> Sequence[str]:
        """The names of this process's receivers."""
        return tuple(self._receivers)

    def add(self, name: str, receiver: Receiver) -> None:
        """Have *receiver* called with each change from now on, under this *name*.

        Raises:
            ValueError: No receiver may be called so, or this process has one of that name.
            StoreBusy, StoreUnusable: The store could not note it; nothing is added.
        """
        if NAME.fullmatch(name) is None or name == WEBHOOK:
            raise ValueError(
                f"A receiver's name has small letters, digits and . _ - in it, 64 at most, and is "
                f"not {WEBHOOK}; {name!a} is none."
            )
        if name in self._receivers:
            raise ValueError(f"This process has a receiver named {name}; give this one another.")
        if not self._vault.is_copy:
            self._vault.store.add_receivers(self._vault.client_id, [name])
        self._receivers[name] = partial(call, receiver)
        self._audit.tell(self.hear)
        self._go_on()

    def _go_on(self) -> None:
        """Have a round once a minute from now on, in whichever process this is."""
        if self._receivers and not self._vault.is_copy:
            self.beat.start()

    def hear(self, event: Event) -> None:
        """Deliver soon, where receivers hear of such an *event*; it is in the store by now."""
        if event.name in NOTIFIED:
            self.start()

    def start(self) -> bool:
        """Deliver what is due, to each receiver on a thread of its own; return at once.

        One that is at it already looks once more when it is done. False where one of them was not
        started: no threads run here, or there are too many.
        """
        if self._vault.is_copy:
            return True
        renew_inherited()
        self._go_on()
        ended = self._ended
        works: dict[str, Callable[[], object]] = {
            name: partial(self._deliver_all, name, ended) for name in self.names
        }
        if self._clock() >= self._sweep_at:
            works["old notifications"] = partial(self._watch, self.sweep)
        started = [self.background.start(name, work, again=True) for name, work in works.items()]
        return all(started)

    def run(self) -> int:
        """Do the same, and wait for it; return how many arrived since the last call.

        No receiver is waited for any longer than it may take.

        Raises:
            StoreBusy, StoreUnusable: Some may be left for the next time. What a receiver raises is
                none of the caller's.
        """
        self._sweep_at, self._trouble = 0.0, None
        if self.start():
            self.background.join(ROUND_SECONDS + RECEIVER_SECONDS)
        else:
            self.background.join(RECEIVER_SECONDS)
            for name in self.names:
                self.deliver_due(name)
            self.sweep()
        if self._trouble is not None:
            raise self._trouble
        return self.count()

    def count(self) -> int:
        """Return how many arrived since the last call."""
        arrived, self._arrived = self._arrived, []
        return len(arrived)

    def note(self) -> None:
        """Note in the store, now and then, that this process has its receivers.

        Raises:
            StoreBusy, StoreUnusable: It is noted the next time.
        """
        now = self._clock()
        if now >= self._note_at and self._receivers and not self._vault.is_copy:
            self._vault.store.add_receivers(self._vault.client_id, self.names)
            self._note_at = now + BEAT_SECONDS

    def _deliver_all(self, name: str, ended: threading.Event) -> None:
        """Deliver until nothing is due, or *ended*."""
        more = partial(self.deliver_due, name, ended=ended)
        while self._watch(more) == BITE:
            pass

    def _watch(self, work: Callable[[], int | None]) -> int | None:
        """Do *work* in the background, and keep its trouble for whoever waits for it."""
        try:
            return work()
        except PortalkeyError as trouble:
            self._trouble = trouble
            raise

    def deliver_due(self, name: str, *, ended: threading.Event | None = None) -> int:
        """Deliver some of what is due for this receiver; return how many arrived.

        Nothing more is begun once it has *ended*.

        Raises:
            StoreBusy, StoreUnusable: Some may be left for the next time.
        """
        self.note()
        arrived, tries, until = 0, BITE * MOST_TRIES, self._clock() + ROUND_SECONDS
        while arrived < BITE and tries > 0:
            bite = min(BITE - arrived, tries)
            due = self._vault.store.due_notifications(self._vault.client_id, name, bite)
            if not due:
                break
            for each in due:
                if self._clock() >= until or (ended is not None and ended.is_set()):
                    return arrived
                is_there, goes_on = self._delivery.attempt(self._receivers[name], each)
                if is_there:
                    arrived += 1
                    self._arrived.append(name)
                if not goes_on:
                    return arrived
            tries -= len(due)
        return arrived

    def sweep(self) -> None:
        """Give up what is owed for too long, and forget receivers that no process has any more.

        Raises:
            StoreBusy, StoreUnusable: Some is left for the next time.
        """
        self._sweep_at = self._clock() + SWEEP_SECONDS
        self._delivery.sweep(self.names)

    def close(self) -> None:
        """Deliver what is due, in a few seconds, and end; it can be used again.

        A receiver that hangs is left to itself. What it was told is told again, by whichever
        process, once the claim of this one is over.
        """
        self.beat.stop()
        is_over = self.background.join(self._close_seconds / 2)
        if not is_over:
            self._ended.set()
            is_over = self.background.join(self._close_seconds / 2)
        self._ended = threading.Event()
        if not is_over:
            log.warning("a receiver of events is at it still; what it was told is told again later")


def _close_at_exit(reference: "weakref.ref[Deliveries]") -> None:
    # A script that changes something and ends without closing its broker is heard of all the same.
    deliveries = reference()
    if deliveries is not None:
        deliveries.close()
