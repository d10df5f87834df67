"""Methods of the Broker about single revocations that HubSpot is owed, for whoever runs the app."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from portalkey.model.events import EventName
from portalkey.vault.store import OwedRevocation
from portalkey.vault.vault import Vault

if TYPE_CHECKING:
    from portalkey.broker.audit import Audit
    from portalkey.broker.outbox import Outbox


@dataclass(frozen=True, slots=True)
class Owed:
    """One revocation or uninstall that HubSpot is owed, without the token.

    ``tries`` counts those that failed, ``due_at`` is when it is tried next.
    """

    id: str
    connection_id: str | None
    tries: int
    due_at: datetime
    is_uninstall: bool


class OwedMethods:
    """The Broker's methods about what HubSpot is owed, one by one."""

    vault: Vault
    audit: "Audit"
    _outbox: "Outbox"

    def find_owed(self, connection_id: str | None = None, limit: int = 50) -> Sequence[Owed]:
        """Return what HubSpot is owed, due or not, of all connections or of one; first due first.

        *limit* says how many at most.

        Raises:
            StoreBusy, StoreUnusable: The store cannot be read.
        """
        return [_describe(each) for each in self._find_owed(limit, connection_id)]

    def _find_owed(self, limit: int, connection_id: str | None) -> Sequence[OwedRevocation]:
        app = self.vault.client_id
        return self.vault.store.find_owed(app, limit, connection_id=connection_id)

    def send_owed_now(self, owed_id: str, operator: str) -> bool | None:
        """Send one of them now, though it may be due later; True once HubSpot has heard.

        *operator* is who wants it, for the audit. None where nothing of this id is owed any more.

        Raises:
            StoreBusy, StoreUnusable: Nothing was sent.
        """
        found = {each.id: each for each in self._find_owed(MOST_OWED, None)}
        owed = found.get(owed_id)
        if owed is None or not self.vault.store.hasten(owed_id):
            return None
        facts = {"operator": operator}
        connection_id = owed.connection_id
        self.audit.record(EventName.REVOCATION_RETRIED, connection_id=connection_id, facts=facts)
        return self._outbox.send(owed)


MOST_OWED = 1000
"""So many are looked through for one that is to be sent."""


def _describe(owed: OwedRevocation) -> Owed:
    return Owed(owed.id, owed.connection_id, owed.tries, owed.due_at, owed.hub_id is not None)
