"""Introspection: does HubSpot still honour a connection? Nothing is renewed (RFC 7662)."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from portalkey.broker.audit import Audit
from portalkey.hubspot.account import introspect_request, read_introspection
from portalkey.hubspot.client import DEADLINE, Send
from portalkey.model.connection import Connection, ConnectionStatus
from portalkey.model.events import Event, EventName
from portalkey.settings.settings import Settings
from portalkey.vault.store import Mark
from portalkey.vault.vault import Vault

CHECK_SECONDS = 10.0
"""Seconds between two questions about one connection, at least."""
LEARN_SECONDS = 600.0
"""Seconds between two questions about scopes that HubSpot did not name the last time."""
CHECKS_REMEMBERED = 1000


class Introspector:
    """Checks connections that nobody needs a token of just now."""

    def __init__(
        self,
        settings: Settings,
        vault: Vault,
        send: Send,
        audit: Audit,
        *,
        evict: Callable[[str], None],
    ) -> None:
        """Put the parts together; *evict* drops the cached tokens of an owner."""
        self._settings = settings
        self._vault = vault
        self._send = send
        self._audit = audit
        self._evict = evict
        self._checked: dict[str, datetime] = {}

    def check(
        self, connection: Connection, seconds: float = DEADLINE, every: float = CHECK_SECONDS
    ) -> None:
        """Ask about *connection*, and mark it where HubSpot honours it no more.

        The request may last for so many *seconds*.
        One connection is asked about once in *every* so many seconds: a page may poll this.

        Raises:
            OperatorMustAct, TryLater: HubSpot did not say; nothing was changed.
        """
        if not (self._is_due(connection, every) and self._vault.is_own(connection)):
            return
        token = self._vault.open_refresh(connection)
        request = introspect_request(self._settings, token)
        response = self._send(replace(request, seconds=seconds, owner=connection.owner))
        answer = read_introspection(response)
        if answer.active:
            self._learn_scopes(connection, answer.scopes)
            return
        event = Event(
            EventName.NEEDS_RECONNECT, owner=connection.owner, connection_id=connection.id
        )
        mark = Mark(ConnectionStatus.NEEDS_RECONNECT, "inactive", event=event)
        if self._vault.store.mark(connection, mark):
            self._evict(connection.owner)
            self._audit.announce(event)

    def _learn_scopes(self, connection: Connection, scopes: tuple[str, ...] | None) -> None:
        """Keep the *scopes* of *connection*, where nobody has named them before."""
        # Whoever renews it just now would lose to this, and learns them too.
        if not scopes or connection.scopes or connection.is_leased:
            return
        if self._vault.learn_scopes(connection, scopes):
            self._evict(connection.owner)

    def _is_due(self, connection: Connection, every: float) -> bool:
        last = self._checked.get(connection.id)
        if last is not None and (connection.seen_at - last).total_seconds() < every:
            return False
        if len(self._checked) >= CHECKS_REMEMBERED:
            self._checked.clear()
        self._checked[connection.id] = connection.seen_at
        return True
