"""The circuit breaker of the token endpoint: what answers and failures do to the throttle. Pure.

One tenant's trouble is its own. The breaker opens where different connections, of *different
owners*, say the same of the app within a minute; a good answer of any connection takes back what
was said before it. While it is open, one request at a time tries whether HubSpot is back.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from portalkey._support.clock import SET_BACK
from portalkey.model.evidence import (
    Evidence,
    Failure,
    read_evidence,
    short_name,
    write_evidence,
)
from portalkey.model.throttle import LONGEST_WAIT, OTHERS_FIRST, PROBE_SECONDS, Throttle

WITNESSES = 3
"""Different connections that have to say the same; all there are, where there are only two."""
FEWEST = 2
"""A connection that is the only one is held back by its own row, which is enough."""
OWNERS = 2
"""Owners that they have to be of; one, where there are no others."""
WITHIN = 60.0
"""Seconds within which they have to say it."""
LONGEST_OPEN = LONGEST_WAIT - OTHERS_FIRST - 1.0
"""Seconds that the breaker is open at most before a probe is due: the probe waits for others first,
and a process looks once a second, and all of that is over within ``LONGEST_WAIT``."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """A failure that says something of the app or of HubSpot, not of one account.

    *who* is the id of the connection that met it, *owner* whose it is, *reason* its code. *said* is
    how many seconds HubSpot asked to be left alone, 0 where it did not say. *authenticated* is how
    many connections there are, as far as it matters, and *of_several* is False where all of them
    are one owner's.
    """

    who: str
    owner: str
    reason: str
    said: float = 0.0
    authenticated: int = WITNESSES
    of_several: bool = True


def record_answer(throttle: Throttle) -> Throttle:
    """Return the *throttle* after a good answer: closed, and without evidence of trouble."""
    return replace(throttle, recent="", open_until=None, reason=None)


def record_failure(throttle: Throttle, trouble: Trouble, now: datetime) -> Throttle:
    """Return the *throttle* after a failure; *now* is the store's time."""
    before = read_evidence(throttle.recent)
    is_probe = throttle.is_open and before.is_probe_of(trouble.who)
    evidence = _add(before, trouble, now, is_open=throttle.is_open)
    after = replace(throttle, recent=write_evidence(evidence))
    if not throttle.is_open and not _is_enough(evidence, trouble):
        return after
    wait = min(trouble.said or PROBE_SECONDS, LONGEST_OPEN)
    until = now + timedelta(seconds=wait)
    if throttle.open_until is not None and not is_probe:
        # One that was sent before: the newest probe knows better.
        latest = now + timedelta(seconds=LONGEST_OPEN)
        until = min(max(until, throttle.open_until), latest)
    return replace(after, open_until=until, reason=trouble.reason)


def release_probe(throttle: Throttle, who: str, now: datetime) -> Throttle:
    """Return the *throttle* after *who* gave its probe back without having sent it."""
    evidence = read_evidence(throttle.recent)
    if not throttle.is_open or not evidence.is_probe_of(who):
        return throttle
    recent = write_evidence(replace(evidence, prober=""))
    return replace(throttle, recent=recent, open_until=now)


def _add(evidence: Evidence, trouble: Trouble, now: datetime, *, is_open: bool) -> Evidence:
    """Return the *evidence* with one failure more; what is too old goes while all is well."""
    at, who = now.timestamp(), short_name(trouble.who)
    others = [
        each
        for each in evidence.failures
        if each.who != who and (is_open or -SET_BACK <= at - each.at <= WITHIN)
    ]
    prober = "" if evidence.prober == who else evidence.prober
    return Evidence((*others, Failure(who, short_name(trouble.owner), trouble.reason, at)), prober)


def _is_enough(evidence: Evidence, trouble: Trouble) -> bool:
    """Return True where as many connections, of as many owners, say the same as it takes."""
    same = [each for each in evidence.failures if each.reason == trouble.reason]
    owners = len({each.owner for each in same})
    is_of_all = owners >= OWNERS or not trouble.of_several
    return is_of_all and len(same) >= max(FEWEST, min(WITNESSES, trouble.authenticated))
