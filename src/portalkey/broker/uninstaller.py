"""The request that takes the app out of a HubSpot account, and what it means for others there."""

from collections.abc import Callable

from pydantic import SecretStr

from portalkey.broker.audit import Audit, operator_facts
from portalkey.errors import NeedsReconnect
from portalkey.hubspot.client import Send, trace
from portalkey.hubspot.install import read_uninstall, uninstall_request
from portalkey.model.connection import Connection, ConnectionStatus
from portalkey.model.events import Event, EventName
from portalkey.model.search import MOST, ConnectionSearch
from portalkey.settings.settings import Settings
from portalkey.vault.store import Mark
from portalkey.vault.vault import Vault


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
