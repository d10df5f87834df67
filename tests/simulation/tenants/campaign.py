"""Many schedules of tenants, one after another."""

from collections import defaultdict
from collections.abc import Iterable

from portalkey.model.throttle import Limits
from portalkey.settings import Settings
from simulation.campaign import Tally, campaign
from simulation.ports import SETTINGS, Drawer
from simulation.tenants.process import TenantProcess
from simulation.tenants.schedule import Kind, Outcome, Schedule


class House:
    """Runs schedules of tenants, one after another; the processes are used again."""

    def __init__(self, kind: Kind | None = None) -> None:
        self.kind = kind or Kind()
        self.keyring = Drawer()
        self._pools: dict[Limits, list[TenantProcess]] = defaultdict(list)

    def process(self, number: int, limits: Limits) -> TenantProcess:
        """The process of this *number* under these *limits*, built once."""
        pool = self._pools[limits]
        while len(pool) <= number:
            process = TenantProcess(self.keyring, settings(limits))
            self.kind.fit(process)
            pool.append(process)
        return pool[number]

    def run(self, seed: int) -> Outcome:
        """The schedule of this *seed*, from its begin until all is quiet again."""
        self.keyring.clear()
        return Schedule(self.kind, self.keyring, self.process, seed).run()


def settings(limits: Limits) -> Settings:
    """The settings of every simulated process, but for its *limits*."""
    return SETTINGS.model_copy(update={"refresh_rate": limits.rate, "refresh_burst": limits.burst})


def run(seeds: Iterable[int], kind: Kind | None = None) -> Tally:
    """The schedules of *seeds*, counted."""
    house, tally = House(kind), Tally()
    with campaign():
        for seed in seeds:
            tally.add(house.run(seed))
    return tally
