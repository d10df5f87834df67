"""Many schedules of tenants, one after another."""

from collections.abc import Iterable

from simulation.campaign import Tally, campaign
from simulation.ports import Drawer
from simulation.tenants.process import TenantProcess
from simulation.tenants.schedule import Kind, Outcome, Schedule


class House:
    """Runs schedules of tenants, one after another; the processes are used again."""

    def __init__(self, kind: Kind | None = None) -> None:
        self.kind = kind or Kind()
        self.keyring = Drawer()
        self._pool: list[TenantProcess] = []

    def process(self, number: int) -> TenantProcess:
        """The process of this *number*, built once."""
        while len(self._pool) <= number:
            process = TenantProcess(self.keyring)
            self.kind.fit(process)
            self._pool.append(process)
        return self._pool[number]

    def run(self, seed: int) -> Outcome:
        """The schedule of this *seed*, from its begin until all is quiet again."""
        self.keyring.clear()
        return Schedule(self.kind, self.keyring, self.process, seed).run()


def run(seeds: Iterable[int], kind: Kind | None = None) -> Tally:
    """The schedules of *seeds*, counted."""
    house, tally = House(kind), Tally()
    with campaign():
        for seed in seeds:
            tally.add(house.run(seed))
    return tally
