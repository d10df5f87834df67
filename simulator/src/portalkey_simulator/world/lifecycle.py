"""Installs and uninstalls, and the apps that subscribed to them."""

import itertools
import threading
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from portalkey_simulator.world.clock import Clock
from portalkey_simulator.world.installs import Agreement

Action: TypeAlias = Literal["APP_INSTALL", "APP_UNINSTALL"]

EVENT_TYPES: dict[str, Action] = {"4-1909196": "APP_INSTALL", "4-1916193": "APP_UNINSTALL"}
"""HubSpot's names for the two, in subscriptions
(https://developers.hubspot.com/docs/api-reference/latest/webhooks-journal/guide)."""

FILTER_TYPES = ("CRM_OBJECT_PROPERTY",)
OPERATORS = (
    *("CONTAINS", "ENDS_WITH", "EQ", "GT", "GTE", "IN", "IS_EMPTY", "IS_NOT_EMPTY"),
    *("LT", "LTE", "N_EQ", "NOT_IN", "STARTS_WITH"),
)
"""Kinds of conditions of a filter, and operators that they compare by."""

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


@dataclass(frozen=True, slots=True)
class Filter:
    """A filter of the ``subscription`` of this number; ``at`` is in seconds since 1970 in UTC."""

    number: int
    subscription: int
    conditions: tuple[Mapping[str, Any], ...]
    at: float


class Lifecycle:
    """Events, oldest first, subscriptions to them, and these subscriptions' filters."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._events: list[Event] = []
        self._subscriptions: dict[int, Subscription] = {}
        self._filters: dict[int, Filter] = {}
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
            self._filters.clear()
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

    def list_journal(self, client_id: str, after: str | None = None) -> tuple[Event, ...] | None:
        """List the entries of this app's journal, oldest first.

        *after* is the offset of an entry; what came up to it is left out. None where the journal
        has no such entry, or not any more.
        """
        oldest = self._clock.now() - RETENTION
        own = [one for one in self.events if one.is_in_journal and one.client_id == client_id]
        entries = tuple(one for one in own if one.at > oldest)
        if after is None:
            return entries
        offsets = [one.offset for one in entries]
        return entries[offsets.index(after) + 1 :] if after in offsets else None

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
            left = [one for one in self._filters.values() if one.subscription != number]
            self._filters = {one.number: one for one in left}
            return True

    def add_filter(
        self, client_id: str, subscription: int, conditions: Iterable[Mapping[str, Any]]
    ) -> Filter | None:
        """Add a filter to a subscription; return None where the app has none of this number."""
        with self._lock:
            known = self._subscriptions.get(subscription)
            if known is None or known.client_id != client_id:
                return None
            number = next(self._numbers)
            one = Filter(number, subscription, tuple(conditions), self._clock.now())
            self._filters[number] = one
            return one

    def list_filters(self, client_id: str) -> tuple[Filter, ...]:
        """List the filters of this app's subscriptions, oldest first."""
        own = {one.number for one in self.list_subscriptions(client_id)}
        with self._lock:
            return tuple(one for one in self._filters.values() if one.subscription in own)

    def remove_filter(self, number: int) -> None:
        """Take the filter of this *number* away."""
        with self._lock:
            self._filters.pop(number, None)
