"""Introspection: does HubSpot still honour a connection? Nothing is renewed (RFC 7662)."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from portalkey.broker.audit import Audit
from portalkey.broker.suspicion import find_suspicion, moved_facts
from portalkey.errors import BadAnswer
from portalkey.hubspot.account import Introspection, introspect_request, read_introspection
from portalkey.hubspot.client import DEADLINE, Send
from portalkey.hubspot.http import Request
from portalkey.model.connection import Connection, ConnectionStatus, compare_scopes
from portalkey.model.events import Event, EventName, Fact
from portalkey.model.sweep import Suspicion
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
        answer = self.ask(self.build_request(connection, seconds))
        suspicion = find_suspicion(connection, answer)
        if suspicion is None:
            self.learn_scopes(connection, answer.scopes)
            return
        # One answer is believed, where the sweep wants two and a witness: a person looks at this
        # one connection just now, and can connect it again at once, should HubSpot be wrong. The
        # sweep asks about all of them while nobody looks, and would end all of them by one lie.
        self.end(connection, suspicion, **moved_facts(suspicion, answer))

    def build_request(self, connection: Connection, seconds: float = DEADLINE) -> Request:
        """Build the request that asks about the refresh token of *connection*.

        Raises:
            NotConnected, NoKeyOpens: As ``Vault.open_refresh`` does.
        """
        token = self._vault.open_refresh(connection)
        request = introspect_request(self._settings, token)
        return replace(request, seconds=seconds, owner=connection.owner)

    def ask(self, request: Request) -> Introspection:
        """Send a *request* of ``build_request``, and read the answer.

        Raises:
            BadAnswer: It cannot be read, or is about a token of another app.
            PersonMustAct, OperatorMustAct, TryLater: HubSpot did not say.
        """
        answer = read_introspection(self._send(request))
        if answer.client_id not in {None, self._vault.client_id}:
            raise BadAnswer("HubSpot's answer is about a token of another app; nothing was done.")
        return answer

    def end(self, connection: Connection, suspicion: Suspicion, **facts: Fact) -> bool:
        """Mark *connection* as one that its person has to connect again, as *suspicion* is true.

        False where somebody renewed, ended or began to renew it meanwhile: who ends it reports it.
        """
        reason = suspicion.value
        event = Event(
            EventName.NEEDS_RECONNECT,
            owner=connection.owner,
            connection_id=connection.id,
            facts={"error": reason, **facts},
        )
        mark = Mark(ConnectionStatus.NEEDS_RECONNECT, reason, event=event)
        is_marked = self._vault.store.mark(connection, mark)
        if is_marked:
            self._evict(connection.owner)
            self._audit.announce(event)
        return is_marked

    def replace_scopes(self, connection: Connection, scopes: tuple[str, ...]) -> bool:
        """Write the *scopes* of *connection*, which HubSpot has changed, and record that.

        False where somebody renews it: a renewal brings them too.
        """
        event = Event(
            EventName.SCOPES_CHANGED,
            owner=connection.owner,
            connection_id=connection.id,
            facts=compare_scopes(connection.scopes, scopes),
        )
        if connection.is_leased or not self._vault.learn_scopes(connection, scopes, event=event):
            return False
        self._evict(connection.owner)
        self._audit.announce(event)
        return True

    def learn_scopes(self, connection: Connection, scopes: tuple[str, ...] | None) -> None:
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
