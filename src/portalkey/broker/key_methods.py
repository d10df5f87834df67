"""Methods of the Broker for commands and metrics: keys, and counts."""

from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

from portalkey.errors import PortalkeyError
from portalkey.model.counters import Counter
from portalkey.model.stats import Stats
from portalkey.settings.settings import Settings
from portalkey.vault.vault import Vault

if TYPE_CHECKING:
    from portalkey.broker.audit import Audit
    from portalkey.broker.counters import Counters
    from portalkey.broker.housekeeping import Housekeeping
    from portalkey.broker.keys import Keys


class KeyMethods:
    """The Broker's part in adding, rotating and retiring keys, and what it counts."""

    settings: Settings
    vault: Vault
    audit: "Audit"
    _counters: "Counters"
    _housekeeping: "Housekeeping"

    @property
    def keys(self) -> "Keys":
        """The operator's acts on keys: status, rotation, retirement."""
        from portalkey.broker.keys import Keys  # noqa: PLC0415 - no app needs it

        return Keys(self.vault, self.audit, self._housekeeping.processes)

    def announce(self) -> None:
        """Write into the store which keys this process has; never raises."""
        with suppress(PortalkeyError):
            self._housekeeping.processes.announce()

    def stats(self) -> Stats:
        """Count this app's connections by status, and what HubSpot is still owed.

        Raises:
            StoreBusy, StoreUnusable: The store cannot be read.
        """
        return self.vault.store.stats(self.settings.client_id)

    def counters(self, connection_id: str | None = None) -> Sequence[Counter]:
        """Return what was counted of a connection by day: renewals, and who took its token.

        ``n`` hand-outs of a day are those of all processes of one ``label``; other processes' last
        minute may be missing. Without an id it is what belongs to no connection: refused requests.

        Raises:
            StoreBusy, StoreUnusable: The store cannot be read.
        """
        self._counters.flush()
        return self.vault.store.counters(self.settings.client_id, connection_id)
