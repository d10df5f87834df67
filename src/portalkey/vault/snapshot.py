"""Everything in a store, as one value."""

from dataclasses import dataclass

from portalkey.model.attempt import Attempt
from portalkey.model.connection import Connection
from portalkey.model.counters import Counter
from portalkey.model.events import Event
from portalkey.model.invitation import Invitation
from portalkey.model.notifications import Notification
from portalkey.model.throttle import Throttle
from portalkey.vault.store import OwedRevocation


@dataclass(frozen=True, slots=True)
class ThrottleRow:
    """The throttle of the token endpoint for the app of this ``client_id``."""

    client_id: str
    state: Throttle


@dataclass(frozen=True, slots=True)
class MetaRow:
    """A value, and the name that it is kept under."""

    id: str
    value: str


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Rows of every kind, in the order in which they came."""

    connections: tuple[Connection, ...] = ()
    attempts: tuple[Attempt, ...] = ()
    invitations: tuple[Invitation, ...] = ()
    outbox: tuple[OwedRevocation, ...] = ()
    notifications: tuple[Notification, ...] = ()
    provider: tuple[ThrottleRow, ...] = ()
    events: tuple[Event, ...] = ()
    counters: tuple[Counter, ...] = ()
    meta: tuple[MetaRow, ...] = ()
