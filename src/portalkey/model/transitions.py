"""What a store decides about attempts and connections: pure, and the same for every store."""

from dataclasses import replace
from datetime import datetime, timedelta

from portalkey.model import attempt as attempts
from portalkey.model import connection as connections
from portalkey.model.attempt import (
    ENDS,
    EXCHANGE_SECONDS,
    EXPIRES,
    INTERRUPTED,
    RETURNED_SECONDS,
    Attempt,
    AttemptStatus,
)
from portalkey.model.connection import ConnectionStatus

RETENTION = timedelta(days=30)
"""How long an attempt is kept after its end."""

RENEWED = (
    "sealed",
    "access_expires_at",
    "granted_at",
    "scopes",
    "status",
    "status_reason",
    "failures",
    "retry_at",
    "generation",
)
"""What a renewal writes; the row stays whose it was."""


def expire_overdue(attempt: Attempt) -> Attempt:
    """The *attempt* as it really stands at ``seen_at``: ended, where it was left lying too long.

    It ends at the moment its time was up, so whoever finds it writes down the same.
    """
    if attempt.status in EXPIRES and attempt.seen_at >= attempt.expires_at:
        return end(attempt, AttemptStatus.EXPIRED, at=attempt.expires_at)
    if attempt.status is AttemptStatus.EXCHANGING and attempt.claimed_at is not None:
        due = attempt.claimed_at + timedelta(seconds=EXCHANGE_SECONDS)
        if attempt.seen_at > due:
            return end(attempt, AttemptStatus.FAILED, at=due, error=INTERRUPTED)
    return attempt


def move(
    attempt: Attempt,
    to: AttemptStatus,
    *,
    error: str | None = None,
    sealed_code: str | None = None,
) -> Attempt | None:
    """The *attempt* once moved *to* a status, or None where ``MOVES`` has no such move."""
    if to not in attempts.MOVES[attempt.status]:
        return None
    if to in ENDS:
        return end(attempt, to, at=attempt.seen_at, error=error)
    if to is AttemptStatus.RETURNED:
        until = attempt.seen_at + timedelta(seconds=RETURNED_SECONDS)
        return replace(attempt, status=to, sealed_code=sealed_code, expires_at=until)
    claimed_at = attempt.seen_at if to is AttemptStatus.EXCHANGING else attempt.claimed_at
    return replace(attempt, status=to, claimed_at=claimed_at)


def end(attempt: Attempt, end: AttemptStatus, *, at: datetime, error: str | None = None) -> Attempt:
    """The *attempt* at its *end*, with nothing secret left in it."""
    return replace(
        attempt, status=end, ended_at=at, error=error, sealed_verifier=None, sealed_code=None
    )


def mark_delivered(attempt: Attempt) -> Attempt | None:
    """The *attempt* once its token is handed out, or None where that is no longer due."""
    return replace(attempt, delivered_at=attempt.seen_at) if attempt.is_deliverable else None


def can_become(status: ConnectionStatus) -> frozenset[ConnectionStatus]:
    """The statuses that may be marked as *status*, itself included.

    None may be marked as disconnected: that takes erasing the grant.
    """
    if status is ConnectionStatus.DISCONNECTED:
        return frozenset()
    known = connections.MOVES.items()
    return frozenset({status, *(before for before, onward in known if status in onward)})
