"""Many schedules of all actors, one after another."""

from collections.abc import Iterable

from simulation.actors.process import ActorProcess
from simulation.actors.schedule import ActorKind, ActorSchedule
from simulation.campaign import House, Tally, campaign
from simulation.schedule import Kind


class ActorHouse(House):
    """Runs schedules of all actors; the processes are used again."""

    PROCESS, SCHEDULE = ActorProcess, ActorSchedule

    def __init__(self, kind: Kind | None = None) -> None:
        super().__init__(kind or ActorKind())


def run(seeds: Iterable[int], kind: Kind | None = None) -> Tally:
    """The schedules of *seeds*, counted."""
    house, tally = ActorHouse(kind), Tally()
    with campaign():
        for seed in seeds:
            tally.add(house.run(seed))
    return tally
