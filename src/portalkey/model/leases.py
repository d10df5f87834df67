"""Rules of the lease, the right to renew a grant: pure, and the same for every store."""

from dataclasses import dataclass, field, replace
from datetime import timedelta
from enum import StrEnum

from portalkey._support.clock import SET_BACK
from portalkey.model.connection import Connection, ConnectionStatus

FORCED_SECONDS = 300.0
"""Seconds between two renewals of a grant that callers' 401s force before its time."""


LONGEST = 300.0
"""Seconds; a lease that says it lasts longer was written by a clock that was wrong."""


@dataclass(frozen=True, slots=True)
class LeaseRequest:
    """A request for the lease on a connection's row.

    *holder* identifies the caller, *seconds* is how long the lease is to last. *dead* is the holder
    of a lease whose process is known to have died. *is_forced* asks for a renewal before its time.
    """

    holder: str = field(repr=False)
    seconds: float
    dead: str | None = field(default=None, repr=False)
    is_forced: bool = False


class DenialReason(StrEnum):
    """Reasons for denying a lease."""

    STALE = "stale"
    """The row has changed since the caller read it; read it again."""
    LEASED = "leased"
    """Somebody else holds the lease."""
    WAITING = "waiting"
    """The last try failed, and the next one is not due yet."""
    THROTTLED = "throttled"
    """The token endpoint may not be asked now; see ``portalkey.model.throttle``."""
    FORCED = "forced"
    """A caller's 401 forced a renewal not long ago."""


@dataclass(frozen=True, slots=True)
class Lease:
    """A lease that was granted.

    ``connection`` is the row as it stands now. ``was_unanswered`` is True where the answer to an
    earlier request was never saved. ``is_news`` is True where a good answer would change what is
    known of the token endpoint, as the permit for its request says.
    """

    connection: Connection
    was_unanswered: bool
    is_news: bool = False


@dataclass(frozen=True, slots=True)
class LeaseDenied:
    """A lease that was denied; ask again in *wait* seconds.

    ``reason`` is the code of the trouble that the wait is for, where one is known.
    """

    why: DenialReason
    wait: float = 0.0
    reason: str | None = None


def grant_lease(
    connection: Connection, row: Connection | None, request: LeaseRequest
) -> Lease | LeaseDenied:
    """Return the lease that *request* gets on *row*.

    Args:
        connection: The connection as the caller read it.
        row: The connection as it stands now, by the store's clock.
        request: What the caller asks for.
    """
    if row is None or not row.is_authenticated or not is_same_grant(row, connection):
        return LeaseDenied(DenialReason.STALE)
    now = row.seen_at
    if row.lease_until is not None and row.is_leased and row.lease_id != request.dead:
        wait = (row.lease_until - now).total_seconds()
        if wait <= request.seconds + SET_BACK:
            return LeaseDenied(DenialReason.LEASED, min(wait, request.seconds))
    if row.retry_at is not None and row.retry_at > now:
        return LeaseDenied(
            DenialReason.WAITING, (row.retry_at - now).total_seconds(), row.status_reason
        )
    if request.is_forced and row.forced_at is not None:
        wait = FORCED_SECONDS - (now - row.forced_at).total_seconds()
        if 0 < wait <= FORCED_SECONDS + SET_BACK:  # or the clock was set back
            return LeaseDenied(DenialReason.FORCED, wait)
    after = replace(
        row,
        lease_id=request.holder,
        lease_until=now + timedelta(seconds=request.seconds),
        lease_fence=row.lease_fence + 1,
        unanswered_since=row.unanswered_since or now,
        forced_at=now if request.is_forced else row.forced_at,
    )
    return Lease(after, was_unanswered=row.unanswered_since is not None)


def is_resealable(row: Connection, before: Connection) -> bool:
    """Return True where *row* bears the seals that *before* does, and nobody is renewing it."""
    left = (row.lease_until - row.seen_at).total_seconds() if row.lease_until else 0.0
    is_leased = 0 < left <= LONGEST
    return not is_leased and row.sealed == before.sealed and row.generation == before.generation


def is_same_grant(row: Connection, connection: Connection) -> bool:
    """Return True while *row* holds the grant that *connection* does."""
    is_same_token = refresh_fingerprint(row) == refresh_fingerprint(connection)
    return is_same_token and row.generation == connection.generation


def is_renewable(
    row: Connection, renewed: Connection, instead_of: str, status: ConnectionStatus | None
) -> bool:
    """Return True where *renewed* follows on *row*, with its fingerprint *instead_of*.

    And, where a *status* is named, with that.
    """
    return (
        row.generation == renewed.generation - 1
        and refresh_fingerprint(row) == instead_of
        and status in {None, row.status}
    )


def refresh_fingerprint(connection: Connection) -> str | None:
    """Return the fingerprint of the refresh token that *connection* holds."""
    return connection.sealed.fingerprint if connection.sealed else None


def clear_try(connection: Connection) -> Connection:
    """Return the *connection* after a failed try: without a lease, and free to be forced again."""
    return replace(clear_lease(connection), forced_at=None)


def clear_lease(connection: Connection) -> Connection:
    """Return the *connection* without a lease and without a pending request."""
    return replace(connection, lease_id=None, lease_until=None, unanswered_since=None)
