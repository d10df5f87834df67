"""Wait policy: for how long a caller waits for another's renewal, and the error it gets then."""

from collections.abc import Callable

from portalkey.errors import (
    BadAnswer,
    HubSpotRefused,
    HubSpotUnavailable,
    NoKeyOpens,
    PortalkeyError,
    RateLimited,
)
from portalkey.model import expiry
from portalkey.model.connection import Connection
from portalkey.model.leases import DenialReason, LeaseDenied

Uniform = Callable[[float, float], float]

LONGEST = 20.0
"""Seconds that a caller waits for another process, at most."""
THROTTLE_WAIT = 5.0
"""Seconds that a caller waits where only our own throttle is in the way."""
REREAD_AFTER = 0.5
"""Seconds after which a row that was read is read again before its token is handed out."""
POLL_EVERY = 0.02
"""Seconds between two reads of a row that another process renews; more, the longer it takes."""


def longest_wait(denied: LeaseDenied) -> float:
    """Return for how many seconds to wait: HubSpot's trouble is raised at once."""
    if denied.why is DenialReason.WAITING or denied.reason is not None:
        return 0.0
    return THROTTLE_WAIT if denied.why is DenialReason.THROTTLED else LONGEST


def pause(denied: LeaseDenied, waited: float, uniform: Uniform) -> float:
    """Return the seconds until the row is worth another read, after so many that were *waited*."""
    if denied.why is DenialReason.LEASED:
        every = min(max(POLL_EVERY, waited / 4), REREAD_AFTER / 2)
        return uniform(every / 2, every * 1.5)
    return denied.wait * uniform(1.0, 1.5)


def latest(until: float, row: Connection, read_at: float, now: float) -> float:
    """Return the moment until which to wait, never beyond the current token's expiry."""
    living_until = read_at + row.seconds_left - expiry.LEAST
    return min(until, living_until) if now < living_until else until


def timeout_error(denied: LeaseDenied) -> PortalkeyError:
    """Return the error to raise when waiting times out."""
    if denied.why in {DenialReason.LEASED, DenialReason.STALE}:
        return HubSpotUnavailable(
            "Another process has been renewing this connection for long; try again in a moment."
        )
    if denied.why is DenialReason.THROTTLED and denied.reason is None:
        return RateLimited(
            "More connections are due at once than PORTALKEY_REFRESH_RATE lets through; try again "
            "in a moment, or raise it.",
            retry_after=max(denied.wait, 1.0),
        )
    return recall_error(denied.reason, denied.wait)


def recall_error(reason: str | None, wait: float) -> PortalkeyError:
    """Make the error anew that is being waited out for *wait* seconds, for the next caller."""
    code, _, status = (reason or RateLimited.code).partition(":")
    if code == HubSpotRefused.code:
        return HubSpotRefused(
            f"HubSpot refused the app ({status}) a moment ago; it is asked again in "
            f"{max(1, round(wait))} seconds. The event hubspot_refused says what to compare.",
            status=status,
        )
    if code == BadAnswer.code:
        return BadAnswer()
    if code == NoKeyOpens.code:
        return NoKeyOpens(status)
    error = RateLimited if code == RateLimited.code else HubSpotUnavailable
    return error(retry_after=max(wait, 1.0))
