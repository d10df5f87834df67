"""HubSpot's webhooks journal as values: its entries, and how far they were read. Pure."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, Self

from portalkey.model.connection import Connection

DOUBT = timedelta(seconds=15)
"""A connection that was made so shortly before an uninstall may be one that came after it."""
META_NAME = "journal "
"""The state's name in the store begins so, and ends with the app's client id."""
MOST_REMEMBERED = 1000
"""So many entries are remembered, the last ones: one that comes again is not noted twice."""


class JournalKind(StrEnum):
    """The kinds of entries that mean something here."""

    INSTALLED = "installed"
    UNINSTALLED = "uninstalled"


@dataclass(frozen=True, slots=True)
class JournalEntry:
    """The app came to an account or left it; ``at`` is UTC by HubSpot's clock.

    ``user_id`` is the user whose install it was, of an app that every user installs for themselves;
    None where it is the whole account's.
    """

    kind: JournalKind
    hub_id: int
    at: datetime
    user_id: int | None = None

    @property
    def mark(self) -> str:
        """A short text that is the same for the same entry, however often HubSpot sends it."""
        what = f"{self.kind} {self.hub_id} {self.at.isoformat()} {self.user_id}"
        return hashlib.sha256(what.encode()).hexdigest()[:10]

    def ends(self, row: Connection, ahead: timedelta) -> bool:
        """Return True where this uninstall ends the connection *row*.

        It does where the row was connected before it: whoever connects again later stays. The row's
        time is the store's, the entry's HubSpot's, and *ahead* is by how much HubSpot's clock was
        ahead of the store's. Within ``DOUBT`` nobody can tell, and the row stays: HubSpot says at
        the next renewal what is true.
        """
        if self.kind is not JournalKind.UNINSTALLED or not row.is_authenticated:
            return False
        if self.user_id is not None and self.user_id != row.account.hub_user_id:
            return False
        return row.connected_at + ahead + DOUBT < self.at

    def no_later_than(self, moment: datetime) -> "JournalEntry":
        """Return the entry as of *moment* where it is dated later: nothing is told beforehand."""
        return replace(self, at=min(self.at, moment))


@dataclass(frozen=True, slots=True)
class JournalState:
    """Progress of the readers of one app's journal. All moments are the store's but ``event_at``.

    ``offset`` is HubSpot's name for the last page that was read; without one reading begins at the
    earliest. ``read_at`` is when HubSpot last answered, ``is_caught_up`` whether there was nothing
    more then. ``tried_at`` is when somebody last tried. ``page_at`` and ``event_at`` are when
    HubSpot published the last page, and when its last entry happened. ``error`` is the code of the
    trouble that reading stands still for since ``error_at``, ``failures`` how often one file could
    not be read, ``skipped`` how many were left out. ``seen`` are the marks of the last entries.
    ``holder`` alone may read until the moment ``until``.
    """

    offset: str | None = None
    read_at: datetime | None = None
    is_caught_up: bool = False
    tried_at: datetime | None = None
    page_at: datetime | None = None
    event_at: datetime | None = None
    pages: int = 0
    entries: int = 0
    error: str | None = None
    error_at: datetime | None = None
    failures: int = 0
    skipped: int = 0
    seen: tuple[str, ...] = ()
    holder: str | None = None
    until: datetime | None = None

    @classmethod
    def parse(cls, text: str | None) -> Self:
        """Return the state that *text* says; a new one where there is none."""
        known: dict[str, Any] = json.loads(text) if text else {}
        values = {name: value for name, value in known.items() if name in _FIRST}
        for name in _MOMENTS & values.keys():
            values[name] = datetime.fromisoformat(values[name]) if values[name] else None
        if "seen" in values:
            values["seen"] = tuple(values["seen"])
        return cls(**values)

    def dump(self) -> str:
        """Return the state as a text; what is as at the beginning is left out."""
        # Not asdict(), which copies every value first; each page that is read comes by here.
        values = {name: getattr(self, name) for name in _FIRST}
        said = {name: value for name, value in values.items() if value != _FIRST[name]}
        for name in _MOMENTS & said.keys():
            said[name] = said[name].isoformat() if said[name] else None
        return json.dumps(said)

    def remember(self, entries: Sequence[JournalEntry]) -> "JournalState":
        """Return the state with the marks of *entries*."""
        marks = (*self.seen, *(each.mark for each in entries))
        return replace(self, seen=tuple(dict.fromkeys(marks))[-MOST_REMEMBERED:])

    def is_held_by_another(self, now: datetime) -> bool:
        """Return True while somebody reads, or did until a moment ago and said nothing since."""
        return self.holder is not None and self.until is not None and now < self.until

    def was_tried(self, seconds: float, now: datetime) -> bool:
        """Return True where somebody read all there was, or met trouble, so few seconds ago."""
        if self.tried_at is None or not (self.is_caught_up or self.error):
            return False
        return 0 <= (now - self.tried_at).total_seconds() < seconds

    def lag(self, now: datetime) -> float | None:
        """Return how many seconds the reader is behind at most; None where it never read."""
        since = self.complete_until
        return None if since is None else max(0.0, (now - since).total_seconds())

    @property
    def complete_until(self) -> datetime | None:
        """The moment up to which everything was read, as far as is known."""
        return self.read_at if self.is_caught_up or self.page_at is None else self.page_at


_FIRST: Mapping[str, object] = {field.name: field.default for field in fields(JournalState)}


@dataclass(frozen=True, slots=True)
class JournalRound:
    """One look at the journal: pages that were read, and what was done for their entries."""

    pages: int = 0
    ended: int = 0
    installed: int = 0

    def __add__(self, other: "JournalRound") -> "JournalRound":
        """Return what both came to."""
        return JournalRound(
            self.pages + other.pages,
            self.ended + other.ended,
            self.installed + other.installed,
        )


_MOMENTS = frozenset({"read_at", "tried_at", "page_at", "event_at", "error_at", "until"})


def read_moment(value: object) -> datetime | None:
    """Return the moment that HubSpot writes as *value*: ISO 8601 with a zone, or milliseconds."""
    try:
        if isinstance(value, str):
            moment = datetime.fromisoformat(value)
        elif type(value) is int:
            moment = datetime.fromtimestamp(value / 1000, UTC)
        else:
            return None
        # In UTC, so that one moment is one mark, whichever zone it is written in.
        utc = None if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError, OSError):
        return None
    return utc if utc is not None and utc.year in _YEARS else None


_YEARS = range(2006, 9000)
"""HubSpot is no older; and no sum of a moment and seconds is too large before the end."""
