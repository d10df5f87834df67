"""Changes of attempts and connections that stores decide on: pure, and the same for every store."""

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
"""Time for which an attempt is kept after its end."""

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
"""Fields that a renewal writes; owner and account are not among them."""


def expire_overdue(attempt: Attempt) -> Attempt:
    """Return the *attempt* as it stands at ``seen_at``: ended, where its time is up.

    It ends at the moment its time was up, so that every process writes down the same.
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
    """Return the *attempt* moved *to* a status, or None where ``MOVES`` has no such move."""
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
    """Return the *attempt* at its *end*, without its secrets."""
    return replace(
        attempt, status=end, ended_at=at, error=error, sealed_verifier=None, sealed_code=None
    )


def is_forgotten(attempt: Attempt, now: datetime) -> bool:
    """Return True once *attempt* need not be kept any longer, whether or not it was ever ended."""
    return (attempt.ended_at or attempt.expires_at) < now - RETENTION


def mark_delivered(attempt: Attempt) -> Attempt | None:
    """Return the *attempt* marked as delivered, or None where it is not deliverable."""
    return replace(attempt, delivered_at=attempt.seen_at) if attempt.is_deliverable else None


def can_become(status: ConnectionStatus) -> frozenset[ConnectionStatus]:
    """Return the statuses that may be marked as *status*, itself included.

    None may be marked as disconnected, as that takes erasing the grant too.
    """
    if status is ConnectionStatus.DISCONNECTED:
        return frozenset()
    moves = connections.MOVES.items()
    return frozenset({status, *(before for before, onward in moves if status in onward)})
