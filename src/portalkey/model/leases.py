"""Who may renew a grant now: pure, and the same for every store."""

from dataclasses import dataclass, field, replace
from datetime import timedelta
from enum import StrEnum

from portalkey.model.connection import Connection
from portalkey.model.throttle import SET_BACK, Limits, Throttle, Throttled, admit

FORCED_SECONDS = 300.0
"""A caller's 401 has a grant renewed before its time once in so many seconds at most."""


@dataclass(frozen=True, slots=True)
class LeaseRequest:
    """Somebody wants to renew a grant, and asks for the lease on its row.

    *holder* is who asks, *seconds* how long the lease is to last. *dead* is the holder of a lease
    that runs on though its process is known to have died. *is_forced* asks for it before its time.
    """

    holder: str = field(repr=False)
    seconds: float
    pace: Limits
    dead: str | None = field(default=None, repr=False)
    is_forced: bool = False


class DenialReason(StrEnum):
    """Why a lease was denied."""

    STALE = "stale"
    """The row is not what the asker saw; read it again."""
    LEASED = "leased"
    """Somebody else renews the grant just now."""
    WAITING = "waiting"
    """The last try failed, and the next is not due."""
    THROTTLED = "paced"
    """The token endpoint is asked no more just now; see ``portalkey.model.throttle``."""
    FORCED = "forced"
    """A caller's 401 had the grant renewed not long ago."""


@dataclass(frozen=True, slots=True)
class Lease:
    """The lease was given.

    ``connection`` is the row as it stands now. ``was_unanswered`` is True where an earlier request
    went out whose answer nobody kept. ``is_news`` is True where a good answer would be news of the
    token endpoint.
    """

    connection: Connection
    was_unanswered: bool
    is_news: bool


@dataclass(frozen=True, slots=True)
class LeaseDenied:
    """The lease was not given; it may be in *wait* seconds.

    ``reason`` is the code of the trouble that is waited out, where one is known.
    """

    why: DenialReason
    wait: float = 0.0
    reason: str | None = None


def grant_lease(seen: Connection, row: Connection | None, ask: LeaseRequest) -> Lease | LeaseDenied:
    """The lease that *ask* gets on *row* once the token endpoint may be asked.

    Args:
        seen: The connection as the asker saw it.
        row: As it stands now, by the store's clock.
        ask: Who asks.
    """
    if row is None or not row.is_authenticated or not is_same_grant(row, seen):
        return LeaseDenied(DenialReason.STALE)
    now = row.seen_at
    if row.lease_until is not None and row.is_leased and row.lease_id != ask.dead:
        wait = (row.lease_until - now).total_seconds()
        if wait <= ask.seconds + SET_BACK:
            return LeaseDenied(DenialReason.LEASED, min(wait, ask.seconds))
    if row.retry_at is not None and row.retry_at > now:
        return LeaseDenied(
            DenialReason.WAITING, (row.retry_at - now).total_seconds(), row.status_reason
        )
    if ask.is_forced and row.forced_at is not None:
        wait = FORCED_SECONDS - (now - row.forced_at).total_seconds()
        if wait > 0:
            return LeaseDenied(DenialReason.FORCED, wait)
    taken = replace(
        row,
        lease_id=ask.holder,
        lease_until=now + timedelta(seconds=ask.seconds),
        lease_fence=row.lease_fence + 1,
        unanswered_since=row.unanswered_since or now,
        forced_at=now if ask.is_forced else row.forced_at,
    )
    return Lease(taken, was_unanswered=row.unanswered_since is not None, is_news=False)


def apply_throttle(
    lease: Lease, provider: Throttle, pace: Limits
) -> tuple[Lease, Throttle] | LeaseDenied:
    """The *lease*, and the *provider* once its request is sent; or why it must not be."""
    allowed = admit(provider, pace, lease.connection.seen_at)
    if isinstance(allowed, Throttled):
        return LeaseDenied(DenialReason.THROTTLED, allowed.wait, allowed.reason)
    return replace(lease, is_news=not provider.is_well), allowed


def is_same_grant(row: Connection, seen: Connection) -> bool:
    """True while *row* bears the grant that was *seen*."""
    return row.generation == seen.generation and lineage(row) == lineage(seen)


def lineage(connection: Connection) -> str | None:
    """The fingerprint of the refresh token that *connection* bears."""
    return connection.sealed.fingerprint if connection.sealed else None


def clear_try(connection: Connection) -> Connection:
    """The *connection* after a try that failed: unleased, and free to be forced again."""
    return replace(clear_lease(connection), forced_at=None)


def clear_lease(connection: Connection) -> Connection:
    """The *connection* with nobody renewing it and no request out."""
    return replace(connection, lease_id=None, lease_until=None, unanswered_since=None)
