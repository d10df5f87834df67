"""Notifications: what a receiver has still to hear of, one for each change and receiver.

They are written in the transaction of the change, and go once the receiver has it: so it is told
at least once, and under the same id each time.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from portalkey.model.connection import ConnectionStatus
from portalkey.model.events import Event, EventName, Fact

WEBHOOK = "webhook"
"""The name of the receiver at ``PORTALKEY_WEBHOOK_URL``."""
NAME = re.compile(r"[a-z0-9][a-z0-9_.-]{0,63}")
"""Names that receivers may have."""

_STATUSES: Mapping[EventName, ConnectionStatus | None] = {
    EventName.CONNECTED: ConnectionStatus.CONNECTED,
    EventName.RECONNECTED: ConnectionStatus.CONNECTED,
    EventName.HEALED: ConnectionStatus.CONNECTED,
    EventName.SCOPES_CHANGED: ConnectionStatus.CONNECTED,
    EventName.NEEDS_RECONNECT: ConnectionStatus.NEEDS_RECONNECT,
    EventName.DISCONNECTED: ConnectionStatus.DISCONNECTED,
    EventName.INSTALL_SHARED: None,
    EventName.UNINSTALLED: None,
    EventName.OWNER_ERASED: None,
    EventName.NO_KEY_OPENS: None,
    EventName.BREAKER_OPENED: None,
    EventName.BREAKER_CLOSED: None,
}
NOTIFIED = frozenset(_STATUSES)
"""Events that receivers hear of."""
_BREAKER = frozenset({EventName.BREAKER_OPENED, EventName.BREAKER_CLOSED})
EVENT_ID = "evt_{}_{}"
"""The id of an event: microseconds since 1970, and its number then."""
_EVENT_ID = re.compile(r"evt_(?P<at>[0-9]{1,17})_(?P<number>[0-9]{1,18})")
_MICROSECONDS = 1_000_000


@dataclass(frozen=True, slots=True)
class Subject:
    """The app that an event is of, and the HubSpot account, if it is of one."""

    client_id: str
    hub_id: int | None = None


@dataclass(frozen=True, slots=True)
class Notification:
    """One change that one ``receiver`` has still to hear of.

    Of one ``lane`` the lowest ``number`` goes first, and holds up the others. ``tries`` counts
    those that failed. ``event_id`` is the same for every receiver, and in every repeat. It is owed
    since ``owed_at``, which is the time of the change, or of the last ``notify_again``. Whoever
    delivers it knows its ``claim`` by heart: a later one ends it.
    """

    id: str
    client_id: str
    receiver: str
    lane: str
    number: int
    event_id: str
    name: EventName
    at: datetime
    due_at: datetime
    tries: int
    owner: str | None = None
    connection_id: str | None = None
    attempt_id: str | None = None
    hub_id: int | None = None
    facts: Mapping[str, Fact] = field(default_factory=dict)
    owed_at: datetime | None = None
    claim: str | None = None

    @property
    def event(self) -> Event:
        """The event, as the audit has it."""
        return Event(
            self.name,
            self.owner,
            self.attempt_id,
            self.connection_id,
            self.facts,
            at=self.at,
            id=self.event_id,
        )


@dataclass(frozen=True, slots=True)
class Waiting:
    """The number of notifications that wait for a receiver, and since when the oldest is owed."""

    number: int
    oldest: datetime


def build_notification(
    event: Event, number: int, subject: Subject, receiver: str, due_at: datetime
) -> Notification:
    """Return the notification of an *event* that is in the audit, as the *number* of its lane."""
    assert event.id is not None  # noqa: S101 - tells the type checker
    assert event.at is not None  # noqa: S101 - as above
    hub_id = event.facts.get("hub_id", subject.hub_id)
    return Notification(
        id=f"{receiver} {event.id}",
        client_id=subject.client_id,
        receiver=receiver,
        lane=_choose_lane(event, event.id),
        number=number,
        event_id=event.id,
        name=event.name,
        at=event.at,
        due_at=due_at,
        tries=0,
        owner=event.owner,
        connection_id=event.connection_id,
        attempt_id=event.attempt_id,
        hub_id=hub_id if isinstance(hub_id, int) else None,
        facts=event.facts,
        owed_at=due_at,
    )


def _choose_lane(event: Event, otherwise: str) -> str:
    """Return what an event keeps its order with: a connection's others, or else hardly any."""
    if event.connection_id is not None:
        return event.connection_id
    return "breaker" if event.name in _BREAKER else otherwise


ERASED: Mapping[str, Fact] = {"erased": True}
"""The facts of a notification whose owner is erased."""


def strip_notification(notification: Notification) -> Notification:
    """Return *notification* without whatever tells of its owner."""
    return replace(
        notification,
        lane=notification.event_id,
        owner=None,
        connection_id=None,
        attempt_id=None,
        hub_id=None,
        facts=ERASED,
    )


def write_event_id(at: datetime, number: int) -> str:
    """Return the id of the event that stands at this place of the audit."""
    return EVENT_ID.format(round(at.timestamp() * _MICROSECONDS), number)


def read_event_id(text: str) -> tuple[datetime, int] | None:
    """Return the place of the event that has this id; None where no event has such an id."""
    parts = _EVENT_ID.fullmatch(text)
    if parts is None:
        return None
    at = datetime.fromtimestamp(int(parts["at"]) / _MICROSECONDS, UTC)
    return at, int(parts["number"])


def write_body(notification: Notification) -> bytes:
    """Return the body of a webhook, as Standard Webhooks has it: type, timestamp and data."""
    status, error = _STATUSES.get(notification.name), notification.facts.get("error")
    body = {
        "type": notification.name.value,
        "timestamp": notification.at.isoformat(timespec="microseconds"),
        "data": {
            "owner": notification.owner,
            "connection_id": notification.connection_id,
            "attempt_id": notification.attempt_id,
            "hub_id": notification.hub_id,
            "status": None if status is None else status.value,
            "reason": error if isinstance(error, str) else None,
            "facts": dict(notification.facts),
        },
    }
    # In ASCII: a fact may hold half a character, which no other encoding has.
    return json.dumps(body, separators=(",", ":")).encode()
