"""Attempts from click to callback: begun, parked, finished."""

import secrets
from collections.abc import Callable, Sequence
from datetime import timedelta

from pydantic import SecretStr

from portalkey._support.time_limit import moment, note_moment
from portalkey._support.tracing import ATTEMPT, RESULT, Span
from portalkey.broker.answers import AttemptAnswers
from portalkey.broker.audit import Audit
from portalkey.broker.exchange import Exchange, ExchangeTurn
from portalkey.errors import (
    AttemptMismatch,
    HubSpotUnavailable,
    PortalkeyError,
    RateLimited,
    StoreBusy,
    StoreUnusable,
    TooManyAttempts,
)
from portalkey.hubspot.authorize import authorize_url, challenge, read_code
from portalkey.model.attempt import CLAIMABLE, Attempt, AttemptStatus
from portalkey.model.authorization import (
    SESSION,
    AttemptCookies,
    AuthorizationOptions,
    Callback,
    Secrets,
    Started,
    Visitor,
    find_difference,
    find_match,
    hash_of,
)
from portalkey.model.connection import Connection
from portalkey.model.events import Event, EventName
from portalkey.model.transitions import AttemptLimits
from portalkey.settings.settings import Settings
from portalkey.vault.vault import Vault


class Attempts(AttemptAnswers):
    """Begins and ends attempts, and checks who may finish one."""

    def __init__(self, settings: Settings, vault: Vault, exchange: Exchange, audit: Audit) -> None:
        super().__init__(vault, audit)
        self._settings = settings
        self._exchange = exchange
        self._limits = AttemptLimits(settings.attempts_per_browser, settings.exchanges_per_minute)

    def begin(self, owner: str, browser: str, options: AuthorizationOptions) -> Started:
        """Begin an attempt of *owner* in *browser*.

        Args:
            owner: Whom the app says the connection will belong to.
            browser: The random value in the host's session; only its hash is stored.
            options: How it is begun: see there.

        Raises:
            TooManyAttempts: This browser or owner has to wait; nothing was begun.
            StoreBusy, StoreUnusable: Nothing was begun.
        """
        with Span("portalkey.start") as span:
            started = self._start(owner, browser, options)
            span.note({ATTEMPT: started.attempt.id})
        return started

    def _start(self, owner: str, browser: str, options: AuthorizationOptions) -> Started:
        new = Secrets.generate(with_verifier=self._settings.pkce)
        attempt = self._new_attempt(owner, SecretStr(browser), options, new)
        # Before anybody is sent to HubSpot, to hear of it as they come back.
        wait = self._wait_for_exchange(attempt)
        if wait:
            raise TooManyAttempts(retry_after=wait)
        event = Event(EventName.ATTEMPT_STARTED, owner, attempt.id)
        surplus = self._vault.store.add_attempt(attempt, self._limits, event=event)
        for each in surplus:
            self._audit.record(EventName.ATTEMPT_EXPIRED, owner=owner, attempt_id=each.id)
        self._audit.announce(event)
        url = authorize_url(
            self._settings,
            state=new.state.get_secret_value(),
            challenge=challenge(new.verifier) if new.verifier else None,
            hub_id=options.hub_id,
        )
        return Started(attempt, new.cookie, url, surplus)

    def _wait_for_exchange(self, attempt: Attempt) -> float:
        claims = self._vault.store.claims(attempt.owner)
        if not claims:
            return 0.0
        return self._limits.wait_for_exchange(attempt.browser_hash, claims, claims[0].seen_at)

    def _new_attempt(
        self, owner: str, browser: SecretStr, options: AuthorizationOptions, new: Secrets
    ) -> Attempt:
        now = moment(self._vault.store)
        attempt_id = options.attempt_id or secrets.token_urlsafe(16)
        seal = self._vault.seal_verifier
        return Attempt(
            id=attempt_id,
            owner=owner,
            state_hash=hash_of(new.state),
            cookie_hash=hash_of(new.cookie),
            browser_hash=hash_of(browser),
            sealed_verifier=seal(attempt_id, new.verifier) if new.verifier else None,
            redirect_uri=self._settings.redirect_uri,
            opener_origin=options.opener_origin or "",
            next=options.next,
            language=options.language,
            created_at=now,
            expires_at=now + timedelta(seconds=self._settings.attempt_seconds),
            seen_at=now,
            expected_hub_id=options.hub_id,
            person=options.person,
            last_hub_id=self._find_last(owner, options),
            status=AttemptStatus.AT_HUBSPOT,
        )

    def _find_last(self, owner: str, options: AuthorizationOptions) -> int | None:
        """Return the account that *owner* had last, where another one is to be asked about."""
        if options.another or options.hub_id is not None:
            return None
        last = self._vault.store.last_connection(owner, self._vault.client_id)
        return last.hub_id if last else None

    def finish(self, callback: Callback) -> Attempt:
        """Bring the attempt that *callback* belongs to to its end, and return it.

        State, cookie, owner, person and session are checked, and the attempt is claimed, before its
        code is exchanged. Of several callbacks at once one gets this far, so the others can
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
        if not callback.is_withheld:
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

        The cookie was checked by ``of_browser``; owner, person and session are checked here.

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
        difference = find_difference(attempt, visitor)
        if difference is not None:
            self._reject(attempt, difference)
            return
        wait = self._wait_for_exchange(attempt) if attempt.status in CLAIMABLE else 0.0
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
        if attempt is None:
            self._count_refused("state")
            raise AttemptMismatch
        # A stranger, or a scanner that was shown the address: it ends nothing, and its code is
        # never read. Whoever began the attempt can still come back.
        if find_match(attempt.cookie_hash, callback.cookies.get(attempt.id, ())) is None:
            self._count_refused("cookie")
            raise AttemptMismatch
        return attempt

    def _conclude(
        self, attempt: Attempt, find_code: Callable[[Attempt], SecretStr], turn: ExchangeTurn
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

    def begun_by(self, attempt_id: str, visitor: Visitor) -> Attempt | None:
        """Return the attempt if *visitor* began it, in this very session; else None."""
        attempt = self._vault.store.attempt(attempt_id)
        return attempt if attempt and find_difference(attempt, visitor) is None else None

    def find_status(
        self, attempt_id: str, visitor: Visitor
    ) -> tuple[Attempt | None, Sequence[Connection]]:
        """Return the attempt if *visitor* began it, in whichever session, and their connections."""
        store, owner = self._vault.store, visitor.owner or ""
        attempt, rows = store.attempt_and_connections(attempt_id, owner, self._vault.client_id)
        if attempt is None or find_difference(attempt, visitor) not in {None, SESSION}:
            return None, []
        note_moment(store, attempt.seen_at)
        return attempt, rows

    def of_browser(self, attempt_id: str, cookies: AttemptCookies) -> Attempt | None:
        """Return the attempt if its own cookie is among the *cookies*; else None."""
        attempt = self._vault.store.attempt(attempt_id)
        if attempt is None or not find_match(attempt.cookie_hash, cookies.get(attempt_id, ())):
            return None
        return attempt


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
