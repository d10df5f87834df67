"""Ends of attempts: a person's answer, a cancel, a failure, a refused callback; each on record.

A person is asked, and answers, where another account came back than last time: a yes attaches it,
and a no gives its grant back.
"""

from collections.abc import Mapping

from portalkey.broker.audit import Audit, event_facts, event_name_of
from portalkey.errors import AttemptMismatch, PortalkeyError, StoreBusy, StoreUnusable
from portalkey.model.attempt import INTERRUPTED, Attempt, AttemptStatus
from portalkey.model.authorization import Visitor, find_difference
from portalkey.model.events import Event, EventName, Fact, cancelled_event
from portalkey.model.notifications import Subject
from portalkey.vault.vault import Vault, build_connected_event


class AttemptEnds:
    """Ends attempts by an answer, a cancel or a failure, and records what refused a callback."""

    def __init__(self, vault: Vault, audit: Audit) -> None:
        self._vault = vault
        self._audit = audit

    def confirm(self, attempt: Attempt, visitor: Visitor, *, is_sole: bool = False) -> Attempt:
        """Attach the account that *attempt* asks about, by the yes of whoever began it.

        The cookie was checked by ``of_browser``; owner, person and session are checked here. Where
        it *is_sole*, the attempt fails if another owner has the account.

        Raises:
            StoreBusy, StoreUnusable: Nothing was attached; the same can be tried again.
        """
        if attempt.status is not AttemptStatus.ASKING or find_difference(attempt, visitor):
            self._count_refused("answer", attempt)
        else:
            self._attach(attempt, is_sole=is_sole)
        return self._vault.store.attempt(attempt.id) or attempt

    def _attach(self, attempt: Attempt, *, is_sole: bool) -> None:
        try:
            waiting = self._vault.open_grant(attempt)
            connection = self._vault.save(
                attempt,
                waiting.grant,
                waiting.account,
                waiting.scopes,
                sent_at=waiting.sent_at,
                settled=waiting.owed_id,
                is_sole=is_sole,
            )
        except (StoreBusy, StoreUnusable):
            raise
        except PortalkeyError as trouble:
            self._fail(attempt, trouble)
        else:
            if connection is not None:
                self._audit.announce(build_connected_event(attempt, connection))

    def cancel(self, attempt: Attempt) -> bool:
        """End *attempt*, unless it has ended already; a callback that comes later is refused.

        True where it waited for an answer, so that its grant is due to be given back by now.
        """
        event = cancelled_event(attempt)
        before = self._vault.store.move_attempt(attempt.id, AttemptStatus.CANCELLED, event=event)
        if before is None:
            return False
        self._audit.announce(event)
        return before.sealed_grant is not None

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
            attempt.id,
            AttemptStatus.FAILED,
            error=error,
            failed_check=failed_check,
            event=event,
            subject=Subject(self._vault.client_id),
        ):
            self._audit.announce(event)
