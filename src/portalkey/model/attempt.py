"""One person's try at connecting, from click to end.

Only the server moves an attempt, along ``MOVES``, and every end is final.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime, timedelta
from enum import StrEnum


class AttemptStatus(StrEnum):
    """The states of an attempt."""

    STARTED = "started"
    AT_HUBSPOT = "at_hubspot"
    RETURNED = "returned"
    EXCHANGING = "exchanging"
    ASKING = "asking"
    CONNECTED = "connected"
    FAILED = "failed"
    CANCELLED = "cancelled"
    EXPIRED = "expired"


def read_reference(text: str) -> str:
    """Return the id in *text*, which may be all of a page's line: ``EFCY... · declined``."""
    return next(iter(text.replace("·", " ").split()), "")


_S = AttemptStatus
_ENDED_EARLY = frozenset({_S.CANCELLED, _S.EXPIRED, _S.FAILED})

MOVES: Mapping[AttemptStatus, frozenset[AttemptStatus]] = {
    _S.STARTED: _ENDED_EARLY | {_S.AT_HUBSPOT},
    _S.AT_HUBSPOT: _ENDED_EARLY | {_S.RETURNED, _S.EXCHANGING},
    _S.RETURNED: _ENDED_EARLY | {_S.EXCHANGING},
    # A cancel during the exchange wins at commit.
    _S.EXCHANGING: frozenset({_S.ASKING, _S.CONNECTED, _S.FAILED, _S.CANCELLED}),
    _S.ASKING: _ENDED_EARLY | {_S.CONNECTED},
    _S.CONNECTED: frozenset(),
    _S.FAILED: frozenset(),
    _S.CANCELLED: frozenset(),
    _S.EXPIRED: frozenset(),
}

ENDS = frozenset(status for status, onward in MOVES.items() if not onward)
OPEN = frozenset(_S) - ENDS
"""An open attempt can still be moved."""
EXPIRES = frozenset(status for status, onward in MOVES.items() if _S.EXPIRED in onward)
"""States that end when the person's time is up; an exchange has ``EXCHANGE_SECONDS`` instead."""
CLAIMABLE = frozenset(status for status, onward in MOVES.items() if _S.EXCHANGING in onward)
"""States from which a code may be exchanged."""

EXCHANGE_SECONDS = 60
"""Seconds after which an exchange is taken to have died with its process: ``INTERRUPTED``."""

RETURNED_SECONDS = 60
"""Seconds that a sealed code waits for the browser to come back with the host's session."""

ASKING_SECONDS = 120
"""Seconds that a person has at least to say whether another account is the one that is meant."""

DELIVER_SECONDS = 60
"""Seconds after an attempt's end in which its access token may be asked for, once."""

OWNER_TIMES = 10
"""An owner may do so many times what one browser may: one member's browser locks out no team."""
MINUTE = 60
"""Seconds that exchanges are counted in."""

NOBODY = ""
"""The owner of an install that nobody has claimed yet: no app may name one so."""

INTERRUPTED = "interrupted"
"""The error code of an attempt whose process died during the exchange."""

LINK = "link"
"""The check that failed where a link would have taken something from a working connection."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """A row of the attempts table.

    ``id`` is a name that people can quote, never an authority. The hashes are SHA-256 in hex of
    the state, of the attempt's cookie and of the random value in the host's session
    (``browser_hash``). ``opener_origin`` is empty where no page waits for a popup. Times are UTC by
    the store's clock; ``seen_at`` is that clock's now at the moment the row was read. ``error`` is
    the code of a ``PortalkeyError``, or ``INTERRUPTED``. ``delivered_at`` is when the opening page
    received its access token, where the app allows that at all. ``person`` is who of the owner
    began it, where the app tells people apart. ``failed_check`` names what was another's when its
    code came back: see ``authorization.find_difference``; or it is ``LINK``. ``last_hub_id`` is the
    account that the owner had last when it was begun, where another one is asked about before it is
    attached; while that is ``ASKING``, ``sealed_grant`` is what HubSpot gave. ``scopes`` are those
    that it asks for beyond the settings'; None is none. ``invitation_id`` is the link by which
    somebody without a login began it: then, and then only, its cookie stands for owner and session.
    ``pending_until`` is set where an install that begins at HubSpot may wait for somebody's yes,
    for so long at most; one that nobody has begun in the app belongs to ``NOBODY`` till then, and
    ``expected_hub_id`` is the account that HubSpot has granted.
    """

    id: str
    owner: str
    state_hash: str = field(repr=False)
    cookie_hash: str = field(repr=False)
    browser_hash: str = field(repr=False)
    sealed_verifier: str | None = field(repr=False)
    redirect_uri: str
    opener_origin: str
    next: str
    language: str
    created_at: datetime
    expires_at: datetime
    seen_at: datetime
    expected_hub_id: int | None = None
    sealed_code: str | None = field(default=None, repr=False)
    status: AttemptStatus = AttemptStatus.STARTED
    error: str | None = None
    connection_id: str | None = None
    claimed_at: datetime | None = None
    ended_at: datetime | None = None
    delivered_at: datetime | None = None
    person: str | None = None
    failed_check: str | None = None
    last_hub_id: int | None = None
    sealed_grant: str | None = field(default=None, repr=False)
    scopes: tuple[str, ...] | None = None
    invitation_id: str | None = None
    pending_until: datetime | None = None

    @property
    def is_install(self) -> bool:
        """True where it begins at HubSpot: only a yes attaches it, whichever account it is."""
        return self.pending_until is not None

    @property
    def is_pending(self) -> bool:
        """True for an install that HubSpot has granted, and that waits for somebody's yes."""
        return self.is_install and self.status is AttemptStatus.ASKING

    @property
    def is_deliverable(self) -> bool:
        """True while the opening page may still receive the access token."""
        if self.status is not AttemptStatus.CONNECTED or self.ended_at is None:
            return False
        until = self.ended_at + timedelta(seconds=DELIVER_SECONDS)
        return self.delivered_at is None and self.seen_at <= until

    @property
    def is_open(self) -> bool:
        """True while the attempt has not ended."""
        return self.status in OPEN

    def bears(self, prefix: str) -> bool:
        """Return True where a sealed value of the row begins with *prefix*."""
        return any((getattr(self, name) or "").startswith(prefix) for name in SEALED)


SEALED = tuple(each.name for each in fields(Attempt) if each.name.startswith("sealed_"))
"""Fields that hold what a key has sealed."""
