"""How long a caller waits for a token that somebody else is getting, and what it is told then."""

from collections.abc import Callable

from portalkey.errors import (
    BadAnswer,
    HubSpotRefused,
    HubSpotUnavailable,
    NoKeyOpens,
    PortalkeyError,
    RateLimited,
)
from portalkey.model import expiry as due
from portalkey.model.connection import Connection
from portalkey.model.leases import DenialReason, LeaseDenied

Uniform = Callable[[float, float], float]

LONGEST = 20.0
"""Seconds that a caller waits for another process, at most."""
OWN_PACE = 5.0
"""Seconds that a caller waits where only our own pace is in the way."""
LOOK_AGAIN = 0.5
"""Seconds after which a row that was read is read again before its token is handed out."""
LOOK_EVERY = 0.02
"""Seconds between two looks at what another process is getting; more, the longer it takes."""


def longest_wait(denied: LeaseDenied) -> float:
    """For how many seconds this is waited out: HubSpot's trouble is told at once."""
    if denied.why is DenialReason.WAITING or denied.reason is not None:
        return 0.0
    return OWN_PACE if denied.why is DenialReason.THROTTLED else LONGEST


def pause(denied: LeaseDenied, waited: float, uniform: Uniform) -> float:
    """Seconds until it is worth another look, after so many that were *waited*."""
    if denied.why is DenialReason.LEASED:
        every = min(max(LOOK_EVERY, waited / 4), LOOK_AGAIN / 2)
        return uniform(every / 2, every * 1.5)
    return denied.wait * uniform(1.0, 1.5)


def latest(until: float, seen: Connection, seen_at: float, now: float) -> float:
    """Nobody waits past the end of a token that could be handed out."""
    living_until = seen_at + seen.seconds_left - due.LEAST
    return min(until, living_until) if now < living_until else until


def timeout_error(denied: LeaseDenied) -> PortalkeyError:
    """What a caller hears who has waited long enough."""
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
    """The trouble that is being waited out for *wait* seconds, told anew to the next caller."""
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
