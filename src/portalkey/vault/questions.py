"""Grants for another account than last time: kept, sealed, until the person has said yes.

What nobody says yes to has to be given back, whatever ends the attempt and whichever process dies
on the way. So its revocation is owed from the moment the question is put, and due once an answer
is too late; the yes forgets it, in the transaction that writes the connection.
"""

from abc import abstractmethod
from dataclasses import dataclass
from datetime import datetime, timedelta

from pydantic import SecretStr

from portalkey.errors import AttemptExpired, BadAnswer
from portalkey.model.attempt import Attempt
from portalkey.model.connection import Account, ConnectionStatus, Grant
from portalkey.model.events import Event, EventName
from portalkey.model.transitions import asks_until
from portalkey.vault.keyring import Binding, Keyring
from portalkey.vault.store import OwedRevocation, Store
from portalkey.vault.waiting_grant import WaitingGrant

GIVEN_BACK_AFTER = timedelta(seconds=60)
"""Time between the last possible yes and the revocation, so that the two never meet."""


@dataclass(frozen=True, slots=True)
class Question:
    """Another *account* than *before*, which is connected, or was last."""

    account: Account
    before: Account
    is_live: bool


class Questions:
    """Keeps what waits for a yes."""

    keyring: Keyring
    store: Store
    client_id: str

    @abstractmethod
    def _bind_to_attempt(self, attempt_id: str, column: str) -> Binding:
        """Return the place of a secret in the row of an attempt."""

    @abstractmethod
    def _build_revocation(
        self, refresh_token: SecretStr, connection_id: str | None, *, due_at: datetime | None = None
    ) -> OwedRevocation:
        """Return the revocation that HubSpot is owed from the moment *due_at* on."""

    def question_of(self, attempt: Attempt) -> Question:
        """Return what *attempt* asks; raises like ``open_grant``."""
        account = self.open_grant(attempt).account
        hub_id = attempt.last_hub_id or account.hub_id
        before = self.store.connection_to(attempt.owner, self.client_id, hub_id)
        is_live = before is not None and before.status is not ConnectionStatus.DISCONNECTED
        return Question(account, before.account if before else Account(hub_id), is_live)

    def ask(
        self,
        attempt: Attempt,
        grant: Grant,
        account: Account,
        scopes: tuple[str, ...] | None,
        *,
        sent_at: datetime,
    ) -> Event | None:
        """Seal *grant* in the row of *attempt*, which asks from now on; the rest is as in ``save``.

        Returns:
            The event that was recorded with it; None where the attempt had ended meanwhile, and
            nothing was kept.

        Raises:
            BadAnswer: The grant has no refresh token.
            StoreBusy, StoreUnusable: Nothing was kept.
        """
        if grant.refresh_token is None:
            raise BadAnswer("HubSpot's answer holds no refresh token, so nothing was kept.")
        due_at = asks_until(attempt, self.store.now()) + GIVEN_BACK_AFTER
        owed = self._build_revocation(grant.refresh_token, None, due_at=due_at)
        sealed = self.seal_grant(attempt.id, WaitingGrant(grant, account, scopes, sent_at, owed.id))
        facts = {"hub_id": account.hub_id, "last_hub_id": attempt.last_hub_id}
        event = Event(EventName.ACCOUNT_ASKED, attempt.owner, attempt.id, facts=facts)
        return event if self.store.ask(attempt.id, sealed, owed, event=event) else None

    def seal_grant(self, attempt_id: str, waiting: WaitingGrant) -> str:
        """Seal *waiting* for this attempt's row only."""
        return self.keyring.seal(waiting.write(), self._bind_to_attempt(attempt_id, "grant"))

    def open_grant(self, attempt: Attempt) -> WaitingGrant:
        """Return the grant that *attempt* asks about.

        Raises:
            AttemptExpired: The attempt has none any more.
            NoKeyOpens: The operator has to bring back its key.
        """
        if attempt.sealed_grant is None:
            raise AttemptExpired
        binding = self._bind_to_attempt(attempt.id, "grant")
        return WaitingGrant.read(self.keyring.open(attempt.sealed_grant, binding))
