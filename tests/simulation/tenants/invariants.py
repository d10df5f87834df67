"""What holds in each schedule of tenants: a function for each, which yields what breaks it.

The first word says which invariant it is.
"""

from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise

from portalkey.broker import waiting
from portalkey.errors import TryLater
from simulation.tenants.evidence import RECOVERY, Evidence
from simulation.tenants.plan import BUSY, SICK

SLACK = 0.5
"""Part of one request that may be early, as a lease is granted a little before it is sent."""
AT_MOST = 0.1
"""Seconds that a healthy tenant's caller waits beside its own request."""
LONGEST_CALL = waiting.LONGEST
TWO_MINUTES = 120.0
_ROUNDED = 0.5
_SETTLED = 30.0
"""Seconds after which whoever meets an outage knows of it."""
_A_MINUTE = 8
"""Requests in a minute at most, once it is known that HubSpot is away."""
_WHILE_ALL_WAIT = 4.0
"""Seconds for which very many wait at least."""
_TRIES = 15
"""Requests of one failing connection in a minute, at most."""
_TRIES_OF_EACH = 4
"""Requests of it in a minute by a process that HubSpot refuses the app to, at most."""


def the_rate_is_kept(evidence: Evidence) -> Iterator[str]:
    """All processes together send no more than rate x time + burst, in any window."""
    level, at = evidence.burst + SLACK, 0.0
    for each in evidence.sent:
        level = min(evidence.burst + SLACK, level + evidence.rate * (each.at - at)) - 1
        at = each.at
        if level < 0:
            yield f"RATE {-level:.2f} requests too many at {at:.2f}"
            return


def nobody_healthy_waits(evidence: Evidence) -> Iterator[str]:
    """No healthy tenant waits for anything but its own request, while the bucket has tokens."""
    for call in evidence.healthy:
        late = evidence.excess(call) - AT_MOST
        is_short = late > 0 and evidence.is_short(call)
        is_ahead = evidence.plan.about[0] == "ahead"
        if late > (evidence.turn if is_short else 0.0):
            what = "URGENCY" if is_ahead else "TURNS" if is_short else "WAIT"
            yield f"{what} {call.owner} waited {late:.1f} s too long at {call.began:.1f}"


def nobody_healthy_fails(evidence: Evidence) -> Iterator[str]:
    """No healthy tenant's caller gets an error.

    Until a machine knows that it is cut off, its processes may hold the lease of a connection one
    after another, each for as long as a name is looked for: one caller elsewhere may hear of that.
    """
    failed = [call for call in evidence.healthy if call.error is not None]
    learning = [
        call
        for call in failed
        if isinstance(call.error, TryLater)
        and any(0 < call.ended - each.begins < _SETTLED for each in evidence.plan.cut_off)
    ]
    for call in failed:
        if len(learning) > 1 or call not in learning:
            yield f"ERROR {call.owner} got {call.error!r} at {call.began:.1f}"


def nobody_waits_for_ever(evidence: Evidence) -> Iterator[str]:
    """No caller, whoever it is, waits longer than the one deadline."""
    longest = max((call.seconds for call in evidence.calls), default=0.0)
    if longest > LONGEST_CALL + _ROUNDED:
        yield f"DEADLINE a caller waited {longest:.1f} s"


def few_ask_while_away(evidence: Evidence) -> Iterator[str]:
    """HubSpot is hardly asked while it is away."""
    for spell in evidence.plan.spells:
        if spell.owner is not None or spell.machine is not None:
            continue
        is_of_each = spell.trouble.is_local or spell.trouble.is_of_app
        knowing = evidence.processes if is_of_each else 1
        times = [at for at in evidence.tries if spell.begins + _SETTLED < at < spell.ends]
        busiest = _busiest_minute(times)
        if busiest > _A_MINUTE * knowing:
            yield f"AWAY {busiest} requests in a minute"


def a_probe_in_time(evidence: Evidence) -> Iterator[str]:
    """Nobody is refused while there was no request for more than two minutes."""
    for begins, ends in evidence.plan.away:
        for call in evidence.calls:
            if call.error is not None and begins + TWO_MINUTES < call.began < ends:
                since = max((at for at in evidence.tries if at <= call.ended), default=begins)
                if call.ended - since > TWO_MINUTES + _ROUNDED:
                    yield f"PROBE none for {call.ended - since:.0f} s at {call.ended:.0f}"
                    return


def back_within_two_minutes(evidence: Evidence) -> Iterator[str]:
    """Once HubSpot is back, everybody has a token within two minutes."""
    for _, ends in evidence.plan.away:
        late = [call for call in evidence.calls if call.began > ends + RECOVERY]
        refused = [call for call in late if call.error is not None and call.owner != SICK]
        if refused:
            yield f"BACK {len(refused)} refused, as {refused[0].error!r}"


