"""Outcomes of a renewal, recorded for the connection, for the throttle and for the caller.

An invalid grant ends the connection, and nothing else does. What HubSpot says of the app, or of its
own health, counts for the throttle, so that all processes ask less. Every other failure is the one
connection's, which is retried after a while. Whatever it is, a token that still lives is served.
"""

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime

from portalkey.broker.audit import Audit, event_facts, event_name_of
from portalkey.broker.waiting import Uniform
from portalkey.errors import (
    BadAnswer,
    HubSpotRefused,
    HubSpotUnavailable,
    NeedsReconnect,
    NoKeyOpens,
    PortalkeyError,
    RateLimited,
    TryLater,
)
from portalkey.model import throttle as throttles
from portalkey.model.connection import Connection, ConnectionStatus
from portalkey.model.events import Event, EventName
from portalkey.model.leases import Lease
from portalkey.model.throttle import PROBE_SECONDS, Throttle
from portalkey.vault.store import Mark
from portalkey.vault.vault import Vault

LOST_IN_FLIGHT = "lost_in_flight"
"""The reason where the last refresh token was in an answer that was never saved."""
FIRST_WAIT, LONGEST_WAIT = 1.0, 60.0
"""Seconds: a second try comes within the first, and no later one waits longer than the longest."""


class OutcomeRecorder:
    """Records what a renewal came to."""

    def __init__(self, vault: Vault, audit: Audit, uniform: Uniform) -> None:
        self._vault = vault
        self._audit = audit
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
        if lease.is_news:
            self.record_answer(lease)
        return is_marked

    def record_missing_key(self, connection: Connection, trouble: NoKeyOpens) -> None:
        """Raise an alarm, once, as no key opens the seal; the row stays. Never raises."""
        # Somebody who has the key may be renewing it, and a mark would take the lease away.
        if connection.status_reason == trouble.code or connection.is_leased:
            return
        event = Event(
            EventName.NO_KEY_OPENS,
            owner=connection.owner,
            connection_id=connection.id,
            facts=event_facts(trouble),
        )
        with suppress(PortalkeyError):
            mark = Mark(ConnectionStatus.FAILING, trouble.code, event=event)
            if self._vault.store.mark(connection, mark):
                self._audit.announce(event)

    def record_answer(self, lease: Lease) -> None:
        """Record that the token endpoint answered; an open breaker closes. Never raises.

        Only for a lease whose ``is_news`` says that the throttle does not know it yet.
        """
        with suppress(PortalkeyError):
            self._change(
                lambda throttle, _: throttles.record_answer(throttle), lease.connection, None
            )

    def record_failure(self, lease: Lease, connection: Connection, trouble: PortalkeyError) -> None:
        """Record *trouble* where it belongs, and set how long to wait. Never raises."""
        if isinstance(trouble, HubSpotUnavailable) and trouble.is_local:
            # Nothing was sent: it tells of this machine, and another may be able to renew it.
            with suppress(PortalkeyError):
                self._vault.store.release(connection, is_unanswered=lease.was_unanswered)
            return
        with suppress(PortalkeyError):  # a store in trouble takes no living token away
            self._record_for_throttle(trouble, connection)
            if isinstance(trouble, HubSpotRefused) and trouble.of_app:
                self._vault.store.release(connection, is_unanswered=lease.was_unanswered)
            else:
                self._record_for_connection(lease, connection, trouble)
        if lease.is_news and not _is_of_token_endpoint(trouble):
            self.record_answer(lease)

    def _record_for_throttle(self, trouble: PortalkeyError, connection: Connection) -> None:
        if not _is_of_token_endpoint(trouble):
            return
        wait = trouble.retry_after if isinstance(trouble, RateLimited) else _retry_after(trouble)
        if isinstance(trouble, HubSpotRefused):
            wait = PROBE_SECONDS

        def change(throttle: Throttle, now: datetime) -> Throttle:
            return throttles.record_failure(throttle, _reason(trouble), wait, now)

        self._change(change, connection, trouble)

    def _change(
        self,
        change: Callable[[Throttle, datetime], Throttle],
        connection: Connection,
        trouble: PortalkeyError | None,
    ) -> None:
        """Change the throttle, with an event each time that the breaker opens or closes."""
        changed = self._vault.store.update_throttle(connection.client_id, change)
        if changed is None or changed[0].reason == changed[1].reason:
            return
        if trouble is None:
            self._audit.record(EventName.BREAKER_CLOSED)
            return
        name = event_name_of(trouble, EventName.BREAKER_OPENED)
        self._audit.record(
            name, owner=connection.owner, connection_id=connection.id, facts=event_facts(trouble)
        )

    def _record_for_connection(
        self, lease: Lease, connection: Connection, trouble: PortalkeyError
    ) -> None:
        reason, wait = _reason(trouble), self._wait(connection, trouble)
        is_news = (connection.status, connection.status_reason) != (
            ConnectionStatus.FAILING,
            reason,
        )
        event = Event(
            event_name_of(trouble, EventName.REFRESH_FAILED),
            owner=connection.owner,
            connection_id=connection.id,
            facts=event_facts(trouble),
        )
        mark = Mark(
            ConnectionStatus.FAILING,
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
        longest = min(FIRST_WAIT * 2 ** min(connection.failures, 16), LONGEST_WAIT)
        return max(_retry_after(trouble), self._uniform(0.0, longest))


def _reason(trouble: PortalkeyError) -> str:
    if isinstance(trouble, HubSpotRefused):
        return f"{trouble.code}:{trouble.status}"
    return trouble.code


def _retry_after(trouble: PortalkeyError) -> float:
    return trouble.said if isinstance(trouble, TryLater) else 0.0


def _is_of_token_endpoint(trouble: PortalkeyError) -> bool:
    """Return True where every other connection would meet the same."""
    if isinstance(trouble, HubSpotUnavailable):
        return not trouble.of_account
    if isinstance(trouble, HubSpotRefused):
        return trouble.of_app
    return isinstance(trouble, RateLimited)
