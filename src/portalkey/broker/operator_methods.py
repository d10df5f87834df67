"""Methods of the Broker for whoever looks after the whole of it: health, keys, counts, sessions.

What no app needs is loaded as it is called.
"""

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
    from portalkey.broker.console_sessions import ConsoleSessions
    from portalkey.broker.counters import Counters
    from portalkey.broker.deliveries import Deliveries
    from portalkey.broker.health import Health
    from portalkey.broker.housekeeping import Housekeeping
    from portalkey.broker.keys import Keys
    from portalkey.broker.sweep import Sweep
    from portalkey.model.sweep import SweepReport


class OperatorMethods:
    """The Broker's part in commands and the console that is about no connection."""

    settings: Settings
    vault: Vault
    audit: "Audit"
    _counters: "Counters"
    _deliveries: "Deliveries"
    _housekeeping: "Housekeeping"
    _sweep: "Sweep"

    def sweep(self, at_most: int = 100) -> "SweepReport":
        """Look after connections that nobody has used for a day, and report what came of it.

        HubSpot is asked if it still honours them; no token is renewed. It takes a few seconds, and
        what is due is left where HubSpot has trouble, or callers need what may be asked of it. Any
        number of processes may do it: each connection is looked at by one of them, about once a
        day. ``portalkey work`` calls it; call it yourself, once a minute, where that cannot run.

        Args:
            at_most: How many to look at, at most.

        Raises:
            NoSession: Connections are in visitors' sessions, where nobody can look after them.
            StoreBusy, StoreUnusable: The rest is due again within an hour.
        """
        return self._sweep.run(at_most)

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

    @property
    def keys(self) -> "Keys":
        """The operator's acts on keys: status, rotation, retirement."""
        from portalkey.broker.keys import Keys  # noqa: PLC0415 - see above

        return Keys(self.vault, self.audit, self._housekeeping.processes)

    def announce(self) -> None:
        """Write into the store which keys and receivers this process has; never raises."""
        with suppress(PortalkeyError):
            self._housekeeping.processes.announce()
            self._deliveries.note()

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
