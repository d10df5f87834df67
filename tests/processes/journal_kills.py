"""Readers of HubSpot's journal killed at any moment, and what the next one makes of it."""

from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

from portalkey.broker import Broker
from portalkey.broker.journal_place import HELD
from portalkey.model.events import EventName
from portalkey_simulator import HubSpot
from processes.crew import Crew, Member
from processes.herd import connect
from processes.plan import Ahead, Plan

HUB_ID = 4410001
OWNERS = ("ada", "bob")
NEVER = -1
WELL, LOST, TWICE = "well", "lost", "twice"
_APART = 60.0
"""Seconds between a connection and the uninstall that ends it."""


@dataclass(frozen=True, slots=True)
class JournalKill:
    """One reader was killed; ``verdict`` is ``WELL``, or what must never be."""

    where: str
    is_midway: bool
    verdict: str


class JournalKills:
    """An account that is connected and uninstalled again and again, read by mortals."""

    def __init__(
        self, crew: Crew, plan: Plan, broker: Broker, hubspot: HubSpot, ahead: Ahead
    ) -> None:
        self._crew, self._plan = crew, plan
        self._broker, self._hubspot, self._ahead = broker, hubspot, ahead
        self._times = 0
        broker.journal_setup.run()
        self._survivor = crew.hire(plan)

    def steps(self) -> Sequence[str]:
        """The steps at which a reader can be killed."""
        victim = self._begin(NEVER)
        assert victim.end() == (2, None)
        steps: Sequence[str] = victim.call("steps")
        victim.leave()
        assert self._judge() == WELL
        return steps

    def at_step(self, number: int) -> JournalKill:
        """Let a reader kill itself at the step of this *number*."""
        victim = self._begin(number)
        with suppress(EOFError):
            victim.hear()
            raise AssertionError("it did not come to that step")
        victim.bury()
        return JournalKill(f"step {number}", is_midway=True, verdict=self._judge())

    def at_random(self, after: float) -> JournalKill:
        """Kill a reader so many seconds *after* it was told to begin."""
        victim = self._begin(None)
        is_midway = not victim.is_done(after)
        victim.kill()
        return JournalKill(f"after {after:.4f} s", is_midway, self._judge())

    def _begin(self, dies_at: int | None) -> Member:
        victim = self._crew.hire(replace(self._plan, dies_at=dies_at))
        victim.call("steps")  # it is up
        for owner in OWNERS:
            connect(self._broker, self._hubspot, owner, HUB_ID)
        self._pass(_APART)
        self._hubspot.uninstall(HUB_ID)
        self._times += 1
        victim.begin("read_journal")
        return victim

    def _judge(self) -> str:
        """What is there once the next one has read."""
        self._pass(HELD + 1)
        self._survivor.call("read_journal")
        rows = [row for owner in OWNERS for row in self._broker.connections(owner)]
        if {row.status_reason for row in rows} != {"uninstalled"} or len(rows) != len(OWNERS):
            return LOST
        names = Counter(event.name for event in self._broker.vault.store.events())
        found = (names[EventName.INSTALLED], names[EventName.NEEDS_RECONNECT])
        right = (self._times, self._times * len(OWNERS))
        if found == right:
            return WELL
        return TWICE if found > right else LOST

    def _pass(self, seconds: float) -> None:
        self._ahead.seconds += seconds
        self._hubspot.clock.move(seconds)
