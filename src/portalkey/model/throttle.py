"""The throttle of the token endpoint, shared by all processes: circuit breaker and token bucket.

Pure: a store keeps the one ``Throttle`` there is, and these functions return the next one. All
times are the store's.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

PROBE_SECONDS = 10.0
"""Seconds between two probes of HubSpot while the breaker is open."""
IN_A_ROW = 5
"""Failures in a row that open the breaker."""
RECENT_OUTCOMES = 20
"""Number of recent outcomes of which half, being failures, open the breaker."""
SET_BACK = 60.0
"""Seconds behind an earlier time after which a clock is taken to have been set back. One that is
less behind may have been read before a wait for a row lock, as PostgreSQL reads its clock at the
beginning of a statement."""

_WELL, _NOT_WELL = ".", "x"


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits of requests to the token endpoint: *rate* a second, *burst* of them at once."""

    rate: float
    burst: int


@dataclass(frozen=True, slots=True)
class Throttle:
    """State of the token endpoint.

    ``bucket`` requests could be sent at the moment ``bucket_at``. ``recent`` are the last outcomes,
    the newest last. ``open_until`` is when the next request may try, where the breaker is open, and
    ``reason`` is the code that opened it.
    """

    bucket: float
    bucket_at: datetime
    recent: str = ""
    open_until: datetime | None = None
    reason: str | None = None

    @property
    def is_open(self) -> bool:
        """True while the breaker is open: until the first good answer."""
        return self.open_until is not None

    @property
    def is_well(self) -> bool:
        """True where a good answer changes nothing: closed, and without a recent failure."""
        return not self.is_open and _NOT_WELL not in self.recent


@dataclass(frozen=True, slots=True)
class Throttled:
    """No request now: wait *wait* seconds; *reason* is the code that opened the breaker, if any."""

    wait: float
    reason: str | None = None


def new_throttle(limits: Limits, now: datetime) -> Throttle:
    """Return a throttle with a full bucket and a closed breaker."""
    return Throttle(bucket=limits.burst, bucket_at=now)


def admit(throttle: Throttle, limits: Limits, now: datetime) -> Throttle | Throttled:
    """Return the *throttle* after one more request, or the refusal of it."""
    if throttle.open_until is not None and throttle.open_until > now:
        return Throttled((throttle.open_until - now).total_seconds(), throttle.reason)
    bucket, at = _fill(throttle, limits, now)
    if bucket < 1:
        return Throttled((1 - bucket) / limits.rate)
    # While the breaker is open one caller probes, and the others wait for its outcome.
    until = now + timedelta(seconds=PROBE_SECONDS) if throttle.is_open else None
    return replace(throttle, bucket=bucket - 1, bucket_at=at, open_until=until)


def _fill(throttle: Throttle, limits: Limits, now: datetime) -> tuple[float, datetime]:
    """Return the content of the bucket by *now*, and the time that it is of."""
    seconds = (now - throttle.bucket_at).total_seconds()
    if seconds < -SET_BACK:
        # Otherwise the bucket would stay empty until the clock has caught up.
        return limits.burst, now
    content = min(limits.burst, throttle.bucket + max(seconds, 0.0) * limits.rate)
    return content, max(now, throttle.bucket_at)


def record_answer(throttle: Throttle) -> Throttle:
    """Return the *throttle* after a good answer, with its breaker closed."""
    recent = "" if throttle.is_open else (throttle.recent + _WELL)[-RECENT_OUTCOMES:]
    return replace(throttle, recent=recent, open_until=None, reason=None)


def record_failure(throttle: Throttle, reason: str, wait: float, now: datetime) -> Throttle:
    """Return the *throttle* after a failure of HubSpot's.

    Args:
        throttle: The state before it.
        reason: The code of the trouble.
        wait: Seconds for which HubSpot asks to be left alone, which opens the breaker at once; 0
            where it does not say.
        now: The store's time.
    """
    recent = (throttle.recent + _NOT_WELL)[-RECENT_OUTCOMES:]
    in_a_row = recent.endswith(_NOT_WELL * IN_A_ROW)
    half = len(recent) == RECENT_OUTCOMES and recent.count(_NOT_WELL) * 2 >= RECENT_OUTCOMES
    if not (throttle.is_open or in_a_row or half or wait):
        return replace(throttle, recent=recent)
    until = now + timedelta(seconds=max(wait, PROBE_SECONDS))
    until = max(until, throttle.open_until or until)
    return replace(throttle, recent=recent, open_until=until, reason=reason)
