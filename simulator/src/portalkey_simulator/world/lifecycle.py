"""Installs and uninstalls, and the apps that subscribed to them."""

import itertools
import threading
import uuid
from dataclasses import dataclass
from typing import Literal, TypeAlias

from portalkey_simulator.world.clock import Clock
from portalkey_simulator.world.installs import Agreement

Action: TypeAlias = Literal["APP_INSTALL", "APP_UNINSTALL"]

EVENT_TYPES: dict[str, Action] = {"4-1909196": "APP_INSTALL", "4-1916193": "APP_UNINSTALL"}
"""HubSpot's names for the two, in subscriptions
(https://developers.hubspot.com/docs/api-reference/latest/webhooks-journal/guide)."""

RETENTION = 3 * 86_400
"""The seconds that a journal goes back, about
(https://github.com/usertour/usertour, hubspot-journal.service.ts)."""


@dataclass(frozen=True, slots=True)
class Event:
    """One app came to an account or left it; ``at`` is in seconds since 1970 in UTC.

    ``offset`` is its place in the journal, a UUID. ``is_in_journal``: whether the app had
    subscribed by then.
    """

    action: Action
    client_id: str
    hub_id: int
    user_id: int
    is_user_level: bool
    at: float
    offset: str = ""
    is_in_journal: bool = False


@dataclass(frozen=True, slots=True)
class Subscription:
    """An app's subscription to one type of event; ``at`` is in seconds since 1970 in UTC."""

    number: int
    client_id: str
    event_type: str
    at: float


class Lifecycle:
    """Events, oldest first, and subscriptions to them."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._events: list[Event] = []
        self._subscriptions: dict[int, Subscription] = {}
        self._numbers = itertools.count(1)

    @property
    def events(self) -> tuple[Event, ...]:
        """Every event so far, oldest first."""
        with self._lock:
            return tuple(self._events)

    def clear(self) -> None:
        """Forget events and subscriptions."""
        with self._lock:
            self._events.clear()
            self._subscriptions.clear()
            self._numbers = itertools.count(1)

    def note(self, action: Action, agreement: Agreement) -> None:
        """Note that this happened to what *agreement* is about."""
        with self._lock:
            self._events.append(
                Event(
                    action,
                    agreement.client_id,
                    agreement.account.hub_id,
                    agreement.user.user_id,
                    agreement.is_user_level,
                    self._clock.now(),
                    str(uuid.uuid4()),
                    any(
                        (one.client_id, EVENT_TYPES[one.event_type])
                        == (agreement.client_id, action)
                        for one in self._subscriptions.values()
                    ),
                )
            )

    def list_journal(self, client_id: str, after: str | None = None) -> tuple[Event, ...]:
        """List the entries of this app's journal, oldest first.

        *after* is the offset of an entry; what came up to it is left out, and everything where
        the app never had such an entry.
        """
        oldest = self._clock.now() - RETENTION
        entries = [one for one in self.events if one.is_in_journal and one.client_id == client_id]
        if after is not None:
            offsets = [one.offset for one in entries]
            entries = entries[offsets.index(after) + 1 :] if after in offsets else []
        return tuple(one for one in entries if one.at > oldest)

    def subscribe(self, client_id: str, event_type: str) -> Subscription:
        """Subscribe the app to these events; return its subscription where it has one.

        Raises:
            KeyError: There are no such events; ``EVENT_TYPES`` has those that are.
        """
        EVENT_TYPES[event_type]
        with self._lock:
            for one in self._subscriptions.values():
                if (one.client_id, one.event_type) == (client_id, event_type):
                    return one
            one = Subscription(next(self._numbers), client_id, event_type, self._clock.now())
            self._subscriptions[one.number] = one
            return one

    def list_subscriptions(self, client_id: str) -> tuple[Subscription, ...]:
        """List the subscriptions of this app, oldest first."""
        with self._lock:
            return tuple(one for one in self._subscriptions.values() if one.client_id == client_id)

    def unsubscribe(self, client_id: str, number: int) -> bool:
        """End a subscription; return False where the app has none of this number."""
        with self._lock:
            subscription = self._subscriptions.get(number)
            if subscription is None or subscription.client_id != client_id:
                return False
            del self._subscriptions[number]
            return True
