"""Telling HubSpot to forget a refresh token, now or later.

Forgetting here never waits for HubSpot: a row is erased first, and what HubSpot still has to be
told stands in the outbox until it answered (RFC 7009 section 2.2).
"""

from contextlib import suppress

from pydantic import SecretStr

from portalkey.broker.audit import Audit, event_facts, event_name_of
from portalkey.errors import PortalkeyError, TryLater
from portalkey.hubspot.client import Send
from portalkey.hubspot.token import read_revocation, revoke_request
from portalkey.model.events import EventName
from portalkey.settings.settings import Settings
from portalkey.vault.store import OwedRevocation
from portalkey.vault.vault import Vault

FIRST_WAIT = 30.0
"""Seconds until the second try; each further one waits twice as long."""
LONGEST_WAIT = 6 * 3600.0
TAKEN = 60.0
"""Seconds for which whoever sends one keeps others from it."""


class Outbox:
    """Sends owed revocations."""

    def __init__(self, settings: Settings, vault: Vault, send: Send, audit: Audit) -> None:
        self._settings = settings
        self._vault = vault
        self._send = send
        self._audit = audit

    def send(self, owed: OwedRevocation) -> bool:
        """Tell HubSpot to forget this token; True once nothing is owed any more.

        A token that a live connection holds again (the same person reconnected) is kept: revoking
        it would break that connection. Trouble puts the revocation off and is noted, never raised.
        """
        try:
            if not self._vault.store.claim(owed.id, TAKEN):
                return False
            self._tell(owed)
            self._vault.store.complete(owed.id)
        except PortalkeyError as trouble:
            self._put_off(owed, trouble)
            return False
        return True

    def give_back(self, refresh_token: SecretStr, connection_id: str | None = None) -> None:
        """Have HubSpot forget a token that was not kept; never raises.

        While the store is in trouble nobody can tell whether a connection lives on the same token,
        so it is left alone then, which is noted: nobody holds it.
        """
        try:
            if not self._vault.is_held(refresh_token):
                self.send(self._vault.enqueue(refresh_token, connection_id))
        except PortalkeyError as trouble:
            self._note(trouble, connection_id)

    def send_due(self, at_most: int = 5) -> int:
        """Send what is due, oldest first, and stop at the first trouble. Returns how many went."""
        sent = 0
        for owed in self._vault.store.pending(at_most, client_id=self._vault.client_id):
            if not self.send(owed):
                break
            sent += 1
        return sent

    def _tell(self, owed: OwedRevocation) -> None:
        token = self._vault.open_owed(owed)
        if self._vault.is_held(token):
            return
        read_revocation(self._send(revoke_request(self._settings, token)))
        self._audit.record(EventName.REVOKED, connection_id=owed.connection_id)

    def _put_off(self, owed: OwedRevocation, trouble: PortalkeyError) -> None:
        wait = min(FIRST_WAIT * 2 ** min(owed.tries, 16), LONGEST_WAIT)
        if isinstance(trouble, TryLater):
            wait = max(wait, trouble.retry_after)
        self._note(trouble, owed.connection_id, wait=wait)
        with suppress(PortalkeyError):  # it is still owed, and due
            self._vault.store.reschedule(owed.id, wait)

    def _note(self, trouble: PortalkeyError, connection_id: str | None, **facts: float) -> None:
        name = event_name_of(trouble, EventName.REVOCATION_OWED)
        self._audit.record(name, connection_id=connection_id, facts=event_facts(trouble) | facts)
