"""Which app is installed where, and who may install it.

An app is installed by its first exchange of a code: who agrees and whose app never asks for the
tokens has installed nothing (https://developers.hubspot.com/docs/faq/installing-an-app).
"""

import threading
from collections.abc import Iterable
from dataclasses import dataclass

from portalkey_simulator.world.accounts import Account, User
from portalkey_simulator.world.apps import App


@dataclass(frozen=True, slots=True)
class Agreement:
    """What somebody agreed to: this app, in this account, for these scopes."""

    client_id: str
    account: Account
    scopes: tuple[str, ...]
    user: User
    is_user_level: bool = False

    @property
    def place(self) -> tuple[str, int, int | None]:
        """What can be installed once: an app in an account, or for one of its users."""
        user_id = self.user.user_id if self.is_user_level else None
        return (self.client_id, self.account.hub_id, user_id)


class Installs:
    """The scopes that every installed app has."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._scopes: dict[tuple[str, int, int | None], frozenset[str]] = {}

    def may_install(self, app: App, account: Account, user: User, scopes: Iterable[str]) -> bool:
        """Whether this *user* may agree.

        Installing an app, or giving it scopes that are new in the account, takes the permission to
        install and those behind the scopes; agreeing to what is there already takes none
        (https://developers.hubspot.com/changelog/new-permission-requirements-for-installing-public-apps).
        An app on the level of users takes the permissions behind the scopes only.
        """
        asked = frozenset(scopes)
        if app.is_user_level:
            return not asked & user.lacks
        new = asked - self.scopes(app.client_id, account.hub_id)
        is_installed = self.is_installed(app.client_id, account.hub_id)
        return (is_installed and not new) or (user.may_install and not new & user.lacks)

    def add(self, agreement: Agreement) -> bool:
        """Note what was agreed to; true where it is the first time."""
        with self._lock:
            known = self._scopes.get(agreement.place)
            self._scopes[agreement.place] = (known or frozenset()) | frozenset(agreement.scopes)
            return known is None

    def is_installed(self, client_id: str, hub_id: int) -> bool:
        """Whether the app is installed in the account, by anyone."""
        with self._lock:
            return any(place[:2] == (client_id, hub_id) for place in self._scopes)

    def has(self, agreement: Agreement) -> bool:
        """Whether just this is installed: for this person, where the app is on their level."""
        with self._lock:
            return agreement.place in self._scopes

    def scopes(self, client_id: str, hub_id: int) -> frozenset[str]:
        """The scopes that the app has in the account, whoever gave them."""
        with self._lock:
            found = (
                each for place, each in self._scopes.items() if place[:2] == (client_id, hub_id)
            )
            return frozenset().union(*found)

    def remove(self, client_id: str, hub_id: int) -> bool:
        """Uninstall the app from the account; false where it was not there."""
        with self._lock:
            gone = [place for place in self._scopes if place[:2] == (client_id, hub_id)]
            for place in gone:
                del self._scopes[place]
            return bool(gone)

    def clear(self) -> None:
        """Nothing is installed anywhere."""
        with self._lock:
            self._scopes.clear()

    def everywhere(self) -> tuple[tuple[str, int, int | None, frozenset[str]], ...]:
        """Every install: app, account, user where the app is on their level, and scopes."""
        with self._lock:
            return tuple((*place, scopes) for place, scopes in self._scopes.items())
