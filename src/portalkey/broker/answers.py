"""Answers to the question whether another account than last time is the one that is meant."""

from contextlib import suppress

from portalkey.broker.attempt_ends import AttemptEnds
from portalkey.errors import PortalkeyError, StoreBusy, StoreUnusable
from portalkey.model.attempt import Attempt, AttemptStatus
from portalkey.model.authorization import Visitor, find_difference
from portalkey.vault.vault import build_connected_event


class AttemptAnswers(AttemptEnds):
    """Attaches an account once the person says yes, and gives its grant back after a no."""

    def confirm(self, attempt: Attempt, visitor: Visitor) -> Attempt:
        """Attach the account that *attempt* asks about, by the yes of whoever began it.

        The cookie was checked by ``of_browser``; owner, person and session are checked here.

        Raises:
            StoreBusy, StoreUnusable: Nothing was attached; the same can be tried again.
        """
        if attempt.status is not AttemptStatus.ASKING or find_difference(attempt, visitor):
            self._count_refused("answer", attempt)
        else:
            self._attach(attempt)
        return self._vault.store.attempt(attempt.id) or attempt

    def _attach(self, attempt: Attempt) -> None:
        try:
            waiting = self._vault.open_grant(attempt)
            connection = self._vault.save(
                attempt,
                waiting.grant,
                waiting.account,
                waiting.scopes,
                sent_at=waiting.sent_at,
                settled=waiting.owed_id,
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

        True where it waited for an answer, so that its grant is now due to be given back.
        """
        before = self._cancel(attempt)
        if before is None or before.sealed_grant is None:
            return False
        with suppress(PortalkeyError):  # it comes due by itself
            self._vault.store.reschedule(self._vault.open_grant(before).owed_id, 0.0)
        return True
