"""Methods of the Broker for whoever looks after the whole of it: the store's health, and sessions.

What they need is loaded as they are called: no app needs it.
"""

from typing import TYPE_CHECKING

from portalkey.settings.settings import Settings
from portalkey.vault.vault import Vault

if TYPE_CHECKING:
    from portalkey.broker.console_sessions import ConsoleSessions
    from portalkey.broker.health import Health


class OperatorMethods:
    """The Broker's part in commands and the console that is about no connection."""

    settings: Settings
    vault: Vault

    def check_health(self) -> "Health":
        """Look at the store: its clock, keys, connections, outbox, breaker and sizes.

        It counts whole tables, so it is no call for each request. Never raises for a store in
        trouble: that is a finding.
        """
        from portalkey.broker.health import look  # noqa: PLC0415 - see above

        return look(self.settings, self.vault)

    @property
    def console_sessions(self) -> "ConsoleSessions":
        """Sessions of operators who signed in to the console of the standalone app."""
        from portalkey.broker.console_sessions import ConsoleSessions  # noqa: PLC0415 - see above

        return ConsoleSessions(self.vault)
