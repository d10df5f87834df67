"""Changes of attempts and connections that stores decide on: pure, and the same for every store.

And the limits of how many attempts there may be.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from portalkey.errors import TooManyAttempts
from portalkey.model import attempt as attempts
from portalkey.model import connection as connections
from portalkey.model.attempt import (
    ASKING_SECONDS,
    ENDS,
    EXCHANGE_SECONDS,
    EXPIRES,
    INTERRUPTED,
    MINUTE,
    NOBODY,
    OWNER_TIMES,
    RETURNED_SECONDS,
    Attempt,
    AttemptStatus,
)
from portalkey.model.connection import AUTHENTICATED, Connection, ConnectionStatus

RETENTION = timedelta(days=30)
"""Time for which an attempt is kept after its end."""
STRANGERS_RETENTION = timedelta(hours=1)
"""The same for an install that nobody claimed: anybody may send one, so they must not pile up."""

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

MOVED = (
    "status",
    "error",
    "failed_check",
    "sealed_verifier",
    "sealed_code",
    "sealed_grant",
    "connection_id",
    "expires_at",
    "claimed_at",
    "ended_at",
    "delivered_at",
    "expected_hub_id",
)
"""Fields that a move of an attempt writes; it stays whose it was."""


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
    failed_check: str | None = None,
    sealed_code: str | None = None,
    sealed_grant: str | None = None,
) -> Attempt | None:
    """Return the *attempt* moved *to* a status, or None where ``MOVES`` has no such move."""
    if to not in attempts.MOVES[attempt.status]:
        return None
    if to in ENDS:
        ended = end(attempt, to, at=attempt.seen_at, error=error)
        return replace(ended, failed_check=failed_check)
    if to is AttemptStatus.RETURNED:
        until = returned_until(attempt)
        return replace(attempt, status=to, sealed_code=sealed_code, expires_at=until)
    if to is AttemptStatus.ASKING:
        until = asks_until(attempt, attempt.seen_at)
        return replace(attempt, status=to, sealed_grant=sealed_grant, expires_at=until)
    claimed_at = attempt.seen_at if to is AttemptStatus.EXCHANGING else attempt.claimed_at
    return replace(attempt, status=to, claimed_at=claimed_at)


def returned_until(attempt: Attempt) -> datetime:
    """Return until when an *attempt* whose code is parked now waits for its browser.

    One of a link's waits no longer than before: it ends with its link at the latest.
    """
    until = attempt.seen_at + timedelta(seconds=RETURNED_SECONDS)
    return until if attempt.invitation_id is None else min(until, attempt.expires_at)


def is_given_back(before: Attempt, to: AttemptStatus) -> bool:
    """Return True where the grant of a question is due at HubSpot, as the question ends so.

    Not where its time is up: what is owed comes due by itself then.
    """
    return before.sealed_grant is not None and to in ENDS and to is not AttemptStatus.CONNECTED


def asks_until(attempt: Attempt, now: datetime) -> datetime:
    """Return until when an *attempt* that asks from *now* on waits for the answer."""
    least = now + timedelta(seconds=ASKING_SECONDS)
    return max(attempt.expires_at, attempt.pending_until or least, least)


def end(attempt: Attempt, end: AttemptStatus, *, at: datetime, error: str | None = None) -> Attempt:
    """Return the *attempt* at its *end*, without its secrets."""
    return replace(
        attempt,
        status=end,
        ended_at=at,
        error=error,
        sealed_verifier=None,
        sealed_code=None,
        sealed_grant=None,
    )


def is_forgotten(attempt: Attempt, now: datetime) -> bool:
    """Return True once *attempt* need not be kept any longer, whether or not it was ever ended."""
    is_strangers = attempt.owner == NOBODY and attempt.ended_at is not None
    kept = STRANGERS_RETENTION if is_strangers else RETENTION
    return (attempt.ended_at or attempt.expires_at) < now - kept


def mark_delivered(attempt: Attempt) -> Attempt | None:
    """Return the *attempt* marked as delivered, or None where it is not deliverable."""
    return replace(attempt, delivered_at=attempt.seen_at) if attempt.is_deliverable else None


def find_last(connections: Iterable[Connection]) -> Connection | None:
    """Return the one of an owner's *connections* that came last: a live one, if one is."""
    return max(connections, key=_recency, default=None)


def _recency(connection: Connection) -> tuple[bool, datetime]:
    is_live = connection.status is not ConnectionStatus.DISCONNECTED
    return is_live, connection.connected_at if is_live else connection.updated_at


