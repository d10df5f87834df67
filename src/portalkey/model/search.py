"""Searches of whoever runs the app: which connections, attempts and events, in pages.

A cursor says where the next page begins, as one opaque word.
"""

import hashlib
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypedDict

from portalkey.model.attempt import Attempt, AttemptStatus
from portalkey.model.connection import Connection, ConnectionStatus, is_storable
from portalkey.model.events import Event

MOST = 1000
"""Rows of a page, at most."""
_WRONG = (
    "This cursor was given for another search, or by nothing at all. Begin without one, and hand "
    "each page's cursor on with the same arguments."
)


class Narrowing(TypedDict, total=False):
    """Arguments that narrow a search for connections; ``key`` is a label."""

    owner: str | None
    hub_id: int | None
    domain: str | None
    status: str | None
    key: str | None
    connected_before: datetime | None


@dataclass(frozen=True, slots=True)
class ConnectionSearch:
    """The connections of an app that agree with all that is named here.

    Without a ``status`` they are those that are not disconnected.
    """

    client_id: str
    owner: str | None = None
    hub_id: int | None = None
    domain: str | None = None
    status: ConnectionStatus | None = None
    key_name: str | None = None
    connected_before: datetime | None = None

    def finds(self, row: Connection) -> bool:
        """Return True where *row* is one of them."""
        named = (
            (self.owner, row.owner),
            (self.hub_id, row.hub_id),
            (self.domain, row.account.hub_domain),
            (self.key_name, row.sealed.key_name if row.sealed else None),
        )
        before = self.connected_before
        return (
            row.client_id == self.client_id
            and self._has_status(row)
            and all(asked in {None, found} for asked, found in named)
            and (before is None or row.connected_at < before)
        )

    def _has_status(self, row: Connection) -> bool:
        if self.status is None:
            return row.status is not ConnectionStatus.DISCONNECTED
        return row.status is self.status


@dataclass(frozen=True, slots=True)
class ConnectionPage:
    """Connections in the order of their ids, and the ``cursor`` of the next page, if there is one.

    The cursor is for whoever gave it, and means nothing to anybody else.
    """

    connections: Sequence[Connection]
    cursor: str | None = None


@dataclass(frozen=True, slots=True, order=True)
class EventPlace:
    """The place of an event in the audit: its time in seconds since 1970, and its number then."""

    at: float = 0.0
    number: int = -1


END = EventPlace(1e15, 0)
"""Behind all events, in a time that no clock shows."""

PlacedEvent = tuple[EventPlace, Event]
"""An event, and its place in the audit."""


@dataclass(frozen=True, slots=True)
class EventSearch:
    """The events behind a place that agree with all that is named here.

    ``until`` is a time in seconds since 1970; later events are left out. Where it ``is_backward``
    the newest come first, and those behind a place are the older ones.
    """

    after: EventPlace = EventPlace()
    until: float | None = None
    owner: str | None = None
    connection_id: str | None = None
    is_backward: bool = False

    def finds(self, place: EventPlace, event: Event) -> bool:
        """Return True where the *event* at *place* is one of them."""
        return (
            (place < self.after if self.is_backward else place > self.after)
            and (self.until is None or place.at <= self.until)
            and self.owner in {None, event.owner}
            and self.connection_id in {None, event.connection_id}
        )


@dataclass(frozen=True, slots=True)
class EventPage:
    """Events in their order, and the ``cursor`` behind the last of them; None where none came yet.

    A page that is not full is the last one for now: what happens later comes behind its cursor,
    where the oldest come first.
    """

    events: Sequence[Event]
    cursor: str | None = None
    is_full: bool = False


@dataclass(frozen=True, slots=True, order=True)
class AttemptPlace:
    """The place of an attempt: when it began, in seconds since 1970, and its id."""

    at: float = END.at
    id: str = ""


@dataclass(frozen=True, slots=True)
class AttemptSearch:
    """The attempts before a place that agree with all that is named here, the newest first.

    ``since`` is a time in seconds since 1970; what began earlier is left out.
    """

    before: AttemptPlace = AttemptPlace()
    since: float | None = None
    owner: str | None = None
    status: AttemptStatus | None = None

    def finds(self, attempt: Attempt) -> bool:
        """Return True where *attempt*, as it stands now, is one of them."""
        return (
            place_of(attempt) < self.before
            and (self.since is None or attempt.created_at.timestamp() >= self.since)
            and self.owner in {None, attempt.owner}
            and self.status in {None, attempt.status}
        )


@dataclass(frozen=True, slots=True)
class AttemptPage:
    """Attempts, the newest first, and the ``cursor`` of the next page, if there is one."""

    attempts: Sequence[Attempt]
    cursor: str | None = None


def place_of(attempt: Attempt) -> AttemptPlace:
    """Return the place of *attempt*."""
    return AttemptPlace(attempt.created_at.timestamp(), attempt.id)


def write_cursor(search: object, place: Sequence[object]) -> str:
    """Return the word for *place* in what *search* finds."""
    text = json.dumps([_name(search), *place])
    return urlsafe_b64encode(text.encode()).decode().rstrip("=")


def read_cursor(search: object, cursor: str, *kinds: type) -> list[Any]:
    """Return the place that *cursor* says, whose parts are of these *kinds*.

    Raises:
        ValueError: It was not given for *search*; the message says what to do.
    """
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        name, *place = json.loads(urlsafe_b64decode(padded.encode("ascii")))
    except (ValueError, TypeError, AttributeError, RecursionError):
        name, place = None, []
    is_ours = name == _name(search) and list(map(type, place)) == list(kinds)
    if not is_ours or not all(is_storable(part) for part in place if isinstance(part, str)):
        raise ValueError(_WRONG)
    return list(place)


def _name(search: object) -> str:
    return hashlib.sha256(repr(search).encode("utf-8", "backslashreplace")).hexdigest()[:12]
