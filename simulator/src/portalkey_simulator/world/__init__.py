"""The state of one simulator."""

import threading
from collections.abc import Iterable, Sequence
from dataclasses import fields, replace

from portalkey_simulator.world.accounts import ACCOUNTS, Account
from portalkey_simulator.world.apps import App
from portalkey_simulator.world.client_secrets import OldSecrets
from portalkey_simulator.world.clock import Clock
from portalkey_simulator.world.installs import Agreement, Installs
from portalkey_simulator.world.ledger import Ledger
from portalkey_simulator.world.lifecycle import Lifecycle
from portalkey_simulator.world.marketplace_visits import Visits
from portalkey_simulator.world.mint import Mint
from portalkey_simulator.world.request_log import Pause, RequestLog
from portalkey_simulator.world.rolling_windows import Limits
from portalkey_simulator.world.switches import Switches

DATED = ("2026-03", "2026-09")
VERSIONS = ("v3", *DATED)
"""The API versions that are answered alike; v1 has endpoints of its own, any other is not found."""


class World:
    """Apps, accounts, clock, switches, ledger and record, for the endpoints to share."""

    def __init__(
        self, apps: Sequence[App], accounts: Sequence[Account] = ACCOUNTS, seed: int | None = None
    ) -> None:
        """Know these *apps* and *accounts* and no other; a *seed* makes the same tokens again.

        Raises:
            ValueError: There is no account; nobody could connect.
        """
        if not accounts:
            raise ValueError("accounts is empty; give at least one account")
        self.apps = {app.client_id: app for app in apps}
        self.accounts = tuple(accounts)
        self._first_apps, self._first_accounts = self.apps, self.accounts
        self._lock = threading.Lock()
        self.clock = Clock()
        self.switches = Switches()
        self.mint = Mint(seed)
        self.installs = Installs()
        self.lifecycle = Lifecycle(self.clock)
        self.ledger = Ledger(self.clock, self.switches, self.mint, self.installs, self.lifecycle)
        self.old_secrets = OldSecrets(self.clock)
        self.limits = Limits(self.clock)
        self.visits = Visits()
        self.record = RequestLog()
        self.pause = Pause()

    def set_account(self, account: Account) -> None:
        """Know *account*, in place of the one with its number where there is one.

        Tokens that are out follow it, with the scopes that they were granted.
        """
        with self._lock:
            others = {one.hub_id: one for one in self.accounts}
            self.accounts = tuple({**others, account.hub_id: account}.values())
        self.ledger.follow(account)

    def add_app(self, app: App) -> None:
        """Know *app*, in place of the one with its client id where there is one."""
        with self._lock:
            self.apps = {**self.apps, app.client_id: app}

    def rotate_secret(self, app: App, client_secret: str, overlap_seconds: float = 0) -> App:
        """Give *app* a new secret; return the app that has it.

        The old one is accepted for *overlap_seconds* more.
        """
        new = replace(app, client_secret=client_secret)
        self.old_secrets.add(app, overlap_seconds)
        self.add_app(new)
        if self.switches.new_secret_ends_tokens:
            self.ledger.end_refresh_tokens(app.client_id)
        return new

    def uninstall(self, account: Account, client_ids: Iterable[str]) -> tuple[str, ...]:
        """Take these apps out of *account*, as its admin would; return those that were there."""
        apps = tuple(client_ids)
        installed = [one for one in apps if self.installs.is_installed(one, account.hub_id)]
        for client_id in apps:
            self.ledger.uninstall(Agreement(client_id, account, (), account.users[0]))
        return tuple(installed)

    def reset(self) -> None:
        """Be as at the beginning: the same apps and accounts, and nothing happened."""
        with self._lock:
            self.apps, self.accounts = dict(self._first_apps), self._first_accounts
        self.clock.move(-self.clock.ahead)
        for each in fields(Switches):
            setattr(self.switches, each.name, each.default)
        self.mint.restart()
        clearable = (self.installs, self.lifecycle, self.ledger, self.limits, self.record)
        for part in (*clearable, self.visits, self.old_secrets):
            part.clear()

    def account(self, hub_id: object) -> Account | None:
        """Return the account of this id, which may be a number or any text of a request."""
        return next((one for one in self.accounts if str(one.hub_id) == str(hub_id)), None)