def can_become(status: ConnectionStatus, *, is_told: bool) -> frozenset[ConnectionStatus]:
    """Return the statuses that may be marked as *status*, itself included.

    None may be marked as disconnected, as that takes erasing the grant too; and where the person
    has to act, only another grant makes it connected. What has ended ends once, and what has healed
    heals once: *is_told* is True where an event says so.
    """
    if status is ConnectionStatus.DISCONNECTED:
        return frozenset()
    if status is ConnectionStatus.CONNECTED:
        return AUTHENTICATED - {status} if is_told else AUTHENTICATED
    moves = connections.MOVES.items()
    before = frozenset(before for before, onward in moves if status in onward)
    is_end = is_told and status is ConnectionStatus.NEEDS_RECONNECT
    return before - {status} if is_end else before | {status}


@dataclass(frozen=True, slots=True)
class AttemptLimits:
    """Limits of what one browser may do, and of what an owner may do in all: ``OWNER_TIMES`` that.

    ``under_way`` is how many attempts may be under way at once, ``exchanges`` how many codes may be
    exchanged in a minute.
    """

    under_way: int
    exchanges: int

    def make_room(self, attempt: Attempt, under_way: Sequence[Attempt]) -> Sequence[Attempt]:
        """Return those *under_way* that end for *attempt* to begin, oldest first; mostly none.

        Only attempts of the same browser give way, as whoever begins another has left them behind.
        Nobody else's does, not even where a session that drops its cookies is a new browser each
        time and fills what its owner may have: a member of a team must not be able to end a
        colleague's attempt. What such a member can do is to hold up what is newly begun, for as
        long as attempts last. That harms less: nothing is lost, and people are told when to come
        back.

        An install that waits for a yes may wait for days: it is counted beside other installs, and
        is in nobody's way else.

        Args:
            attempt: The new one.
            under_way: Its owner's that are, oldest first.

        Raises:
            TooManyAttempts: There is no room, for so many seconds.
        """
        if attempt.pending_until is None:
            under_way = [each for each in under_way if not each.is_pending]
        own = [each for each in under_way if each.browser_hash == attempt.browser_hash]
        of_owner = self.under_way * OWNER_TIMES
        excess = max(len(own) + 1 - self.under_way, len(under_way) + 1 - of_owner, 0)
        may_end = [each for each in own if each.status in EXPIRES]
        if excess > len(may_end):
            until = min(each.expires_at for each in under_way)
            raise TooManyAttempts(retry_after=max(1.0, _seconds(until - attempt.created_at)))
        return may_end[:excess]

    def require_turn(self, attempt: Attempt, claims: Sequence[Attempt]) -> None:
        """Return where the code of *attempt* may be exchanged, beside its owner's *claims*.

        Raises:
            TooManyAttempts: It may be, in so many seconds.
        """
        wait = self.wait_of(attempt, claims)
        if wait:
            raise TooManyAttempts(retry_after=wait)

    def wait_of(self, attempt: Attempt, claims: Sequence[Attempt]) -> float:
        """Return ``wait_for_exchange`` of *attempt*'s browser, as of when *claims* were read."""
        if not claims:
            return 0.0
        return self.wait_for_exchange(attempt.browser_hash, claims, claims[0].seen_at)

    def wait_for_exchange(
        self, browser_hash: str, claims: Sequence[Attempt], now: datetime
    ) -> float:
        """Return in how many seconds this browser may have another code exchanged; 0.0 for now.

        Whoever's last code was refused goes last: only while the owner has half of the minute's
        exchanges left.

        Args:
            browser_hash: Of the browser that asks.
            claims: Its owner's attempts that were claimed within the last minute, oldest first.
            now: The store's time.
        """
        own = [each for each in claims if each.browser_hash == browser_hash]
        of_owner = self.exchanges * OWNER_TIMES
        if own and own[-1].error in _CODE_REFUSED:
            of_owner //= 2
        return max(wait_in_line(own, self.exchanges, now), wait_in_line(claims, of_owner, now))


_CODE_REFUSED = frozenset({"attempt_expired", "attempt_mismatch"})
"""Error codes of attempts whose code HubSpot did not take."""


def wait_in_line(claims: Sequence[Attempt], most: int, now: datetime) -> float:
    """Return in how many seconds fewer than *most* of the *claims* are of the last minute."""
    if len(claims) < most:
        return 0.0
    claimed_at = claims[-most].claimed_at or now
    return max(1.0, MINUTE - _seconds(now - claimed_at))


def _seconds(span: timedelta) -> float:
    return span.total_seconds()
