"""Installed apps, and the right to install one.

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
    """A person's agreement: to this app, in this account, for these scopes."""

    client_id: str
    account: Account
    scopes: tuple[str, ...]
    user: User
    is_user_level: bool = False

    @property
    def place(self) -> tuple[str, int, int | None]:
        """The place of an install: an app in an account, or for one of its users."""
        user_id = self.user.user_id if self.is_user_level else None
        return (self.client_id, self.account.hub_id, user_id)


class Installs:
    """The scopes that every installed app has."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._scopes: dict[tuple[str, int, int | None], frozenset[str]] = {}

    def may_install(self, app: App, account: Account, user: User, scopes: Iterable[str]) -> bool:
        """Return True where this *user* may agree.

        Installing an app, or giving it scopes that are new in the account, takes the permission to
        install and those behind the scopes; agreeing to what is there already takes none
        (https://developers.hubspot.com/changelog/new-permission-requirements-for-installing-public-apps).
        An app on the level of users takes the permissions behind the scopes only.
        """
        requested = frozenset(scopes)
        if app.is_user_level:
            return not requested & user.lacks
        new = requested - self.scopes(app.client_id, account.hub_id)
        is_installed = self.is_installed(app.client_id, account.hub_id)
        return (is_installed and not new) or (user.may_install and not new & user.lacks)

    def add(self, agreement: Agreement) -> bool:
        """Note the *agreement*; return whether it is the first one of its place."""
        with self._lock:
            scopes = self._scopes.get(agreement.place)
            self._scopes[agreement.place] = (scopes or frozenset()) | frozenset(agreement.scopes)
            return scopes is None

    def is_installed(self, client_id: str, hub_id: int) -> bool:
        """Return True where the app is installed in the account, by anyone."""
        with self._lock:
            return any(place[:2] == (client_id, hub_id) for place in self._scopes)

    def has(self, agreement: Agreement) -> bool:
        """Return True where this is installed: for this person, if the app is user-level."""
        with self._lock:
            return agreement.place in self._scopes

    def scopes(self, client_id: str, hub_id: int) -> frozenset[str]:
        """Return the scopes that the app has in the account, whoever gave them."""
        with self._lock:
            grants = (
                each for place, each in self._scopes.items() if place[:2] == (client_id, hub_id)
            )
            return frozenset().union(*grants)

    def remove(self, client_id: str, hub_id: int) -> bool:
        """Uninstall the app from the account; return False where it was not there."""
        with self._lock:
            places = [place for place in self._scopes if place[:2] == (client_id, hub_id)]
            for place in places:
                del self._scopes[place]
            return bool(places)

    def clear(self) -> None:
        """Forget every install."""
        with self._lock:
            self._scopes.clear()

    def list_all(self) -> tuple[tuple[str, int, int | None, frozenset[str]], ...]:
        """List every install: app, account, user where the app is on their level, and scopes."""
        with self._lock:
            return tuple((*place, scopes) for place, scopes in self._scopes.items())
