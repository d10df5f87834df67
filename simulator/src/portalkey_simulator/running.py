"""A HubSpot for as long as a block lasts."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from portalkey_simulator.hubspot import HubSpot
from portalkey_simulator.world.accounts import ACCOUNTS, Account
from portalkey_simulator.world.apps import App


@contextmanager
def running_hubspot(
    port: int = 0,
    apps: Sequence[App] | None = None,
    *,
    accounts: Sequence[Account] = ACCOUNTS,
    seed: int | None = None,
    prepare: Callable[[HubSpot], None] | None = None,
) -> Iterator[HubSpot]:
    """Run a HubSpot inside of the block; ``HubSpot`` says what the arguments are."""
    hubspot = HubSpot(apps, port, accounts=accounts, seed=seed, prepare=prepare)
    hubspot.start()
    try:
        yield hubspot
    finally:
        hubspot.stop()
