"""What one schedule has left behind, and what can be reckoned from it alone."""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import ceil

from simulation.tenants.hubspot import ScriptedHubSpot, Sent
from simulation.tenants.plan import BUSY, SICK, Plan
from simulation.tenants.watch import Call, TenantWatch

PORTION_SECONDS = 0.05
"""A process takes as many tokens at once as the rate gives in so many seconds, or one."""
_LOOK = 0.4
"""Seconds between two looks of somebody who waits for another process, at most."""
RECOVERY = 125.0
"""Seconds after which nothing of an outage may be left."""


class Bucket:
    """The bucket as it would be if it were asked for each request at the moment it is sent."""

    def __init__(self, times: Sequence[float], rate: float, burst: float) -> None:
        self._times, self._rate, self._burst = times, rate, burst
        self._levels: list[float] = []
        level, at = burst, 0.0
        for time in times:
            level = min(burst, level + rate * (time - at)) - 1
            at = time
            self._levels.append(level)

    def lowest(self, begin: float, end: float) -> float:
        """The least that was in it between *begin* and *end*."""
        first, last = bisect_left(self._times, begin), bisect_right(self._times, end)
        before = self._burst
        if first:
            passed = begin - self._times[first - 1]
            before = min(before, self._levels[first - 1] + self._rate * passed)
        return min([before, *self._levels[first:last]])


@dataclass(frozen=True, slots=True)
class Waits:
    """How many *calls* healthy tenants made, how many with *plenty* in the bucket, and the
    *longest* that one of these waited beside its own request, in seconds.
    """

    calls: int = 0
    plenty: int = 0
    longest: float = 0.0


class Evidence:
    """Everything that was sent, asked and taken in one schedule."""

    def __init__(self, plan: Plan, hubspot: ScriptedHubSpot, watch: TenantWatch) -> None:
        self.plan = plan
        self.sent: Sequence[Sent] = [each for each in hubspot.log.sent if each.at <= plan.seconds]
        self.tries = sorted(each.at for each in (*self.sent, *hubspot.log.probes))
        self.calls: Sequence[Call] = watch.calls
        self.leases = watch.leases
        self.rate, self.burst = plan.limits.rate, plan.limits.burst
        self.processes = len(plan.machines)

    @cached_property
    def bucket(self) -> Bucket:
        """The ideal bucket."""
        return Bucket([each.at for each in self.sent], self.rate, self.burst)

    @cached_property
    def by_connection(self) -> dict[str, list[Sent]]:
        """The requests of each connection."""
        sent: dict[str, list[Sent]] = defaultdict(list)
        for each in self.sent:
            sent[each.connection_id].append(each)
        return sent

    @property
    def turn(self) -> float:
        """Seconds after which each process has had its turn, and each owner in it another's.

        Processes ask at random moments, so one may be passed over for some turns.
        """
        return 4 * (self.processes + 1) / self.rate

    def own(self, call: Call) -> float:
        """Seconds of *call* that were spent on requests of its own connection.

        Another process's are noticed by looking again, a little later; and who joins somebody that
        waits for one may wait for that look, too.
        """
        total = self._late_look(call)
        for begin, end, look in self._pieces(call):
            total += end - begin + look
        return total

    def _late_look(self, call: Call) -> float:
        ends = [
            each.ended_at
            for each in self.by_connection.get(call.connection_id, ())
            if each.process != call.process and each.ended_at <= call.began
        ]
        return max(0.0, max(ends, default=-_LOOK) + _LOOK - call.began)

    def _pieces(self, call: Call) -> Iterator[tuple[float, float, float]]:
        """Yield from when to when requests went on, and the look that notices another's end."""
        until = call.began
        for each in self.by_connection.get(call.connection_id, ()):
            begin, end = max(each.at, until), min(each.ended_at, call.ended)
            if begin < end:
                is_anothers = each.process != call.process
                yield begin, end, min((end - each.at) * 0.4, _LOOK) if is_anothers else 0.0
                until = end

    def is_short(self, call: Call) -> bool:
        """Return True where there was not a portion for every process all the while."""
        portions = self.processes * ceil(self.rate * PORTION_SECONDS)
        return self.bucket.lowest(call.began, call.ended) < portions + 1

    def excess(self, call: Call) -> float:
        """Seconds that *call* waited beside its own request."""
        return call.seconds - self.own(call)

    def waits(self) -> "Waits":
        """What the healthy came to, while there were tokens for everybody."""
        plenty = [self.excess(call) for call in self.healthy if not self.is_short(call)]
        return Waits(len(self.healthy), len(plenty), max(plenty, default=0.0))

    @cached_property
    def healthy(self) -> Sequence[Call]:
        """The calls that nothing stands in the way of: neither their owner nor their machine.

        What a call at the very end came to was sent when nobody looked any more.
        """
        in_time = (each for each in self.calls if each.began < self.plan.seconds - _LOOK)
        own = (each for each in in_time if each.owner not in {SICK, BUSY})
        return [call for call in own if not self._is_hindered(call)]

    def _is_hindered(self, call: Call) -> bool:
        away = any(
            call.began < ends + RECOVERY and call.ended > begins for begins, ends in self.plan.away
        )
        return away or any(
            call.machine == each.machine
            and call.began < each.ends + RECOVERY
            and call.ended > each.begins
            for each in self.plan.cut_off
        )
