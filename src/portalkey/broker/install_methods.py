"""Methods of the Broker for installs that begin at HubSpot."""

from abc import abstractmethod
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import TYPE_CHECKING

from pydantic import SecretStr

from portalkey._support.background import Background
from portalkey.model.attempt import Attempt
from portalkey.model.authorization import Visitor
from portalkey.settings.settings import Settings
from portalkey.vault.vault import Vault

if TYPE_CHECKING:
    from portalkey.broker.installs import Installs
    from portalkey.broker.token_cache import TokenCache
    from portalkey.model.connection import Account

_TICKET = "install"


class InstallMethods:
    """The Broker's methods for the pages and the command of installs."""

    settings: Settings
    vault: Vault
    attempts: "Installs"
    _tokens: "TokenCache"
    _background: Background

    @abstractmethod
    def send_owed(self, at_most: int = 5) -> int:
        """Send HubSpot what it is still owed; see ``Broker.send_owed``."""

    @property
    def takes_installs(self) -> bool:
        """True where an install that begins at HubSpot is kept; none has a place in a session."""
        return self.settings.pending_hours > 0 and not self.vault.store.is_personal

    def begin_install(self, visitor: Visitor, *, next_url: str, language: str) -> SecretStr:
        """Begin one that HubSpot asks *visitor* to sign in for; see ``Installs.begin_install``."""
        return self.attempts.begin_install(visitor, next_url=next_url, language=language)

    def take_in_install(
        self, code: SecretStr, *, next_url: str, language: str, tickets: Collection[str] = ()
    ) -> Attempt:
        """Keep one that came without a state, as nobody's; see ``Installs.take_in``."""
        attempt = self.attempts.take_in(code, next_url=next_url, language=language, tickets=tickets)
        if tickets:  # the grant of one that gave way is due
            self._background.start("owed", self.send_owed)
        return attempt

    def finish_install(
        self, state_hash: str | None, find_code: Callable[[Attempt], SecretStr]
    ) -> Attempt:
        """Keep one that came with a state of ours; see ``Installs.finish_install``."""
        return self.attempts.finish_install(state_hash, find_code)

    def ticket_of_install(self, attempt: Attempt) -> str:
        """Return what shows that a browser brought the code: it is handed to no other."""
        return self.vault.keyring.sign(_TICKET, attempt.id)

    def is_ticket(self, attempt_id: str, ticket: str) -> bool:
        """Return True where *ticket* is one of ours for the install of this id; asks no store."""
        return self.vault.keyring.is_signed(ticket, _TICKET, attempt_id)

    def find_install(self, attempt_id: str, ticket: str) -> Attempt | None:
        """Return the install of this app that *ticket* is of; None for anything else."""
        if not self.is_ticket(attempt_id, ticket):
            return None
        attempt = self.attempts.find(attempt_id)
        return attempt if attempt is not None and attempt.is_install else None

    def find_installs(self, tickets: Mapping[str, str]) -> Sequence[Attempt]:
        """Return the installs that wait, of those whose *tickets* a browser has."""
        found = (self.find_install(*each) for each in tickets.items())
        return [each for each in found if each is not None and each.is_pending]

    def account_of_install(self, attempt: Attempt) -> "Account":
        """Return the account of a pending install; raises like ``Vault.open_grant``."""
        return self.vault.open_grant(attempt).account

    def look_at_install(self, attempt: Attempt) -> tuple["Account", tuple[str, ...] | None]:
        """Return the account of a pending install, and what it grants, if that is known.

        Raises like ``Vault.open_grant``.
        """
        waiting = self.vault.open_grant(attempt)
        return waiting.account, waiting.scopes

    def claim_install(self, attempt: Attempt, visitor: Visitor) -> Attempt:
        """Attach the account of a pending install; see ``Installs.claim``."""
        attempt = self.attempts.claim(attempt, visitor)
        self._tokens.evict(attempt.owner)
        self._background.start("owed", self.send_owed)
        return attempt

    def decline_install(self, attempt: Attempt, visitor: Visitor) -> None:
        """End a pending install by *visitor*'s no, and give back its grant."""
        if self.attempts.decline(attempt, visitor):
            self._background.start("owed", self.send_owed)

    def pending_installs(self) -> Sequence[Attempt]:
        """Return the app's installs that wait for a yes; the first to end come first.

        Raises:
            StoreBusy, StoreUnusable: The store cannot be read.
        """
        return self.attempts.list_pending()

    def withdraw_install(self, attempt: Attempt, *, operator: str | None = None) -> bool:
        """End a pending install, whose grant is due at HubSpot then; False where it had ended.

        *operator* is who wants it, for the audit.

        Raises:
            StoreBusy, StoreUnusable: It waits still; call it again.
        """
        is_ended = self.attempts.withdraw(attempt, operator)
        if is_ended:
            self._background.start("owed", self.send_owed)
        return is_ended
