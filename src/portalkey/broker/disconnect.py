"""Disconnection: the grant is erased here at once, and HubSpot is told after that."""

from contextlib import suppress

from portalkey.broker.audit import Audit, event_facts
from portalkey.errors import NoKeyOpens, NotConnected
from portalkey.model.connection import Connection
from portalkey.model.events import Event, EventName
from portalkey.vault.store import OwedRevocation
from portalkey.vault.vault import Vault


class Disconnector:
    """Ends connections because somebody here wants it."""

    def __init__(self, vault: Vault, audit: Audit) -> None:
        self._vault = vault
        self._audit = audit

    def disconnect(self, connection: Connection) -> OwedRevocation | None:
        """Erase the grant of *connection*; return the revocation that HubSpot is owed now, if any.

        Raises:
            NotConnected: It was disconnected meanwhile.
            StoreBusy, StoreUnusable: Nothing was erased.
        """
        event = Event(EventName.DISCONNECTED, owner=connection.owner, connection_id=connection.id)
        # Without its key it is erased all the same, and HubSpot is told once the key is back.
        troubles: list[NoKeyOpens] = []
        owed = self._vault.erase(connection, event=event, on_missing_key=troubles.append)
        self._audit.announce(event)
        for trouble in troubles[-1:]:
            self._record_owed(connection, trouble)
        return owed

    def disconnect_all(self, owner: str) -> int:
        """Erase the grants of all of *owner*'s connections, and return how many there were.

        Raises:
            StoreBusy, StoreUnusable: Some may be left.
        """
        connections = self._vault.store.connections(owner, self._vault.client_id)
        for connection in connections:
            with suppress(NotConnected):  # somebody disconnects it at this moment
                self.disconnect(connection)
        return len(connections)

    def _record_owed(self, connection: Connection, trouble: NoKeyOpens) -> None:
        self._audit.record(
            EventName.REVOCATION_OWED,
            owner=connection.owner,
            connection_id=connection.id,
            facts=event_facts(trouble),
        )
