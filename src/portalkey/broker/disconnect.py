"""Disconnection: the grant is erased here at once, and HubSpot is told after that."""

from abc import abstractmethod
from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING

from portalkey._support.background import Background
from portalkey._support.time_limit import limit_request
from portalkey.broker import waiting
from portalkey.broker.audit import Audit, event_facts, operator_facts
from portalkey.broker.caller_gate import GateClosed
from portalkey.broker.invite import withdraw_all
from portalkey.errors import NoKeyOpens, NoSession, NotConnected
from portalkey.model.connection import Connection, require_owner
from portalkey.model.events import Event, EventName
from portalkey.settings.settings import Settings
from portalkey.vault.store import OwedRevocation
from portalkey.vault.vault import Vault

if TYPE_CHECKING:
    from portalkey.broker.async_methods import Executor
    from portalkey.broker.caller_gate import CallerGate
    from portalkey.broker.installs import Installs
    from portalkey.broker.outbox import Outbox
    from portalkey.broker.token_cache import TokenCache


class Disconnector:
    """Ends connections because somebody here wants it."""

    def __init__(self, vault: Vault, audit: Audit) -> None:
        self._vault = vault
        self._audit = audit

    def disconnect(
        self,
        connection: Connection,
        operator: str | None = None,
        *,
        is_uninstall: bool = False,
    ) -> OwedRevocation | None:
        """Erase the grant of *connection*; return what HubSpot is owed now, if anything.

        That is to revoke the refresh token, or to take the app out of the account.

        *operator* is who wants it, where it is not its owner.

        Raises:
            NotConnected: It was disconnected meanwhile.
            StoreBusy, StoreUnusable: Nothing was erased.
        """
        event = Event(
            EventName.DISCONNECTED,
            owner=connection.owner,
            connection_id=connection.id,
            facts=operator_facts(operator),
        )
        # Without its key it is erased all the same, and HubSpot is told once the key is back.
        troubles: list[NoKeyOpens] = []
        owed = self._vault.erase(
            connection,
            event=event,
            on_missing_key=troubles.append,
            is_uninstall=is_uninstall,
        )
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


class DisconnectMethods:
    """The Broker's methods that end connections."""

    settings: Settings
    vault: Vault
    attempts: "Installs"
    audit: Audit
    _background: Background
    _disconnector: Disconnector
    _executor: "Executor"
    _gate: "CallerGate"
    _outbox: "Outbox"
    _tokens: "TokenCache"

    @abstractmethod
    def connections(self, owner: str) -> Sequence[Connection]:
        """Return *owner*'s connections; see ``Broker.connections``."""

    @abstractmethod
    def send_owed(self, at_most: int = 5) -> int:
        """Send HubSpot what it is still owed; see ``Broker.send_owed``."""

    def disconnect(self, owner: str, connection_id: str, *, operator: str | None = None) -> None:
        """Erase the connection here at once, and have HubSpot revoke its refresh token.

        A revocation that fails is queued and retried; so is one that would have to wait longer for
        HubSpot than callers may. The app stays installed in the account.

        *operator* is who does it, for the audit, where that is not the owner.

        Raises:
            NotConnected: The owner has no such connection.
        """
        with limit_request(self.settings.database_seconds):
            connection = next((c for c in self.connections(owner) if c.id == connection_id), None)
            if connection is None:
                raise NotConnected
            try:
                owed = self._disconnector.disconnect(connection, operator)
            finally:
                self._tokens.evict(owner)
        if owed is None:
            return
        with suppress(GateClosed), self._gate.place(owner):
            if self._outbox.send(owed, waiting.FOR_HUBSPOT):
                self._background.start("owed", self.send_owed)

    async def disconnect_async(
        self, owner: str, connection_id: str, *, operator: str | None = None
    ) -> None:
        """As ``disconnect``; the event loop goes on while the store and HubSpot are waited for."""
        act = partial(self.disconnect, owner, connection_id, operator=operator)
        await self._executor.run_in_thread(act)

    def revoke(self, connection: Connection, *, operator: str | None = None) -> bool:
        """Erase the grant of a *connection* that ``find`` found; False where it had none any more.

        For many at once: HubSpot is told by ``send_owed``, and nobody waits for it here.
        *operator* is who wants it, for the audit.

        Raises:
            StoreBusy, StoreUnusable: Nothing was erased.
        """
        try:
            self._disconnector.disconnect(connection, operator)
        except NotConnected:
            return False
        finally:
            self._tokens.evict(connection.owner)
        return True

    def on_user_deleted(self, owner: str) -> int:
        """Erase all that is *owner*'s: call it when the app deletes or disables whoever that is.

        Their connections are unusable as this returns, the links that they sent hold no more, and
        attempts under way end with nothing stored. Their tokens are revoked in the background;
        what fails is queued and retried.

        Returns:
            How many connections there were.

        Raises:
            StoreBusy, StoreUnusable: Some may be left; call it again.
            NoSession: Connections are in visitors' sessions, which the app has to end.
        """
        require_owner(owner)
        if self.vault.store.is_personal:
            self.attempts.cancel_all(owner)
            raise NoSession("Connections are in visitors' sessions: end the sessions of this user.")
        withdraw_all(self.vault, self.audit, owner)
        count = self._disconnect_all(owner)
        self.attempts.cancel_all(owner)
        # Again: an exchange may have ended in between. One that has not saves nothing any more.
        count += self._disconnect_all(owner)
        self._background.start("owed", self.send_owed)
        return count

    def _disconnect_all(self, owner: str) -> int:
        try:
            return self._disconnector.disconnect_all(owner)
        finally:
            self._tokens.evict(owner)
