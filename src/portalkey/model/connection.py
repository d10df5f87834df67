"""Connections: an owner's lasting ties to HubSpot accounts, and the grants that they hold."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TypeGuard

from pydantic import SecretStr

from portalkey.errors import AccountNotNamed, NotConnected


@dataclass(frozen=True, slots=True)
class Grant:
    """The open tokens of one token response.

    ``expires_in`` counts seconds from the moment the request was *sent*. ``scopes`` is None where
    the answer did not name any, and ``refresh_token`` is None where HubSpot left it out (then the
    old one stays valid; RFC 6749 section 6).
    """

    access_token: SecretStr
    refresh_token: SecretStr | None
    expires_in: int
    scopes: tuple[str, ...] | None = None
    hub_id: int | None = None
    hub_user_id: int | None = None


@dataclass(frozen=True, slots=True)
class SealedGrant:
    """Both tokens, sealed, as they stand in a row.

    ``fingerprint`` identifies the refresh token: equal for equal tokens under one key, and
    meaningless without it. ``key_name`` is the label of the key that sealed all three.
    """

    access: str = field(repr=False)
    refresh: str = field(repr=False)
    fingerprint: str = field(repr=False)
    key_name: str


class ConnectionStatus(StrEnum):
    """The states of a connection."""

    CONNECTED = "connected"
    FAILING = "failing"
    NEEDS_RECONNECT = "needs_reconnect"
    DISCONNECTED = "disconnected"


MOST_OWNER_BYTES = 1000
"""Bytes of an owner in UTF-8; PostgreSQL indexes no more than 2,704 in all."""

_HALF = re.compile("[\ud800-\udfff]")

SET_BACK = timedelta(seconds=60)
"""Time ahead of a clock at which it is taken to have been set back."""

_S = ConnectionStatus

MOVES: Mapping[ConnectionStatus, frozenset[ConnectionStatus]] = {
    _S.CONNECTED: frozenset({_S.FAILING, _S.NEEDS_RECONNECT, _S.DISCONNECTED}),
    _S.FAILING: frozenset({_S.CONNECTED, _S.NEEDS_RECONNECT, _S.DISCONNECTED}),
    # Reconnecting writes a new grant over either of these, at the next generation.
    _S.NEEDS_RECONNECT: frozenset({_S.CONNECTED, _S.DISCONNECTED}),
    _S.DISCONNECTED: frozenset({_S.CONNECTED}),
}

AUTHENTICATED = frozenset({_S.CONNECTED, _S.FAILING})
"""The states in which a connection can hand out a token."""


@dataclass(frozen=True, slots=True)
class Account:
    """The HubSpot account behind a grant, as far as HubSpot named it.

    ``hub_domain`` is the customer's website; links into HubSpot use ``ui_domain``. ``user_email``
    is the address of the person who agreed at HubSpot. Sources: token response, token
    introspection, account info.
    """

    hub_id: int
    hub_user_id: int | None = None
    user_email: str | None = None
    hub_domain: str | None = None
    account_type: str | None = None
    time_zone: str | None = None
    currency: str | None = None
    ui_domain: str | None = None
    data_hosting: str | None = None

    @property
    def name(self) -> str:
        """The domain, which people know it by, or the id where HubSpot named none."""
        return self.hub_domain or str(self.hub_id)

    def fill_from(self, earlier: "Account") -> "Account":
        """Return the same account, with the facts of *earlier* where this one has none."""
        facts = {name: value for name, value in asdict(self).items() if value is not None}
        return replace(earlier, **facts)


@dataclass(frozen=True, slots=True)
class Connection:
    """A row of the connections table: one owner's tie to one account.

    ``sealed`` is None once disconnected. ``generation`` grows with every new grant and every
    disconnect, so that a late writer notices. Times are UTC by the store's clock; ``seen_at`` is
    that clock's now at the moment the row was read, and ``updated_at`` is since when it has its
    grant and its status.

    ``scopes`` is None where nobody has named them yet: unknown, and not none. A store may keep an
    empty list for that, as an older portalkey did; no grant of HubSpot's is without any.

    ``granted_at`` is when the request for the access token was sent. Whoever renews the grant holds
    the lease ``lease_id`` until ``lease_until``; ``lease_fence`` counts leases.
    ``unanswered_since`` is when a request was sent whose answer was never saved. ``forced_at`` is
    when a caller's 401 last had the grant renewed before its time. After ``failures`` in a row it
    is tried again at ``retry_at``.

    The sweep last heard of it from HubSpot at ``checked_at``, and looks again at ``check_at``; None
    is not planned yet. ``suspicion`` is the reason for which it may have ended, if HubSpot said so.

    ``further_scopes`` were asked for beyond those of the settings, and are again at each reconnect.
    """

    id: str
    owner: str
    client_id: str
    account: Account
    scopes: tuple[str, ...] | None
    sealed: SealedGrant | None = field(repr=False)
    access_expires_at: datetime
    connected_at: datetime
    updated_at: datetime
    seen_at: datetime
    status: ConnectionStatus = ConnectionStatus.CONNECTED
    status_reason: str | None = None
    generation: int = 1
    granted_at: datetime | None = None
    lease_id: str | None = field(default=None, repr=False)
    lease_until: datetime | None = None
    lease_fence: int = 0
    unanswered_since: datetime | None = None
    forced_at: datetime | None = None
    failures: int = 0
    retry_at: datetime | None = None
    checked_at: datetime | None = None
    check_at: datetime | None = None
    suspicion: str | None = None
    further_scopes: tuple[str, ...] | None = None

    @property
    def hub_id(self) -> int:
        """The HubSpot account's id."""
        return self.account.hub_id

    @property
    def is_authenticated(self) -> bool:
        """True while the connection can hand out a token without the person."""
        return self.status in AUTHENTICATED

    @property
    def seconds_left(self) -> float:
        """Seconds that the access token still had when this row was read.

        Zero where it was granted later than that by the store's clock, which was set back since:
        how long the token lives on is not known, and it is renewed.
        """
        if self.granted_at is not None and self.granted_at > self.seen_at + SET_BACK:
            return 0.0
        return (self.access_expires_at - self.seen_at).total_seconds()

    @property
    def is_leased(self) -> bool:
        """True where the lease was taken when this row was read."""
        return self.lease_until is not None and self.lease_until > self.seen_at

    def missing_scopes(self, wanted: Iterable[str]) -> tuple[str, ...]:
        """Return those of the *wanted* scopes that the account has not granted, in their order.

        None of them, where it is not known what it has granted.
        """
        return find_missing(self.scopes, wanted)


