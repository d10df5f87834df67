"""The throttle of the token endpoint, shared by all processes: circuit breaker and token bucket.

Pure: a store keeps the one ``Throttle`` an app has, and these functions return the next one; what
an answer does to it stands in ``portalkey.model.breaker``. All times are the store's. A process
takes permits in portions, so that the row is not written for each request.
"""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum

from portalkey._support.clock import SET_BACK
from portalkey.model.evidence import read_evidence, short_name, write_evidence

PROBE_SECONDS = 10.0
"""Seconds between two probes of HubSpot while the breaker is open and HubSpot names no time."""
LONGEST_WAIT = 120.0
"""Seconds that HubSpot is left alone at most, whatever it asks for."""
PROBE_LONGEST = 15.0
"""Seconds after which a probe that nobody heard of again is given up."""
OTHERS_FIRST = 2.0
"""Seconds that a due probe is left to connections that have not failed."""
PORTION_SECONDS = 0.05
"""A portion is what the rate gives in so many seconds, and at least one permit."""


class Purpose(StrEnum):
    """Purposes of a request to the token endpoint, the most urgent first."""

    CALLER = "caller"
    """Somebody waits for the token."""
    EXCHANGE = "exchange"
    """Somebody waits for a code to become a connection."""
    INSTALL = "install"
    """A code that HubSpot sent without a state of ours, from anybody."""
    AHEAD = "ahead"
    """A token that is still good is renewed before its end."""
    SWEEP = "sweep"
    """An idle connection is looked after."""


_RESERVES = {
    Purpose.INSTALL: (0.25, 4.0),
    Purpose.AHEAD: (0.25, 4.0),
    Purpose.SWEEP: (0.5, 15.0),
}
"""The part of the bucket that is left for more urgent purposes, and the seconds of waiting after
which nothing is: no purpose is kept out for good."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits of requests to the token endpoint: *rate* a second, *burst* of them at once."""

    rate: float
    burst: int


@dataclass(frozen=True, slots=True)
class Throttle:
    """State of the token endpoint.

    ``bucket`` requests could be sent at the moment ``bucket_at``. ``recent`` is the evidence of
    trouble, see ``portalkey.model.evidence``. ``open_until`` is when the next request may try,
    where the breaker is open, and ``reason`` is the code that opened it.
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
        """True where a good answer changes nothing: closed, and without evidence of trouble."""
        return not self.is_open and not self.recent


@dataclass(frozen=True, slots=True)
class PortionRequest:
    """A request for permits: *who* is the id of the connection that needs the first one.

    *waited* is for how many seconds that one has been waiting, and *most* how many wait: a permit
    that nobody waits for would come on top of a full bucket.
    """

    limits: Limits
    purpose: Purpose = Purpose.CALLER
    who: str = field(default="", repr=False)
    waited: float = 0.0
    most: int = 10_000


@dataclass(frozen=True, slots=True)
class Portion:
    """So many permits, each for one request; ``left`` is what remains in the bucket.

    ``is_news`` is True where a good answer would change what is known of the token endpoint, and
    ``is_probe`` where this one request tries whether the breaker may close.
    """

    count: int
    left: float
    is_news: bool = False
    is_probe: bool = False


@dataclass(frozen=True, slots=True)
class Throttled:
    """No request now: wait *wait* seconds; *reason* is the code that opened the breaker, if any.

    ``is_for_all`` is False where only the connection that asked has to wait so long. ``left`` is
    what the bucket holds, for purposes that are more urgent or until there is enough for one.
    """

    wait: float
    reason: str | None = None
    is_for_all: bool = True
    left: float = 0.0


def new_throttle(limits: Limits, now: datetime) -> Throttle:
    """Return a throttle with a full bucket and a closed breaker."""
    return Throttle(bucket=limits.burst, bucket_at=now)


def portion_size(limits: Limits) -> int:
    """Return the permits of one portion."""
    return max(1, int(limits.rate * PORTION_SECONDS))


def take_portion(
    throttle: Throttle, request: PortionRequest, now: datetime
) -> tuple[Portion, Throttle] | Throttled:
    """Return a portion and the *throttle* after it, or the refusal of one."""
    refusal = _hold_back(throttle, request, now) if throttle.is_open else None
    if refusal is not None:
        return refusal
    bucket, at = _fill(throttle, request.limits, now)
    spare = bucket - _reserve(request)
    if spare < 1:
        return Throttled((1 - spare) / request.limits.rate, left=bucket)
    count = 1 if throttle.is_open else min(portion_size(request.limits), int(spare), request.most)
    after = replace(throttle, bucket=bucket - count, bucket_at=at)
    if throttle.is_open:
        after = _begin_probe(after, request.who, now)
    is_news = not throttle.is_well
    return Portion(count, after.bucket, is_news=is_news, is_probe=throttle.is_open), after


def _hold_back(throttle: Throttle, request: PortionRequest, now: datetime) -> Throttled | None:
    """Return the refusal while the breaker is open, or None where a probe is due."""
    left = ((throttle.open_until or now) - now).total_seconds()
    if left > LONGEST_WAIT + SET_BACK:  # the clock was set back: nobody waits until it caught up
        return None
    if left > 0:
        return Throttled(left, throttle.reason)
    rest = OTHERS_FIRST + left
    if rest > 0 and read_evidence(throttle.recent).has_failed(request.who):
        return Throttled(rest, throttle.reason, is_for_all=False)
    return None


def _begin_probe(throttle: Throttle, who: str, now: datetime) -> Throttle:
    """Let everybody else wait for the outcome of one probe."""
    evidence = replace(read_evidence(throttle.recent), prober=short_name(who))
    until = now + timedelta(seconds=PROBE_LONGEST)
    return replace(throttle, recent=write_evidence(evidence), open_until=until)


def _reserve(request: PortionRequest) -> float:
    """Return the permits that have to stay in the bucket: fewer, the longer somebody waits."""
    part, patience = _RESERVES.get(request.purpose, (0.0, 1.0))
    return part * (request.limits.burst - 1) * max(0.0, 1 - request.waited / patience)


def _fill(throttle: Throttle, limits: Limits, now: datetime) -> tuple[float, datetime]:
    """Return the content of the bucket by *now*, and the time that it is of."""
    seconds = (now - throttle.bucket_at).total_seconds()
    if seconds < -SET_BACK:
        # Otherwise the bucket would stay empty until the clock has caught up.
        return limits.burst, now
    content = min(limits.burst, throttle.bucket + max(seconds, 0.0) * limits.rate)
    return content, max(now, throttle.bucket_at)
