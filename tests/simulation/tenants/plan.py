"""The plan of one schedule of tenants: who there is, and what goes wrong for whom and when."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from portalkey.model.throttle import Limits
from simulation.tenants.hubspot import Spell
from simulation.tenants.troubles import OF_ALL, OF_MACHINE, OF_TENANT, Trouble

TABLE: Sequence[tuple[str, str]] = (
    *(("tenant", name) for name in OF_TENANT),
    *(("many", name) for name in OF_TENANT),
    *(("machine", name) for name in OF_MACHINE),
    *(("all", name) for name in OF_ALL),
    *(("crowd", name) for name in ("", "at a high rate")),
    *(("ahead", name) for name in ("", "at a high rate")),
)
"""What a schedule is about, each in its turn: the trouble of a tenant with one connection or with
many that all meet the same, of one machine, of all, or one owner's very many connections that are
due at once, with tokens that are over or with tokens that are still good."""
USUAL, HIGH = Limits(10.0, 20), Limits(100.0, 40)
SICK, BUSY = "sick", "busy"
"""The owner who is in trouble, and the one with very many connections."""
CROWD = 281
MANY = (4, 10, 30)
AFTERWARDS = 140.0
"""Seconds that a schedule goes on once HubSpot is back."""


@dataclass(slots=True)
class Plan:
    """What a schedule's seed comes to.

    ``connections`` are how many each owner has, ``machines`` the machine of each process, and
    ``offsets`` by how many seconds the clock of each machine is off. ``crowd_left`` are the seconds
    that the busy owner's tokens have left as all of them are asked for, at ``crowd_at``.
    """

    about: tuple[str, str]
    seconds: float = 80.0
    lifetime: int = 100
    connections: dict[str, int] = field(default_factory=dict)
    machines: list[int] = field(default_factory=list)
    offsets: Mapping[int, float] = field(default_factory=dict)
    spells: list[Spell] = field(default_factory=list)
    limits: Limits = USUAL
    crowd_at: float | None = None
    crowd_left: float = -1.0

    @property
    def away(self) -> Sequence[tuple[float, float]]:
        """When HubSpot is away for all."""
        everybody = [each for each in self.spells if each.owner is None and each.machine is None]
        return [(each.begins, each.ends) for each in everybody]

    @property
    def cut_off(self) -> Sequence[Spell]:
        """What machines meet that cannot reach HubSpot."""
        return [each for each in self.spells if each.machine is not None]


def draw(chance: random.Random, about: tuple[str, str]) -> Plan:
    """Draw the plan of a schedule that is *about* one row of the table."""
    kind, name = about
    plan = Plan(about, lifetime=chance.choice((60, 100, 300)))
    plan.connections = {f"t{number}": 1 for number in range(chance.randint(20, 32))}
    plan.machines = [1 + number % 2 for number in range(chance.choice((2, 4, 8, 8)))]
    plan.offsets = {2: chance.choice((0.0, 3600.0, -3600.0))}
    if kind in {"tenant", "many"}:
        _fall_sick(plan, chance, OF_TENANT[name], chance.choice(MANY) if kind == "many" else 1)
    elif kind == "machine":
        _cut_off(plan, chance, OF_MACHINE[name])
    elif kind == "all":
        _go_away(plan, chance, OF_ALL[name])
    else:
        _crowd(plan, chance, left=-1.0 if kind == "crowd" else 150.0)
        plan.limits = HIGH if name else USUAL
    if kind in {"machine", "crowd"} and chance.random() < 0.3:
        _fall_sick(plan, chance, OF_TENANT[chance.choice(sorted(OF_TENANT))], 1)
    return plan


def _fall_sick(plan: Plan, chance: random.Random, trouble: Trouble, connections: int) -> None:
    plan.connections[SICK] = connections
    begins = chance.choice((0.0, chance.uniform(0.0, 25.0)))
    if trouble.said:
        plan.seconds = max(plan.seconds, begins + min(trouble.said, 120.0) + 20.0)
    ends = begins + chance.choice((chance.uniform(5.0, 60.0), plan.seconds))
    plan.spells.append(Spell(trouble, begins, ends, owner=SICK))


def _crowd(plan: Plan, chance: random.Random, left: float) -> None:
    plan.crowd_at, plan.seconds = chance.uniform(2.0, 12.0), 60.0
    plan.crowd_left, plan.lifetime = left, 300
    plan.connections[BUSY] = CROWD
    plan.machines = [1 + number % 2 for number in range(8)]


def _cut_off(plan: Plan, chance: random.Random, trouble: Trouble) -> None:
    begins = chance.uniform(0.0, 30.0)
    ends = begins + chance.uniform(60.0, 100.0)
    plan.spells.append(Spell(trouble, begins, ends, machine=2))
    plan.seconds = ends + 20.0


def _go_away(plan: Plan, chance: random.Random, trouble: Trouble) -> None:
    begins = chance.uniform(0.0, 30.0)
    ends = begins + chance.choice((20.0, 90.0, 90.0, 300.0))
    plan.spells.append(Spell(trouble, begins, ends))
    plan.seconds = ends + AFTERWARDS
