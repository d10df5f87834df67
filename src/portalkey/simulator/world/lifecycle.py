"""Installs and uninstalls, as HubSpot's webhooks journal tells of them."""

import threading
from dataclasses import dataclass
from typing import Literal, TypeAlias

from portalkey.simulator.world.clock import Clock
from portalkey.simulator.world.installs import Agreement

Action: TypeAlias = Literal["APP_INSTALL", "APP_UNINSTALL"]


@dataclass(frozen=True, slots=True)
class Event:
    """One app came to an account or left it; ``at`` is in seconds since 1970 in UTC."""

    action: Action
    client_id: str
    hub_id: int
    user_id: int
    is_user_level: bool
    at: float


class Lifecycle:
    """What happened so far, oldest first."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._events: list[Event] = []

    @property
    def events(self) -> tuple[Event, ...]:
        """Every event so far, oldest first."""
        with self._lock:
            return tuple(self._events)

    def note(self, action: Action, agreement: Agreement) -> None:
        """Note that this happened to what was agreed to."""
        event = Event(
            action,
            agreement.client_id,
            agreement.account.hub_id,
            agreement.user.user_id,
            agreement.is_user_level,
            self._clock.now(),
        )
        with self._lock:
            self._events.append(event)
