"""Wait policy: for how long a caller waits for another's renewal, and the error it gets then."""

import math
from collections.abc import Callable

from portalkey.errors import (
    BadAnswer,
    HubSpotRefused,
    HubSpotUnavailable,
    PortalkeyError,
    RateLimited,
)
from portalkey.hubspot.client import DEADLINE
from portalkey.model import expiry
from portalkey.model.connection import Connection
from portalkey.model.leases import DenialReason, LeaseDenied
from portalkey.vault.store import BUSY_SECONDS

Uniform = Callable[[float, float], float]
Check = Callable[[str | None], None]
"""Returns where HubSpot may be asked from here for an owner, or for nobody in particular; otherwise
raises ``HubSpotUnavailable``, ``HubSpotUnreachable`` or ``HubSpotRefused``."""

LONGEST = 15.0
"""Seconds that a caller waits in all: for a place, for other processes, HubSpot and the store."""
FOR_HUBSPOT = LONGEST - BUSY_SECONDS
"""Seconds of these that are HubSpot's, at most: what is left is for the store."""
UNBOUNDED = math.inf
"""The deadline of work in the background, which keeps no caller waiting."""
LEAST_REQUEST = 2.0
"""Seconds without which no request is begun: one that is cut off leaves open what HubSpot did."""
THROTTLE_WAIT = 5.0
"""Seconds that a caller waits where only our own throttle is in the way."""
REREAD_AFTER = 0.5
"""Seconds after which a row that was read is read again before its token is handed out."""
JUST_READ = 0.05
"""Seconds for which a row that was read is as good as read again, where a lease is asked for."""
POLL_EVERY = 0.004
"""Seconds between two reads of a row that another process renews; more, the longer it takes: one
thread of each process reads it, about a hundred times in ten seconds."""


def always(_: str | None) -> None:
    """Return: HubSpot may be asked."""


def request_seconds(left: float) -> float:
    """Return how long a request may last for a caller that waits for *left* seconds more.

    What is left after it is for the store, which has to save what the answer brings.
    """
    return min(DEADLINE, left - BUSY_SECONDS)


def is_time_for_request(left: float) -> bool:
    """Return True while a request may be begun for a caller that waits for *left* seconds more."""
    return request_seconds(left) >= LEAST_REQUEST


def longest_wait(denied: LeaseDenied) -> float:
    """Return for how many seconds to wait: only somebody else's renewal is worth it.

    HubSpot's trouble is raised at once, and a turn at the throttle has been waited for by now.
    """
    return 0.0 if denied.why in {DenialReason.WAITING, DenialReason.THROTTLED} else LONGEST


def pause(denied: LeaseDenied, waited: float, uniform: Uniform) -> float:
    """Return the seconds until the row is worth another read, after so many that were *waited*."""
    if denied.why is DenialReason.LEASED:
        every = min(max(POLL_EVERY, waited / 16), REREAD_AFTER / 2)
        return uniform(every / 2, every * 1.5)
    return denied.wait * uniform(1.0, 1.5)


def latest(until: float, row: Connection, read_at: float, now: float) -> float:
    """Return the moment until which to wait, never beyond the current token's expiry."""
    living_until = read_at + row.seconds_left - expiry.LEAST
    return min(until, living_until) if now < living_until else until


def late_error() -> HubSpotUnavailable:
    """Return the error for a caller who has waited for somebody else's renewal for long enough."""
    return HubSpotUnavailable(
        "Another thread or process is still asking HubSpot for this token; try again in a moment."
    )


def timeout_error(denied: LeaseDenied) -> PortalkeyError:
    """Return the error to raise when waiting times out."""
    if denied.why in {DenialReason.LEASED, DenialReason.STALE}:
        return late_error()
    if denied.why is DenialReason.THROTTLED:
        return throttled_error(denied.reason, denied.wait)
    return recall_error(denied.reason, denied.wait)


def throttled_error(reason: str | None, wait: float) -> PortalkeyError:
    """Return the error of an open breaker, for its *reason*, or of a turn that is too far off."""
    if reason is not None:
        return recall_error(reason, wait)
    seconds = max(1.0, wait)
    return RateLimited(
        "More connections are due at once than PORTALKEY_REFRESH_RATE lets through; try again in "
        f"{seconds:.0f} s, or raise it.",
        retry_after=seconds,
    )


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
    error = RateLimited if code == RateLimited.code else HubSpotUnavailable
    return error(retry_after=max(wait, 1.0))
