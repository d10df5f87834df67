"""Attempts that come back from HubSpot: checked, parked, finished."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from pydantic import SecretStr

from portalkey._support.telemetry import ATTEMPT, RESULT, Span
from portalkey._support.time_limit import note_moment
from portalkey.broker.attempt_ends import AttemptEnds
from portalkey.broker.attempt_starts import AttemptStarts
from portalkey.broker.audit import Audit
from portalkey.errors import (
    AttemptMismatch,
    HubSpotUnavailable,
    PortalkeyError,
    RateLimited,
    StoreBusy,
    StoreUnusable,
    TooManyAttempts,
)
from portalkey.hubspot.authorize import read_code
from portalkey.model.attempt import CLAIMABLE, Attempt, AttemptStatus
from portalkey.model.authorization import (
    SESSION,
    Callback,
    Visitor,
    find_difference,
    find_difference_in_browser,
    find_match,
    is_of_app,
    is_of_link,
)
from portalkey.model.connection import Connection
from portalkey.settings.settings import Settings
from portalkey.vault.vault import Vault

if TYPE_CHECKING:
    from portalkey.broker.exchange import Exchange, ExchangeTurn


class Attempts(AttemptStarts, AttemptEnds):
    """Begins and ends attempts, and checks who may finish one."""

    def __init__(
        self, settings: Settings, vault: Vault, exchange: "Exchange", audit: Audit
    ) -> None:
        AttemptStarts.__init__(self, settings, vault, audit)
        AttemptEnds.__init__(self, vault, audit)
        self._exchange = exchange

    def finish(self, callback: Callback) -> Attempt:
        """Bring the attempt that *callback* belongs to to its end, and return it.

        State, cookies, owner, person and session are checked, and the attempt is claimed, before
        its code is exchanged. Of several callbacks at once one gets this far, so the others can
        neither exchange nor end what it does; whatever fails is on the attempt's row. Where HubSpot
        may not be asked just now, the attempt is ``returned`` with its code, for ``complete``.

        Raises:
            AttemptMismatch: No attempt of this browser has this state; nothing was exchanged, and
                one that was begun in another browser goes on.
            StoreBusy, StoreUnusable: Nothing was exchanged, or what was is not stored.
        """
        with Span("portalkey.callback") as span:
            attempt = self._finish(callback)
            _annotate(span, attempt)
        return attempt

    def _finish(self, callback: Callback) -> Attempt:
        attempt = self._attempt_of(callback)
        if not callback.is_withheld or attempt.invitation_id is not None:
            self._claim_or_park(attempt, callback)
        elif attempt.status is AttemptStatus.AT_HUBSPOT:
            self._park(attempt, callback)
        else:
            self._count_refused("claim", attempt)
        return self._vault.store.attempt(attempt.id) or attempt

    def _claim_or_park(self, attempt: Attempt, callback: Callback) -> None:
        """Exchange the code; keep it for another try where HubSpot may not be asked just now."""
        try:
            self._claim(attempt, callback.visitor, lambda _: read_code(callback.query))
        except (HubSpotUnavailable, RateLimited):
            if attempt.status is AttemptStatus.AT_HUBSPOT:
                self._park(attempt, callback)

    def complete(self, attempt: Attempt, visitor: Visitor) -> Attempt:
        """Finish an *attempt* of this browser whose code is parked, now that its session arrived.

        The cookies were checked by ``of_browser``; owner, person and session are checked here.

        Raises:
            HubSpotUnavailable, RateLimited: HubSpot may not be asked just now; the code is as good
                as before, and the same can be tried again.
            StoreBusy, StoreUnusable: Nothing was exchanged, or what was is not stored.
        """
        with Span("portalkey.callback", {ATTEMPT: attempt.id}) as span:
            attempt = self._complete(attempt, visitor)
            _annotate(span, attempt)
        return attempt

    def _complete(self, attempt: Attempt, visitor: Visitor) -> Attempt:
        if attempt.status is not AttemptStatus.RETURNED:
            self._count_refused("claim", attempt)
        else:
            self._claim(attempt, visitor, self._vault.open_code)
        return self._vault.store.attempt(attempt.id) or attempt

    def _park(self, attempt: Attempt, callback: Callback) -> None:
        """Store the code, sealed, for as long as a browser takes to come back by itself."""
        try:
            sealed = self._vault.seal_code(attempt.id, read_code(callback.query))
            self._vault.store.move_attempt(attempt.id, AttemptStatus.RETURNED, sealed_code=sealed)
        except (StoreBusy, StoreUnusable):
            raise  # the code was not spent: the same return is tried again
        except PortalkeyError as trouble:
            self._fail(attempt, trouble)

    def _claim(
        self, attempt: Attempt, visitor: Visitor, find_code: Callable[[Attempt], SecretStr]
    ) -> None:
        difference = find_difference_in_browser(attempt, visitor)
        if difference is not None:
            self._reject(attempt, difference)
            return
        is_open = attempt.status in CLAIMABLE
        claims = self._vault.store.claims(attempt.owner) if is_open else ()
        wait = self._limits.wait_of(attempt, claims)
        if wait:
            self._fail(attempt, TooManyAttempts(retry_after=wait))
            return
        # Before the claim: a code that is not sent now can be sent later.
        is_to_be_sent = _has_code(attempt, find_code)
        with self._exchange.turn(attempt.owner, is_to_be_sent=is_to_be_sent) as turn:
            claimed = self._vault.store.move_attempt(attempt.id, AttemptStatus.EXCHANGING)
            if claimed is None:
                self._count_refused("claim", attempt)
            else:
                self._conclude(claimed, find_code, turn)

    def _attempt_of(self, callback: Callback) -> Attempt:
        """Return the attempt with this state, if it was begun in this browser."""
        state_hash = callback.state_hash
        attempt = self._vault.store.attempt_by_state(state_hash) if state_hash else None
        if attempt is None or not is_of_app(attempt, self._settings.redirect_uri):
            self._count_refused("state")
            raise AttemptMismatch
        # A stranger, or a scanner that was shown the address: it ends nothing, and its code is
        # never read. Whoever began the attempt can still come back.
        if find_match(attempt.cookie_hash, callback.cookies.get(attempt.id, ())) is None:
            self._count_refused("cookie")
            raise AttemptMismatch
        if not is_of_link(attempt, callback.links):
            self._count_refused("link")
            raise AttemptMismatch
        return attempt

    def _conclude(
        self, attempt: Attempt, find_code: Callable[[Attempt], SecretStr], turn: "ExchangeTurn"
    ) -> None:
        try:
            event = self._exchange.run(attempt, find_code(attempt), turn)
            if event is not None:
                self._audit.announce(event)
        except PortalkeyError as trouble:
            self._fail(attempt, trouble)
        except BaseException:
            self._interrupt(attempt)
            raise

    def find_status(
        self, attempt_id: str, visitor: Visitor
    ) -> tuple[Attempt | None, Sequence[Connection]]:
        """Return the attempt if *visitor* began it, in whichever session, and their connections."""
        store, owner = self._vault.store, visitor.owner or ""
        attempt, rows = store.attempt_and_connections(attempt_id, owner, self._vault.client_id)
        if attempt is None or not is_of_app(attempt, self._settings.redirect_uri):
            return None, []
        if find_difference(attempt, visitor) not in {None, SESSION}:
            return None, []
        note_moment(store, attempt.seen_at)
        return attempt, rows


def _annotate(span: Span, attempt: Attempt) -> None:
    span.note(
        {ATTEMPT: attempt.id, RESULT: attempt.error or attempt.status.value}, error=attempt.error
    )


def _has_code(attempt: Attempt, find_code: Callable[[Attempt], SecretStr]) -> bool:
    try:
        find_code(attempt)
    except PortalkeyError:
        return False
    return True
