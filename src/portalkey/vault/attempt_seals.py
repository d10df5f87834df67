"""Secrets of an attempt, sealed in its row: PKCE verifier, parked code, a grant that waits.

And a return that is kept in the browser. A grant for another account than last time waits until the
person has said yes. What nobody says yes to has to be given back, whatever ends the attempt and
whichever process dies on the way. So its revocation is owed from the moment the question is put,
and due once an answer is too late, or as the attempt ends before that; the yes forgets it, in the
transaction that writes the connection.
"""

import json
from abc import abstractmethod
from collections.abc import Collection
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Self

from pydantic import SecretStr

from portalkey.errors import AttemptExpired, BadAnswer, NoKeyOpens
from portalkey.model.attempt import SEALED, Attempt
from portalkey.model.connection import Account, ConnectionStatus, Grant
from portalkey.model.events import Event, EventName, Fact
from portalkey.model.installs import InstallPlace
from portalkey.model.transitions import asks_until
from portalkey.vault.keyring import Binding, Keyring
from portalkey.vault.store import OwedRevocation, Store

_VERIFIER, _CODE, _GRANT, _RETURN = "verifier", "code", "grant", "return"
_SEALED = "sealed_"
"""Each field's name begins so; the rest is what its value is bound to."""
GIVEN_BACK_AFTER = timedelta(seconds=60)
"""Time between the last possible yes and the revocation, so that the two never meet."""


@dataclass(frozen=True, slots=True)
class Question:
    """Another *account* than *before*, which is connected, or was last."""

    account: Account
    before: Account
    is_live: bool


@dataclass(frozen=True, slots=True)
class WaitingGrant:
    """A *grant* for *account*, with its scopes, and when it was asked for.

    ``owed_id`` names its revocation, which stands in the outbox for as long as nobody said yes.
    """

    grant: Grant
    account: Account
    scopes: tuple[str, ...] | None
    sent_at: datetime
    owed_id: str

    def write(self) -> SecretStr:
        """Return all of it as one text, to be sealed."""
        refresh = self.grant.refresh_token
        parts = {
            "access": self.grant.access_token.get_secret_value(),
            "refresh": refresh.get_secret_value() if refresh else None,
            "expires_in": self.grant.expires_in,
            "account": asdict(self.account),
            "scopes": self.scopes,
            "sent_at": self.sent_at.isoformat(),
            "owed_id": self.owed_id,
        }
        return SecretStr(json.dumps(parts))

    @classmethod
    def read(cls, text: SecretStr) -> Self:
        """Return what ``write`` wrote."""
        parts = json.loads(text.get_secret_value())
        refresh, scopes = parts["refresh"], parts["scopes"]
        return cls(
            Grant(
                access_token=SecretStr(parts["access"]),
                refresh_token=None if refresh is None else SecretStr(refresh),
                expires_in=parts["expires_in"],
            ),
            Account(**parts["account"]),
            None if scopes is None else tuple(scopes),
            datetime.fromisoformat(parts["sent_at"]),
            parts["owed_id"],
        )


