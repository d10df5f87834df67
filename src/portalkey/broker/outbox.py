"""Outbox of revocations and uninstalls: those that fail are queued and retried.

Erasing a connection never waits for HubSpot: its row is erased first, and the revocation stands in
the outbox until HubSpot has answered (RFC 7009 section 2.2).
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from enum import Enum, auto

from pydantic import SecretStr

from portalkey.broker.audit import Audit, event_facts, event_name_of
from portalkey.broker.breaker import is_of_process
from portalkey.broker.waiting import LEAST_REQUEST, Check, always
from portalkey.errors import (
    HubSpotRefused,
    HubSpotUnavailable,
    HubSpotUnreachable,
    PortalkeyError,
    StoreUnusable,
    TryLater,
)
from portalkey.hubspot.client import DEADLINE, Send
from portalkey.hubspot.token import read_revocation, revoke_request
from portalkey.model.events import EventName
from portalkey.settings.settings import Settings
from portalkey.vault.store import OwedRevocation
from portalkey.vault.vault import Vault

FIRST_WAIT = 30.0
"""Seconds until the second try; each further one waits twice as long."""
LONGEST_WAIT = 6 * 3600.0
CLAIM_SECONDS = 60.0
"""Seconds for which a process that sends a revocation keeps others from it."""


MOST_TRIES = 4
"""So many times as many are tried in a round as may be sent in it, for those that cannot be."""

Uninstall = Callable[[OwedRevocation, int], object]
"""Takes the app out of the account of this id, or gives it up, or raises."""


class _Outcome(Enum):
    DONE = auto()
    LEFT = auto()
    STOP = auto()


class Outbox:
    """Sends revocations to HubSpot."""

    def __init__(
        self,
        settings: Settings,
        vault: Vault,
        send: Send,
        audit: Audit,
        *,
        uninstall: Uninstall,
        check: Check = always,
    ) -> None:
        self._settings = settings
        self._vault = vault
        self._send = send
        self._audit = audit
        self._uninstall = uninstall
        self._check = check

    def send(self, owed: OwedRevocation, seconds: float = DEADLINE) -> bool:
        """Have HubSpot revoke this token; True once nothing is owed any more.

        The request may last for so many *seconds*; where they are too few, it stays due.
        A token that a live connection holds again (the same person reconnected) is not revoked, as
        that would break the connection. Trouble is recorded and the revocation rescheduled; nothing
        is raised.
        """
        return self._try(owed, seconds) is _Outcome.DONE

    def _try(self, owed: OwedRevocation, seconds: float) -> "_Outcome":
        if self._vault.is_copy:
            return _Outcome.STOP
        if seconds < LEAST_REQUEST:
            return _Outcome.LEFT
        try:
            self._check(None)
        except (HubSpotUnavailable, HubSpotUnreachable, HubSpotRefused):
            return _Outcome.STOP  # another machine may send it
        try:
            if not self._vault.store.claim(owed.id, CLAIM_SECONDS):
                return _Outcome.LEFT
            is_done = self._tell(owed, seconds)
            if is_done:
                self._vault.store.complete(owed.id)
        except PortalkeyError as trouble:
            self._reschedule(owed, trouble)
            return _Outcome.STOP if _is_of_all(trouble) else _Outcome.LEFT
        return _Outcome.DONE if is_done else _Outcome.LEFT

    def _tell(self, owed: OwedRevocation, seconds: float) -> bool:
        """Tell HubSpot what it is owed; False where that is to stay owed."""
        if owed.hub_id is None:
            return self._revoke(owed, seconds)
        self._uninstall(owed, owed.hub_id)
        return True

    def revoke_unsaved(
        self,
        refresh_token: SecretStr,
        connection_id: str | None = None,
        seconds: float = DEADLINE,
    ) -> None:
        """Have HubSpot revoke a token that was not saved; never raises.

        While the store is in trouble nobody can tell whether a connection lives on the same token,
        so it is left alone then, and recorded. A copy revokes nothing, and keeps none of it to be
        revoked later.
        """
        if self._vault.is_copy:
            return
        try:
            questions = self._vault.questions_with(refresh_token)
            if not (questions or self._vault.is_held(refresh_token)):
                self.send(self._vault.enqueue(refresh_token, connection_id), seconds)
        except PortalkeyError as trouble:
            self._record(trouble, connection_id)

    def send_due(self, at_most: int = 5) -> int:
        """Send *at_most* so many of what is due, oldest first; return how many went.

        One that cannot be sent waits by itself, and holds up none of the others. Only what all of
        them would meet ends the round: HubSpot is away, refuses the app, or the store is busy or a
        copy.
        """
        sent, tries = 0, at_most * MOST_TRIES
        while sent < at_most and tries > 0:
            bite = min(at_most - sent, tries)
            due = self._vault.store.pending(bite, client_id=self._vault.client_id)
            if not due:
                break
            for owed in due:
                outcome = self._try(owed, DEADLINE)
                if outcome is _Outcome.STOP:
                    return sent
                sent += outcome is _Outcome.DONE
            tries -= len(due)
        return sent

    def _revoke(self, owed: OwedRevocation, seconds: float) -> bool:
        """Have HubSpot revoke the token; False where somebody may still say yes to it."""
        token = self._vault.open_owed(owed)
        questions = self._vault.questions_with(token)
        if owed.id in questions:
            return False
        if questions or self._vault.is_held(token):
            return True  # that connection's end, or a no, gives it back
        request = replace(revoke_request(self._settings, token), seconds=seconds)
        read_revocation(self._send(request))
        self._audit.record(EventName.REVOKED, connection_id=owed.connection_id)
        return True

    def _reschedule(self, owed: OwedRevocation, trouble: PortalkeyError) -> None:
        wait = min(FIRST_WAIT * 2 ** min(owed.tries, 16), LONGEST_WAIT)
        if is_of_process(trouble):
            wait = FIRST_WAIT  # another machine may be able to
        if isinstance(trouble, TryLater):
            wait = max(wait, trouble.retry_after)
        self._record(trouble, owed.connection_id, owed.hub_id, wait=wait)
        with suppress(PortalkeyError):  # it is still owed, and due
            self._vault.store.reschedule(owed.id, wait)

    def _record(
        self,
        trouble: PortalkeyError,
        connection_id: str | None,
        hub_id: int | None = None,
        **facts: float,
    ) -> None:
        name = EventName.REVOCATION_OWED if hub_id is None else EventName.UNINSTALL_OWED
        if not is_of_process(trouble):  # that alarm is raised where it was met
            name = event_name_of(trouble, name)
        known = event_facts(trouble) | facts | ({} if hub_id is None else {"hub_id": hub_id})
        self._audit.record(name, connection_id=connection_id, facts=known)


def _is_of_all(trouble: PortalkeyError) -> bool:
    """Return True where every other revocation would meet the same."""
    if isinstance(trouble, HubSpotRefused):
        return trouble.of_app
    return isinstance(trouble, TryLater | HubSpotUnreachable | StoreUnusable)
