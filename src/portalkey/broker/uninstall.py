"""Uninstallation: the app is taken out of a HubSpot account, for everybody there."""

from abc import abstractmethod
from collections.abc import Iterable
from typing import TYPE_CHECKING

from pydantic import SecretStr

from portalkey.broker.audit import event_facts, operator_facts
from portalkey.errors import (
    HubSpotUnavailable,
    HubSpotUnreachable,
    PortalkeyError,
    RateLimited,
    StoreIsCopy,
)
from portalkey.model.connection import Connection
from portalkey.model.events import EventName
from portalkey.vault.vault import Vault

if TYPE_CHECKING:
    from portalkey.broker.audit import Audit
    from portalkey.broker.disconnect import Disconnector
    from portalkey.broker.token_cache import TokenCache
    from portalkey.broker.uninstaller import Uninstaller

_NOT_FROM_A_COPY = (
    "This copy (PORTALKEY_COPY) takes the app out of no account, as production would lose it too; "
    "do that there."
)


class UninstallMethods:
    """The Broker's method that ends the app's access to an account at its root."""

    vault: Vault
    audit: "Audit"
    _disconnector: "Disconnector"
    _uninstaller: "Uninstaller"
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