class AttemptSeals:
    """Seals and opens what an attempt keeps in secret."""

    keyring: Keyring
    store: Store
    client_id: str

    @abstractmethod
    def _build_revocation(
        self,
        refresh_token: SecretStr,
        connection_id: str | None,
        *,
        due_at: datetime | None = None,
        owed_id: str | None = None,
    ) -> OwedRevocation:
        """Return the revocation that HubSpot is owed from the moment *due_at* on."""

    def seal_verifier(self, attempt_id: str, verifier: SecretStr) -> str:
        """Seal the PKCE *verifier* for this attempt's row only (RFC 7636)."""
        return self.keyring.seal(verifier, self._bind_to_attempt(attempt_id))

    def open_verifier(self, attempt: Attempt) -> SecretStr:
        """Return the PKCE verifier of *attempt*.

        Raises:
            AttemptExpired: The attempt has none any more.
            NoKeyOpens: The operator has to bring back its key.
        """
        if attempt.sealed_verifier is None:
            raise AttemptExpired
        return self.keyring.open(attempt.sealed_verifier, self._bind_to_attempt(attempt.id))

    def seal_code(self, attempt_id: str, code: SecretStr) -> str:
        """Seal a *code* for this attempt's row only."""
        return self.keyring.seal(code, self._bind_to_attempt(attempt_id, _CODE))

    def open_code(self, attempt: Attempt) -> SecretStr:
        """Return the code parked in *attempt*; raises like ``open_verifier``."""
        if attempt.sealed_code is None:
            raise AttemptExpired
        return self.keyring.open(attempt.sealed_code, self._bind_to_attempt(attempt.id, _CODE))

    def seal_return(self, name: str, query: SecretStr) -> str:
        """Seal what HubSpot answered, for a cookie of this *name* in the browser that it is of."""
        return self.keyring.seal(query, self._bind_to_attempt(name, _RETURN))

    def open_return(self, name: str, sealed: str) -> SecretStr | None:
        """Open what ``seal_return`` sealed under this *name*; None for anything else."""
        try:
            return self.keyring.open(sealed, self._bind_to_attempt(name, _RETURN))
        except NoKeyOpens:
            return None

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
        tickets: Collection[str] = (),
    ) -> Event | None:
        """Seal *grant* in the row of *attempt*, which asks from now on; the rest is as in ``save``.

        An install takes the place of those of the same account whose *tickets* came along with it.

        Returns:
            The event that was recorded with it; None where the attempt had ended meanwhile, and
            nothing was kept.

        Raises:
            BadAnswer: The grant has no refresh token.
            TooManyAttempts: So many installs of the account wait already; nothing was kept.
            StoreBusy, StoreUnusable: Nothing was kept.
        """
        if grant.refresh_token is None:
            raise BadAnswer("HubSpot's answer holds no refresh token, so nothing was kept.")
        due_at = asks_until(attempt, self.store.now()) + GIVEN_BACK_AFTER
        # By the attempt's id, so that whatever ends the attempt finds what is owed.
        owed = self._build_revocation(grant.refresh_token, None, due_at=due_at, owed_id=attempt.id)
        sealed = self.seal_grant(attempt.id, WaitingGrant(grant, account, scopes, sent_at, owed.id))
        event = _build_asked_event(attempt, account)
        place = InstallPlace(account.hub_id, tickets) if attempt.is_install else None
        is_kept = self.store.ask(attempt.id, sealed, owed, event=event, place=place)
        return event if is_kept else None

    def seal_grant(self, attempt_id: str, waiting: WaitingGrant) -> str:
        """Seal *waiting* for this attempt's row only."""
        return self.keyring.seal(waiting.write(), self._bind_to_attempt(attempt_id, _GRANT))

    def open_grant(self, attempt: Attempt) -> WaitingGrant:
        """Return the grant that *attempt* asks about.

        Raises:
            AttemptExpired: The attempt has none any more.
            NoKeyOpens: The operator has to bring back its key.
        """
        if attempt.sealed_grant is None:
            raise AttemptExpired
        binding = self._bind_to_attempt(attempt.id, _GRANT)
        return WaitingGrant.read(self.keyring.open(attempt.sealed_grant, binding))

    def reseal_attempt(self, attempt: Attempt) -> Attempt:
        """Return *attempt*, all of it sealed with the first key.

        Raises:
            NoKeyOpens: The operator has to bring back its key.
        """
        anew: dict[str, Any] = {name: self._reseal(attempt, name) for name in SEALED}
        return replace(attempt, **anew)

    def _reseal(self, attempt: Attempt, field: str) -> str | None:
        sealed: str | None = getattr(attempt, field)
        if sealed is None:
            return None
        binding = self._bind_to_attempt(attempt.id, field.removeprefix(_SEALED))
        return self.keyring.seal(self.keyring.open(sealed, binding), binding)

    def _bind_to_attempt(self, attempt_id: str, column: str = _VERIFIER) -> Binding:
        return Binding(self.client_id, attempt_id, column, 0)


def _build_asked_event(attempt: Attempt, account: Account) -> Event:
    """Return the event of a grant for *account* that waits for somebody's yes."""
    if attempt.is_install:
        facts: dict[str, Fact] = {"hub_id": account.hub_id}
        return Event(EventName.INSTALL_PENDING, attempt.owner or None, attempt.id, facts=facts)
    facts = {"hub_id": account.hub_id, "last_hub_id": attempt.last_hub_id}
    return Event(EventName.ACCOUNT_ASKED, attempt.owner, attempt.id, facts=facts)
