"""Everything one simulator knows."""

from collections.abc import Sequence

from portalkey.simulator.world.accounts import ACCOUNTS, Account
from portalkey.simulator.world.apps import App
from portalkey.simulator.world.clock import Clock
from portalkey.simulator.world.installs import Installs
from portalkey.simulator.world.ledger import Ledger
from portalkey.simulator.world.lifecycle import Lifecycle
from portalkey.simulator.world.limits import Limits
from portalkey.simulator.world.mint import Mint
from portalkey.simulator.world.record import Pause, Record
from portalkey.simulator.world.switches import Switches

DATED = ("2026-03", "2026-09")
VERSIONS = ("v3", *DATED)
"""The API versions that are answered alike; v1 has endpoints of its own, any other is not found."""


class World:
    """Apps, accounts, clock, switches, ledger and record, for the endpoints to share."""

    def __init__(
        self, apps: Sequence[App], accounts: Sequence[Account] = ACCOUNTS, seed: int | None = None
    ) -> None:
        """Know these *apps* and *accounts* and no other; a *seed* makes the same tokens again."""
        self.apps = {app.client_id: app for app in apps}
        self.accounts = tuple(accounts)
        self.clock = Clock()
        self.switches = Switches()
        self.mint = Mint(seed)
        self.installs = Installs()
        self.lifecycle = Lifecycle(self.clock)
        self.ledger = Ledger(self.clock, self.switches, self.mint, self.installs, self.lifecycle)
        self.limits = Limits(self.clock)
        self.record = Record()
        self.pause = Pause()

    def account(self, hub_id: object) -> Account | None:
        """The account of this id, which may be a number or whatever text came in a request."""
        return next((one for one in self.accounts if str(one.hub_id) == str(hub_id)), None)
