"""Everything one simulator knows."""

from collections.abc import Sequence

from portalkey.simulator.world.accounts import ACCOUNTS, Account
from portalkey.simulator.world.apps import App
from portalkey.simulator.world.clock import Clock
from portalkey.simulator.world.journal import Journal
from portalkey.simulator.world.ledger import Ledger
from portalkey.simulator.world.switches import Switches

VERSIONS = ("2026-03", "2026-09")
"""The API versions that are answered; any other is not found."""


class World:
    """Apps, accounts, clock, switches, ledger and journal, for the endpoints to share."""

    def __init__(self, apps: Sequence[App]) -> None:
        """Know these *apps* and no other."""
        self.apps = {app.client_id: app for app in apps}
        self.accounts = ACCOUNTS
        self.clock = Clock()
        self.switches = Switches()
        self.ledger = Ledger(self.clock, self.switches)
        self.journal = Journal()

    def account(self, hub_id: object) -> Account | None:
        """The account of this id, which may be a number or whatever text came in a request."""
        return next((one for one in self.accounts if str(one.hub_id) == str(hub_id)), None)
