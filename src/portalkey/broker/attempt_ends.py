"""Ends of attempts that became no connection, and callbacks that were refused: each on record."""

from collections.abc import Mapping

from portalkey.broker.audit import Audit, event_facts, event_name_of
from portalkey.errors import AttemptMismatch, PortalkeyError
from portalkey.model.attempt import INTERRUPTED, Attempt, AttemptStatus
from portalkey.model.events import Event, EventName, Fact, cancelled_event
from portalkey.vault.vault import Vault


class AttemptEnds:
    """Fails and cancels attempts, and records which check refused a callback."""

    def __init__(self, vault: Vault, audit: Audit) -> None:
        self._vault = vault
        self._audit = audit

    def _cancel(self, attempt: Attempt) -> Attempt | None:
        """Cancel *attempt*; return it as it stood before, or None where it had ended already."""
        event = cancelled_event(attempt)
        before = self._vault.store.move_attempt(attempt.id, AttemptStatus.CANCELLED, event=event)
        if before is not None:
            self._audit.announce(event)
        return before

    def cancel_all(self, owner: str) -> None:
        """End all attempts of *owner* that are under way; none becomes a connection any more."""
        for event in self._vault.store.cancel_attempts(owner):
            self._audit.announce(event)

    def _count_refused(self, check: str, attempt: Attempt | None = None) -> None:
        """Count a callback that changed nothing: anybody can send as many as they like."""
        owner, attempt_id = (attempt.owner, attempt.id) if attempt else (None, None)
        facts = {"check": check}
        self._audit.count(Event(EventName.CALLBACK_REFUSED, owner, attempt_id, facts=facts))

    def _reject(self, attempt: Attempt, check: str) -> None:
        """End an *attempt* that somebody else came back with, unless it has gone on or ended."""
        facts: dict[str, Fact] = {"check": check, "status": attempt.status.value}
        refused = Event(EventName.CALLBACK_REFUSED, attempt.owner, attempt.id, facts=facts)
        to = AttemptStatus.EXCHANGING
        # Claimed, as another return may be the right one and be under way already.
        if self._vault.store.move_attempt(attempt.id, to, event=refused) is None:
            self._count_refused("claim", attempt)
            return
        self._audit.announce(refused)
        facts = {**event_facts(AttemptMismatch()), "check": check}
        self._end(attempt, EventName.ATTEMPT_FAILED, facts)

    def _fail(self, attempt: Attempt, trouble: PortalkeyError) -> None:
        name, facts = event_name_of(trouble, EventName.ATTEMPT_FAILED), event_facts(trouble)
        self._end(attempt, name, facts)

    def _interrupt(self, attempt: Attempt) -> None:
        self._end(attempt, EventName.ATTEMPT_FAILED, {"error": INTERRUPTED})

    def _end(self, attempt: Attempt, name: EventName, facts: Mapping[str, Fact]) -> None:
        """Fail *attempt* and record that, unless it has ended already."""
        error, check = str(facts["error"]), facts.get("check")
        failed_check = None if check is None else str(check)
        event = Event(name, attempt.owner, attempt.id, facts=facts)
        if self._vault.store.move_attempt(
            attempt.id, AttemptStatus.FAILED, error=error, failed_check=failed_check, event=event
        ):
            self._audit.announce(event)
