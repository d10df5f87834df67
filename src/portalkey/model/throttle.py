"""How the token endpoint is doing, as all processes know it together: circuit breaker and bucket.

Pure: a store keeps the one ``Throttle`` there is, and these rules say what becomes of it. All times
are the store's.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

PROBE_SECONDS = 10.0
"""While the breaker is open, one request in so many seconds tries whether HubSpot is back."""
IN_A_ROW = 5
"""So many failures in a row open the breaker."""
LOOKED_AT = 20
"""Of so many outcomes half may be failures before the breaker opens."""
SET_BACK = 60.0
"""A clock that is more than so many seconds behind what it told before was set back. One that is
less behind may have been read before a wait for somebody else's turn: PostgreSQL tells the time
at the beginning of a statement, and not once the row is its own."""

_WELL, _NOT_WELL = ".", "x"


@dataclass(frozen=True, slots=True)
class Limits:
    """How fast the token endpoint may be asked: *rate* a second, *burst* of them at once."""

    rate: float
    burst: int


@dataclass(frozen=True, slots=True)
class Throttle:
    """What is known of the token endpoint.

    ``bucket`` requests could be sent at the moment ``bucket_at``. ``recent`` are the last outcomes,
    the newest last. ``open_until`` is when the next request may try, where the breaker is open, and
    ``reason`` is what opened it.
    """

    bucket: float
    bucket_at: datetime
    recent: str = ""
    open_until: datetime | None = None
    reason: str | None = None

    @property
    def is_open(self) -> bool:
        """True until an answer comes again."""
        return self.open_until is not None

    @property
    def is_well(self) -> bool:
        """True where a good answer is no news."""
        return not self.is_open and _NOT_WELL not in self.recent


@dataclass(frozen=True, slots=True)
class Throttled:
    """No request now: *wait* so many seconds; *reason* is what opened the breaker, if that is."""

    wait: float
    reason: str | None = None


def new_throttle(pace: Limits, now: datetime) -> Throttle:
    """A provider nobody has asked yet: a full bucket."""
    return Throttle(bucket=pace.burst, bucket_at=now)


def admit(provider: Throttle, pace: Limits, now: datetime) -> Throttle | Throttled:
    """The *provider* once one request more is sent, or why none may be."""
    if provider.open_until is not None and provider.open_until > now:
        return Throttled((provider.open_until - now).total_seconds(), provider.reason)
    bucket, at = _bucket(provider, pace, now)
    if bucket < 1:
        return Throttled((1 - bucket) / pace.rate)
    # Of all who ask while it is open, one tries; the others wait for what comes of that.
    until = now + timedelta(seconds=PROBE_SECONDS) if provider.is_open else None
    return replace(provider, bucket=bucket - 1, bucket_at=at, open_until=until)


def _bucket(provider: Throttle, pace: Limits, now: datetime) -> tuple[float, datetime]:
    """What is in the bucket by *now*, and as of when."""
    passed = (now - provider.bucket_at).total_seconds()
    if passed < -SET_BACK:
        # Nobody waits for the clock to be there again.
        return pace.burst, now
    filled = min(pace.burst, provider.bucket + max(passed, 0.0) * pace.rate)
    return filled, max(now, provider.bucket_at)


def record_answer(provider: Throttle) -> Throttle:
    """The *provider* once it gave a good answer: the breaker is closed."""
    recent = "" if provider.is_open else (provider.recent + _WELL)[-LOOKED_AT:]
    return replace(provider, recent=recent, open_until=None, reason=None)


def record_failure(provider: Throttle, reason: str, wait: float, now: datetime) -> Throttle:
    """The *provider* after a failure of its own, for *reason*.

    Args:
        provider: As it stood.
        reason: The code of the trouble.
        wait: For how many seconds at least it asks to be left alone; 0 where it does not say. It is
            believed at once.
        now: The store's time.
    """
    recent = (provider.recent + _NOT_WELL)[-LOOKED_AT:]
    in_a_row = recent.endswith(_NOT_WELL * IN_A_ROW)
    half = len(recent) == LOOKED_AT and recent.count(_NOT_WELL) * 2 >= LOOKED_AT
    if not (provider.is_open or in_a_row or half or wait):
        return replace(provider, recent=recent)
    until = now + timedelta(seconds=max(wait, PROBE_SECONDS))
    until = max(until, provider.open_until or until)
    return replace(provider, recent=recent, open_until=until, reason=reason)
