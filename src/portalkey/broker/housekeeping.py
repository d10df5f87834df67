"""Housekeeping: what is too old is forgotten, a little at a time, in whichever process has time."""

from portalkey._support.clock import Clock
from portalkey.broker.counters import Counters
from portalkey.broker.hubspot_requests import RequestMemory
from portalkey.broker.lease_owner import LeaseOwner
from portalkey.broker.processes import Processes
from portalkey.settings.settings import Settings
from portalkey.vault.vault import Vault

BITE = 200
"""So many rows of a kind are forgotten at once: nobody who writes waits long for that."""
MOST_BITES = 20
"""So many bites are taken in a row; what is left is for the next time."""


class Housekeeping:
    """Purges the store, and writes what this process counted and which keys it has.

    Any process may do it at any time.
    """

    def __init__(
        self,
        settings: Settings,
        vault: Vault,
        counters: Counters,
        owner: LeaseOwner,
        clock: Clock,
    ) -> None:
        self._settings = settings
        self._vault = vault
        self._counters = counters
        self.requests = RequestMemory(vault, clock)
        self.processes = Processes(vault, owner, settings.label)

    def run(self) -> None:
        """Write what is due, and forget what is too old, up to ``MOST_BITES`` bites of it.

        Raises:
            StoreBusy, StoreUnusable: Some of it is left for the next time.
        """
        self._counters.flush()
        self.processes.announce()
        self.processes.sweep()
        self.requests.purge()
        for _ in range(MOST_BITES):
            if not self._vault.store.purge(BITE, events_days=self._settings.events_days):
                return
