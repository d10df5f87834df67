"""Uninstallation: the app is taken out of a HubSpot account, for everybody there."""

from abc import abstractmethod
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from pydantic import SecretStr

from portalkey.broker.audit import Audit, event_facts, operator_facts
from portalkey.errors import (
    HubSpotUnavailable,
    HubSpotUnreachable,
    NeedsReconnect,
    PortalkeyError,
    RateLimited,
    StoreIsCopy,
)
from portalkey.hubspot.client import Send, trace
from portalkey.hubspot.install import read_uninstall, uninstall_request
from portalkey.model.connection import Connection, ConnectionStatus
from portalkey.model.events import Event, EventName
from portalkey.model.search import MOST, ConnectionSearch
from portalkey.settings.settings import Settings
from portalkey.vault.store import Mark
from portalkey.vault.vault import Vault

if TYPE_CHECKING:
    from portalkey.broker.disconnect import Disconnector
    from portalkey.broker.token_cache import TokenCache

_NOT_FROM_A_COPY = (
    "This copy (PORTALKEY_COPY) takes the app out of no account, as production would lose it too; "
    "do that there."
)


class Uninstaller:
    """Takes the app out of accounts."""

    def __init__(self, settings: Settings, vault: Vault, send: Send, audit: Audit) -> None:
        self._settings = settings
        self._vault = vault
        self._send = trace(send)
        self._audit = audit

    def send(
        self,
        token: SecretStr,
        hub_id: int,
        *,
        owner: str | None = None,
        connection_id: str | None = None,
        operator: str | None = None,
    ) -> None:
        """Have HubSpot take the app out of the account of this access *token*, and record it.

        *operator* is who wants it, where that is known.

        Raises:
            ScopesMissing, OperatorMustAct, TryLater: HubSpot refused, or could not be reached.
        """
        read_uninstall(self._send(uninstall_request(self._settings, token)))
        self._audit.record(
            EventName.UNINSTALLED,
            owner=owner,
            connection_id=connection_id,
            facts={"hub_id": hub_id, **operator_facts(operator)},
        )

    def mark_others(self, hub_id: int, evict: Callable[[str], object] = lambda _: None) -> int:
        """Mark the connections to that account for reconnecting; return how many there were.

        *evict* is called with the owner of each. Those in visitors' sessions find out by
        themselves.
        """
        if self._vault.store.is_personal:
            return 0
        search, after, number = ConnectionSearch(self._vault.client_id, hub_id=hub_id), "", 0
        while True:
            page = self._vault.store.find(search, MOST, after=after)
            for row in page.connections:
                self._mark(row)
                evict(row.owner)
            number += len(page.connections)
            if page.cursor is None:
                return number
            after = page.cursor

    def _mark(self, row: Connection) -> None:
        event = Event(
            EventName.NEEDS_RECONNECT,
            owner=row.owner,
            connection_id=row.id,
            facts={"error": NeedsReconnect.code},
        )
        # One that is being renewed just now finds out by itself.
        mark = Mark(ConnectionStatus.NEEDS_RECONNECT, NeedsReconnect.code, event=event)
        if self._vault.store.mark(row, mark):
            self._audit.announce(event)


class UninstallMethods:
    """The Broker's method that ends the app's access to an account at its root."""

    vault: Vault
    audit: Audit
    _disconnector: "Disconnector"
    _uninstaller: Uninstaller
    _tokens: "TokenCache"

    @abstractmethod
    def access_token(
        self, owner: str, hub_id: int | None = None, scopes: Iterable[str] = ()
    ) -> str:
        """Return a valid access token; see ``Broker.access_token``."""

    @abstractmethod
    def disconnect(self, owner: str, connection_id: str, *, operator: str | None = None) -> None:
        """Erase a connection; see ``Broker.disconnect``."""

    def uninstall(self, connection: Connection, *, operator: str | None = None) -> int | None:
        """Take the app out of the HubSpot account of *connection*, and end the connection.

        It ends for everybody who connected that account: HubSpot honours none of their tokens any
        more, and their connections are marked for reconnecting. Where HubSpot cannot be asked just
        now, the connection ends here and HubSpot is owed it: it is asked again by itself, as for
        revocations, unless somebody connects the account again before that. *operator* is who does
        it, for the audit.

        Returns:
            How many other connections to the account there were; None where HubSpot is owed it.

        Raises:
            PersonMustAct, OperatorMustAct, StoreBusy: As ``access_token`` does, or HubSpot refused.
                Nothing was changed here then; do it again.
        """
        if self.vault.is_copy:
            raise StoreIsCopy(_NOT_FROM_A_COPY)
        try:
            token = SecretStr(self.access_token(connection.owner, connection.hub_id))
            self._uninstaller.send(
                token,
                connection.hub_id,
                owner=connection.owner,
                connection_id=connection.id,
                operator=operator,
            )
        except (HubSpotUnavailable, HubSpotUnreachable, RateLimited) as trouble:
            self._owe(connection, trouble, operator)
            return None
        # What is left to tell HubSpot it knows already, and says so.
        self.disconnect(connection.owner, connection.id, operator=operator)
        return self._uninstaller.mark_others(connection.hub_id, self._tokens.evict)

    def _owe(self, connection: Connection, trouble: PortalkeyError, operator: str | None) -> None:
        try:
            self._disconnector.disconnect(connection, operator, is_uninstall=True)
        finally:
            self._tokens.evict(connection.owner)
        self.audit.record(
            EventName.UNINSTALL_OWED,
            owner=connection.owner,
            connection_id=connection.id,
            facts={
                **event_facts(trouble),
                "hub_id": connection.hub_id,
                **operator_facts(operator),
            },
        )