def find_missing(granted: tuple[str, ...] | None, wanted: Iterable[str]) -> tuple[str, ...]:
    """Return those of the *wanted* scopes that were not *granted*; none where nobody knows yet."""
    if not granted:
        return ()
    return tuple(scope for scope in wanted if scope not in granted)


def compare_scopes(before: Iterable[str] | None, after: Iterable[str] | None) -> dict[str, str]:
    """Return the facts of scopes that were added and removed; none where either is not known."""
    known, found = set(before or ()), set(after or ())
    if not known or not found:
        return {}
    changes = {"scopes_added": found - known, "scopes_removed": known - found}
    return {name: " ".join(sorted(scopes)) for name, scopes in changes.items() if scopes}


def is_storable(text: str) -> bool:
    """Return True where every store keeps *text* unchanged.

    PostgreSQL keeps no NUL, and UTF-8 has no half of a surrogate pair.
    """
    return "\0" not in text and (text.isascii() or _HALF.search(text) is None)


def require_storable(text: str) -> None:
    """Raise ``ValueError`` where not every store would keep *text* unchanged."""
    if not is_storable(text):
        raise ValueError(
            "A text with a NUL or half a character in it (a lone surrogate) cannot be stored."
        )


def is_owner(owner: object) -> TypeGuard[str]:
    """Return True where *owner* can be the id of a user or tenant."""
    return find_owner_fault(owner) is None


def find_owner_fault(owner: object) -> str | None:
    """Return the kind of thing that *owner* is where it cannot be one, never its value."""
    if not isinstance(owner, str):
        return f"a value of type {type(owner).__name__}"
    if not owner.strip():
        return "a blank string"
    if not is_storable(owner):
        kind = "a NUL" if "\0" in owner else "half of a surrogate pair"
        return f"a string with {kind} in it"
    size = len(owner.encode())
    if size > MOST_OWNER_BYTES:
        return f"a string of {size} bytes, where {MOST_OWNER_BYTES} are the most"
    return None


def require_owner(owner: object) -> None:
    """Raise ``TypeError`` where *owner* cannot be anybody's id, which is the app's mistake."""
    fault = find_owner_fault(owner)
    if fault is not None:
        raise TypeError(
            "owner must be a non-empty string, the app's own id of a user or tenant; "
            f"this is {fault}"
        )


def choose_connection(connections: Sequence[Connection], hub_id: int | None) -> Connection:
    """Return the one of an owner's *connections* that *hub_id* means; None means the only one.

    Raises:
        NotConnected: There is no such connection; the message names those that there are.
        AccountNotNamed: There are several, and *hub_id* is None.
        TypeError: *hub_id* is not a number, which is the app's mistake.
    """
    if hub_id is not None and type(hub_id) is not int:
        kind = type(hub_id).__name__
        raise TypeError(f"hub_id must be a number such as 4410001, and not of type {kind}")
    meant = [each for each in connections if hub_id in {None, each.hub_id}]
    if not meant:
        raise _not_connected(connections, hub_id)
    if len(meant) > 1:
        raise AccountNotNamed([each.hub_id for each in meant])
    return meant[0]


def _not_connected(connections: Sequence[Connection], hub_id: int | None) -> NotConnected:
    if not connections or hub_id is None:
        return NotConnected()
    others = ", ".join(str(each.hub_id) for each in connections)
    return NotConnected(
        f"The HubSpot account {hub_id} is not connected for this owner; connected are {others}. "
        "Connect it, or name one of those."
    )
