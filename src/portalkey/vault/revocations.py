"""Revocations that HubSpot is owed: built, sealed and opened."""

import secrets
from abc import abstractmethod
from collections.abc import Callable, Collection
from contextlib import suppress
from dataclasses import replace
from datetime import datetime

from pydantic import SecretStr

from portalkey.errors import NoKeyOpens, NotConnected, StoreBusy, StoreUnusable
from portalkey.model.connection import Connection, ConnectionStatus
from portalkey.model.events import Event
from portalkey.vault.keyring import Binding, Keyring
from portalkey.vault.store import OwedRevocation, Store

TRIES = 5
"""A write that lost a race is made anew from a fresh read, so often at most."""
REFRESH = "refresh_token"
"""The column that a connection's refresh token is bound to."""

_OWED = "owed_token"
_AS_IT_WAS = "~"
"""Stands between a row's id and its generation, in the id of what is still sealed for that row."""


class Revocations:
    """Owes HubSpot the refresh tokens that no connection holds any more."""

    keyring: Keyring
    store: Store
    client_id: str
    is_copy: bool
    """True where the store is a copy, which owes HubSpot nothing: its tokens are another's too."""

    @abstractmethod
    def open_refresh(self, connection: Connection) -> SecretStr:
        """Return the refresh token of *connection*."""

    def owe_replaced(
        self, row: Connection | None, refresh_token: SecretStr | None
    ) -> OwedRevocation | None:
        """Return the revocation that is owed once *refresh_token* stands in the place of *row*'s.

        None where that is the same token, where another live connection holds it, or where there
        is none.
        """
        if row is None or row.sealed is None:
            return None
        token = self._open_refresh_or_none(row, lambda _: None)
        return None if token == refresh_token else self._owe_for(row, token)

    def erase(
        self,
        connection: Connection,
        *,
        event: Event | None = None,
        on_missing_key: Callable[[NoKeyOpens], None] = lambda _: None,
        is_uninstall: bool = False,
    ) -> OwedRevocation | None:
        """Erase the grant of *connection* here, at once, whatever its key, and record *event*.

        *on_missing_key* is called where no key opens the refresh token; its revocation waits then
        for the key. With *is_uninstall*, HubSpot is owed that the app leaves the account.

        Returns:
            What HubSpot is now owed, to be sent; None where another live connection holds the same
            refresh token, and it is to be revoked only.

        Raises:
            NotConnected: Somebody else came first; nothing was left to forget.
            StoreBusy: Others wrote the connection each time; nothing was erased.
        """
        current: Connection | None = connection
        for _ in range(TRIES):
            if current is None or current.status is ConnectionStatus.DISCONNECTED:
                raise NotConnected
            token = self._open_refresh_or_none(current, on_missing_key)
            owe = self._owe_uninstall if is_uninstall else self._owe_for
            owed = owe(current, token)
            if self.store.disconnect(current, owed, event=event):
                return owed or self._owe_if_last(token, current.id)
            current = self.store.connection(connection.id)
        raise StoreBusy

    def _owe_for(self, connection: Connection, token: SecretStr | None) -> OwedRevocation | None:
        """Return the revocation that is owed once *connection* no longer holds *token*.

        *token* is None where no key opens it.
        """
        if self.is_copy:
            return None
        if token is None:
            return self.owe_as_it_was(connection)
        # A refresh token that another live connection holds must not be revoked: HubSpot would
        # end that one too. Nor one that somebody may still say yes to.
        is_last = self._count_holders(token) <= 1 and not self.questions_with(token)
        return self._build_revocation(token, connection.id) if is_last else None

    def _owe_uninstall(
        self, connection: Connection, token: SecretStr | None
    ) -> OwedRevocation | None:
        """Return the uninstall that is owed: whoever else holds *token*, it ends for them too."""
        if token is None:
            owed = self.owe_as_it_was(connection)
        else:
            owed = self._build_revocation(token, connection.id)
        if owed is None:
            return None
        return replace(owed, hub_id=connection.hub_id, asked_at=self.store.now())

    def owe_as_it_was(self, connection: Connection) -> OwedRevocation | None:
        """Return the revocation of what is not opened now: sealed, and bound, as in its row."""
        sealed = connection.sealed
        if sealed is None:
            return None
        return OwedRevocation(
            id=f"{connection.id}{_AS_IT_WAS}{connection.generation}",
            client_id=connection.client_id,
            connection_id=connection.id,
            sealed_token=sealed.refresh,
            fingerprint=sealed.fingerprint,
            key_name=sealed.key_name,
            tries=0,
            due_at=self.store.now(),
        )

    def _open_refresh_or_none(
        self, connection: Connection, on_missing_key: Callable[[NoKeyOpens], None]
    ) -> SecretStr | None:
        try:
            return self.open_refresh(connection)
        except NoKeyOpens as trouble:
            on_missing_key(trouble)
        except NotConnected:
            pass
        return None

    def owe_raced(self, row: Connection | None) -> None:
        """Owe what *row* held before, where two that held it were replaced at once.

        Each saw the other one. Never raises: what replaced it is stored.
        """
        token = self._open_refresh_or_none(row, lambda _: None) if row else None
        if row is not None:
            with suppress(StoreBusy, StoreUnusable):
                self._owe_if_last(token, row.id)

    def _owe_if_last(self, token: SecretStr | None, connection_id: str) -> OwedRevocation | None:
        """Enqueue *token* unless it is held: two erased at once each saw the other's row."""
        if self.is_copy or token is None or self.is_held(token):
            return None
        return self.enqueue(token, connection_id)

    def enqueue(self, refresh_token: SecretStr, connection_id: str | None = None) -> OwedRevocation:
        """Keep *refresh_token*, sealed anew, until HubSpot has been told to forget it."""
        owed = self._build_revocation(refresh_token, connection_id)
        self.store.enqueue(owed)
        return owed

    def _build_revocation(
        self,
        refresh_token: SecretStr,
        connection_id: str | None,
        *,
        due_at: datetime | None = None,
        owed_id: str | None = None,
    ) -> OwedRevocation:
        owed_id = owed_id or secrets.token_urlsafe(16)
        binding = Binding(self.client_id, owed_id, _OWED, 0)
        return OwedRevocation(
            id=owed_id,
            client_id=self.client_id,
            connection_id=connection_id,
            sealed_token=self.keyring.seal(refresh_token, binding),
            fingerprint=self.keyring.fingerprint(refresh_token),
            key_name=self.keyring.first_key_name,
            tries=0,
            due_at=due_at or self.store.now(),
        )

    def open_owed(self, owed: OwedRevocation) -> SecretStr:
        """Return the refresh token that HubSpot still has to forget.

        Raises:
            NoKeyOpens: The operator has to bring back its key.
        """
        return self.keyring.open(owed.sealed_token, _bind(owed))

    def reseal_owed(self, owed: OwedRevocation) -> OwedRevocation:
        """Return *owed*, sealed with the first key; raises like ``open_owed``."""
        return self.seal_owed(owed, self.open_owed(owed))

    def seal_owed(self, owed: OwedRevocation, token: SecretStr) -> OwedRevocation:
        """Return *owed* with this *token* in it, sealed with the first key."""
        return replace(
            owed,
            sealed_token=self.keyring.seal(token, _bind(owed)),
            fingerprint=self.keyring.fingerprint(token),
            key_name=self.keyring.first_key_name,
        )

    def is_held(self, refresh_token: SecretStr) -> bool:
        """Return True while a live connection holds *refresh_token*, under whichever key."""
        return self._count_holders(refresh_token) > 0

    def questions_with(self, refresh_token: SecretStr) -> Collection[str]:
        """Return the ids of attempts that ask whether *refresh_token* is to be kept.

        What is owed for each of them gives it back after a no.
        """
        return self.store.questions_with(self.keyring.fingerprints(refresh_token))

    def _count_holders(self, refresh_token: SecretStr) -> int:
        return self.store.holders(self.keyring.fingerprints(refresh_token))


def _bind(owed: OwedRevocation) -> Binding:
    """Return what the token of *owed* is bound to: its own row, or the one that it was left in."""
    row_id, is_as_it_was, generation = owed.id.rpartition(_AS_IT_WAS)
    if is_as_it_was:
        return Binding(owed.client_id, row_id, REFRESH, int(generation))
    return Binding(owed.client_id, owed.id, _OWED, 0)