def what_is_said_is_obeyed(evidence: Evidence) -> Iterator[str]:
    """A connection that is told to wait waits, up to two minutes, and no longer than that."""
    for sent in evidence.by_connection.values():
        for each, following in pairwise(sent):
            said = each.trouble.said if each.trouble is not None else None
            if said is not None and following.at < each.ended_at + min(said, TWO_MINUTES):
                yield f"SAID {said} s, asked again after {following.at - each.ended_at:.2f} s"
                return
    if evidence.plan.about[0] == "tenant":
        yield from _asked_again(evidence)


def _asked_again(evidence: Evidence) -> Iterator[str]:
    """Whoever is told to wait for an hour is asked again after two minutes."""
    for call in evidence.calls:
        sent = evidence.by_connection.get(call.connection_id, ())
        before = [each for each in sent if each.at <= call.ended]
        if call.owner == SICK and call.error is not None and before:
            last = before[-1]
            is_final = last.trouble is not None and last.trouble.is_final
            passed = call.ended - last.ended_at
            if passed > TWO_MINUTES + _ROUNDED and not is_final:
                yield f"SAID too much: not asked again for {passed:.0f} s"
                return


def few_tries(evidence: Evidence) -> Iterator[str]:
    """A connection that fails is tried less and less."""
    spells = evidence.plan.spells
    # Each process has to find out for itself that its own way is closed.
    learners = evidence.processes if any(each.trouble.is_local for each in spells) else 0
    if any(each.trouble.is_of_app for each in spells):
        learners = evidence.processes * _TRIES_OF_EACH
    for connection_id, sent in evidence.by_connection.items():
        busiest = _busiest_minute([each.at for each in sent])
        if busiest > _TRIES + learners:
            yield f"TRIES {busiest} for {connection_id} in a minute"
            return


def a_machine_keeps_to_itself(evidence: Evidence) -> Iterator[str]:
    """A machine that cannot reach HubSpot takes hardly a lease, as its own breaker is open."""
    for spell in evidence.plan.cut_off:
        machines, begins = evidence.plan.machines, spell.begins + _SETTLED
        for process, machine in enumerate(machines):
            times = [at for at, by, _ in evidence.leases if by == process]
            busiest = _busiest_minute([at for at in times if begins < at < spell.ends])
            if machine == spell.machine and busiest > _A_MINUTE:
                yield f"MACHINE {busiest} leases in a minute by a process that is cut off"
                return


def a_machine_costs_no_other(evidence: Evidence) -> Iterator[str]:
    """What the other machines' callers wait for such leases is a small share."""
    for spell in evidence.plan.cut_off:
        calls = [c for c in evidence.healthy if spell.begins < c.ended and c.began < spell.ends]
        slow = [call for call in calls if call.seconds > 1.0]
        if len(slow) > 2 + len(calls) / 20:
            yield f"SHARE {len(slow)} of {len(calls)} callers of another machine waited"


def the_crowd_is_served(evidence: Evidence) -> Iterator[str]:
    """Tokens are not wasted while very many wait."""
    if evidence.plan.crowd_at is None or evidence.plan.crowd_left > 0:
        return
    begin = evidence.plan.crowd_at + 0.5
    seconds = (evidence.plan.connections[BUSY] - evidence.burst) / evidence.rate
    end = begin + min(_WHILE_ALL_WAIT, seconds - 1.0)
    sent = sum(begin <= each.at < end for each in evidence.sent)
    if sent < 0.8 * (end - begin) * evidence.rate:
        yield f"WASTE {sent} requests in {end - begin:.1f} s"


def the_crowd_is_not_stuck(evidence: Evidence) -> Iterator[str]:
    """Each of them has a token in the end."""
    if evidence.plan.crowd_at is None:
        return
    served = {c.connection_id for c in evidence.calls if c.owner == BUSY and c.error is None}
    missing = evidence.plan.connections[BUSY] - len(served)
    if missing:
        yield f"CROWD {missing} without a token"


def _busiest_minute(times: Sequence[float]) -> int:
    first, most = 0, 0
    for last, at in enumerate(times):
        while at - times[first] >= 60.0:
            first += 1
        most = max(most, last - first + 1)
    return most


INVARIANTS: Sequence[Callable[[Evidence], Iterator[str]]] = (
    the_rate_is_kept,
    nobody_healthy_waits,
    nobody_healthy_fails,
    nobody_waits_for_ever,
    few_ask_while_away,
    a_probe_in_time,
    back_within_two_minutes,
    what_is_said_is_obeyed,
    few_tries,
    a_machine_keeps_to_itself,
    a_machine_costs_no_other,
    the_crowd_is_served,
    the_crowd_is_not_stuck,
)


def violations(evidence: Evidence) -> list[str]:
    """All that breaks one of them."""
    return [each for invariant in INVARIANTS for each in invariant(evidence)]
