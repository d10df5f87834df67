"""Outcomes of a renewal, recorded for the connection, for the breaker and for the caller.

An invalid grant ends the connection, and nothing else does. What tells of this process alone is
not written where others read. Any other failure holds back the one connection first, which is
retried after a while. What HubSpot says of its own health is told to the breaker too, which opens
where different owners meet the same. Whatever it is, a token that still lives is served.
"""

from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from portalkey.broker.alarms import Alarms
from portalkey.broker.audit import Audit, event_facts, event_name_of
from portalkey.broker.breaker import Breaker, is_of_all, is_of_process, reason_of
from portalkey.broker.waiting import Uniform
from portalkey.errors import (
    BadAnswer,
    HubSpotRefused,
    HubSpotUnavailable,
    NeedsReconnect,
    NoKeyOpens,
    PortalkeyError,
    TryLater,
)
from portalkey.model import throttle
from portalkey.model.connection import Connection, ConnectionStatus
from portalkey.model.events import Event, EventName
from portalkey.model.leases import Lease
from portalkey.vault.store import Mark

if TYPE_CHECKING:
    from portalkey.vault.vault import Vault

LOST_IN_FLIGHT = "lost_in_flight"
"""The reason where the last refresh token was in an answer that was never saved."""
FIRST_WAIT, LONGEST_WAIT = 1.0, 60.0
"""Seconds: a second try comes within the first, and no later one waits longer than the longest."""
REFUSED_WAIT = 10.0
"""In place of the first, where HubSpot refused: somebody has to change something first."""
MOST_WAIT = throttle.LONGEST_WAIT
"""Seconds that a connection waits at most, whatever HubSpot asks for."""


class OutcomeRecorder:
    """Records what a renewal came to."""

    def __init__(
        self,
        vault: "Vault",
        audit: Audit,
        uniform: Uniform,
        breaker: Breaker,
        alarms: Alarms,
    ) -> None:
        self._vault = vault
        self._audit = audit
        self.alarms = alarms
        self.breaker = breaker
        self._uniform = uniform

    def record_invalid_grant(self, lease: Lease) -> bool:
        """End the connection, as HubSpot rejected its refresh token.

        Do nothing and return False if the row no longer has that refresh token.
        """
        connection = lease.connection
        reason = LOST_IN_FLIGHT if lease.was_unanswered else NeedsReconnect.code
        event = Event(
            EventName.NEEDS_RECONNECT,
            owner=connection.owner,
            connection_id=connection.id,
            facts={"error": reason},
        )
        mark = Mark(ConnectionStatus.NEEDS_RECONNECT, reason, event=event)
        is_marked = self._vault.store.mark(connection, mark)
        if is_marked:
            self._audit.announce(event)
        self.record_answer(lease)
        return is_marked

    def clear_missing_key(self, connection: Connection) -> Connection:
        """Return *connection*, healed where an older portalkey marked it for want of a key.

        That was the fault of one process, and is over for whoever opens it. Never raises.
        """
        # Whoever renews it heals it too, and a mark would take the lease away.
        if connection.status_reason != NoKeyOpens.code or connection.is_leased:
            return connection
        with suppress(PortalkeyError):
            self._vault.open_refresh(connection)
            event = Event(EventName.HEALED, owner=connection.owner, connection_id=connection.id)
            if self._vault.store.mark(connection, Mark(ConnectionStatus.CONNECTED, event=event)):
                self._audit.announce(event)
                return replace(connection, status=ConnectionStatus.CONNECTED, status_reason=None)
        return connection

    def record_answer(self, lease: Lease) -> None:
        """Record that the token endpoint answered, where that is news. Never raises."""
        if lease.is_news or self.breaker.is_troubled:
            self.breaker.record_answer()

    def record_failure(self, lease: Lease, connection: Connection, trouble: PortalkeyError) -> None:
        """Record *trouble* where it belongs, and set how long to wait. Never raises."""
        if is_of_process(trouble):  # another may be able to renew it
            with suppress(PortalkeyError):
                self._vault.store.release(connection, is_unanswered=lease.was_unanswered)
            return
        if is_of_all(trouble):
            with suppress(PortalkeyError):
                self.breaker.record_failure(connection.id, connection.owner, trouble)
        else:
            self.record_answer(lease)
        with suppress(PortalkeyError):  # a store in trouble takes no living token away
            self._record_for_connection(lease, connection, trouble)

    def _record_for_connection(
        self, lease: Lease, connection: Connection, trouble: PortalkeyError
    ) -> None:
        reason, wait = reason_of(trouble), self._wait(connection, trouble)
        status = ConnectionStatus.FAILING
        is_news = (connection.status, connection.status_reason) != (status, reason)
        event = Event(
            event_name_of(trouble, EventName.REFRESH_FAILED),
            owner=connection.owner,
            connection_id=connection.id,
            facts=event_facts(trouble),
        )
        mark = Mark(
            status,
            reason,
            failures=connection.failures + 1,
            wait=wait,
            # What cannot be read may have held a token too.
            is_unanswered=lease.was_unanswered
            or isinstance(trouble, HubSpotUnavailable | BadAnswer),
            event=event if is_news else None,
        )
        is_marked = self._vault.store.mark(connection, mark)
        if is_marked and is_news:
            self._audit.announce(event)
        if isinstance(trouble, TryLater):
            trouble.retry_after = max(wait, 1.0)

    def _wait(self, connection: Connection, trouble: PortalkeyError) -> float:
        """Draw the wait by full jitter: what failed together must not be retried together."""
        first = REFUSED_WAIT if isinstance(trouble, HubSpotRefused) else FIRST_WAIT
        longest = min(first * 2 ** min(connection.failures, 16), LONGEST_WAIT)
        said = trouble.said if isinstance(trouble, TryLater) else 0.0
        return min(max(said, self._uniform(0.0, longest)), MOST_WAIT)
