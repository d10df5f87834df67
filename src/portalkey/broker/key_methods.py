"""Methods of the Broker about keys, for commands."""

from contextlib import suppress
from typing import TYPE_CHECKING

from portalkey.errors import PortalkeyError
from portalkey.vault.vault import Vault

if TYPE_CHECKING:
    from portalkey.broker.audit import Audit
    from portalkey.broker.housekeeping import Housekeeping
    from portalkey.broker.keys import Keys


class KeyMethods:
    """The Broker's part in adding, rotating and retiring keys."""

    vault: Vault
    audit: "Audit"
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
