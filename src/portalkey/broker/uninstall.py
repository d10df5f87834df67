"""Uninstallation: the app is taken out of a HubSpot account, for everybody there."""

from abc import abstractmethod
from collections.abc import Iterable
from typing import TYPE_CHECKING

from pydantic import SecretStr

from portalkey.broker.audit import operator_facts
from portalkey.errors import NeedsReconnect, StoreIsCopy
from portalkey.hubspot.client import Send, trace
from portalkey.hubspot.install import read_uninstall, uninstall_request
from portalkey.model.connection import Connection, ConnectionStatus
from portalkey.model.events import Event, EventName
from portalkey.model.search import MOST, ConnectionSearch
from portalkey.settings.settings import Settings
from portalkey.vault.store import Mark
from portalkey.vault.vault import Vault

if TYPE_CHECKING:
    from portalkey.broker.audit import Audit
    from portalkey.broker.token_cache import TokenCache


_NOT_FROM_A_COPY = (
    "This copy (PORTALKEY_COPY) takes the app out of no account, as production would lose it too; "
    "do that there."
)


class UninstallMethods:
    """The Broker's method that ends the app's access to an account at its root."""

    settings: Settings
    vault: Vault
    audit: "Audit"
    _send: Send
    _tokens: "TokenCache"

    @abstractmethod
    def access_token(
        self, owner: str, hub_id: int | None = None, scopes: Iterable[str] = ()
    ) -> str:
        """Return a valid access token; see ``Broker.access_token``."""

    @abstractmethod
    def disconnect(self, owner: str, connection_id: str, *, operator: str | None = None) -> None:
        """Erase a connection; see ``Broker.disconnect``."""

    def uninstall(self, connection: Connection, *, operator: str | None = None) -> int:
        """Take the app out of the HubSpot account of *connection*, and end the connection.

        It ends for everybody who connected that account: HubSpot honours none of their tokens any
        more, and their connections are marked for reconnecting. *operator* is who does it, for the
        audit.

        Returns:
            How many other connections to the account there were.

        Raises:
            PersonMustAct, OperatorMustAct, TryLater: As ``access_token`` does, or HubSpot refused
                or could not be reached. Nothing was changed here then; do it again.
        """
        if self.vault.is_copy:
            raise StoreIsCopy(_NOT_FROM_A_COPY)
        token = SecretStr(self.access_token(connection.owner, connection.hub_id))
        read_uninstall(trace(self._send)(uninstall_request(self.settings, token)))
        self.audit.record(
            EventName.UNINSTALLED,
            owner=connection.owner,
            connection_id=connection.id,
            facts={"hub_id": connection.hub_id, **operator_facts(operator)},
        )
        # What is left to tell HubSpot it knows already, and says so.
        self.disconnect(connection.owner, connection.id, operator=operator)
        return self._mark_others(connection.hub_id)

    def _mark_others(self, hub_id: int) -> int:
        search, after, number = ConnectionSearch(self.vault.client_id, hub_id=hub_id), "", 0
        while True:
            page = self.vault.store.find(search, MOST, after=after)
            for row in page.connections:
                self._mark(row)
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
        if self.vault.store.mark(row, mark):
            self.audit.announce(event)
        self._tokens.evict(row.owner)
