"""Starts of attempts: a click becomes a row, and an address at HubSpot that leads to consent."""

import secrets
from datetime import timedelta

from pydantic import SecretStr

from portalkey._support.telemetry import ATTEMPT, Span
from portalkey._support.time_limit import moment
from portalkey.broker.audit import Audit
from portalkey.errors import TooManyAttempts
from portalkey.hubspot.authorize import authorize_url, challenge, merge
from portalkey.model.attempt import Attempt, AttemptStatus
from portalkey.model.authorization import (
    AttemptCookies,
    AuthorizationOptions,
    LinkCookies,
    Secrets,
    Started,
    Visitor,
    find_difference,
    find_match,
    hash_of,
    is_of_app,
    is_of_link,
)
from portalkey.model.connection import Connection, ConnectionStatus
from portalkey.model.events import Event, EventName
from portalkey.model.transitions import AttemptLimits
from portalkey.settings.settings import Settings
from portalkey.vault.vault import Vault


class AttemptStarts:
    """Begins attempts, as many as a browser and an owner may have, and says whose one is."""

    def __init__(self, settings: Settings, vault: Vault, audit: Audit) -> None:
        self._settings = settings
        self._vault = vault
        self._audit = audit
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
        wait = self._limits.wait_of(attempt, self._vault.store.claims(attempt.owner))
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
            scopes=attempt.scopes or (),
        )
        return Started(attempt, new.cookie, url, surplus)

    def _new_attempt(
        self, owner: str, browser: SecretStr, options: AuthorizationOptions, new: Secrets
    ) -> Attempt:
        now = moment(self._vault.store)
        attempt_id = options.attempt_id or secrets.token_urlsafe(16)
        seal = self._vault.seal_verifier
        before, invitation = self._find_before(owner, options), options.invitation
        until = now + timedelta(seconds=self._settings.attempt_seconds)
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
            expires_at=min(until, invitation.expires_at) if invitation else until,
            seen_at=now,
            expected_hub_id=options.hub_id,
            person=options.person,
            # Another account than this one is asked about.
            last_hub_id=before.hub_id if before and options.hub_id is None else None,
            scopes=self._find_further(before, options) or None,
            invitation_id=invitation.id if invitation else None,
            status=AttemptStatus.AT_HUBSPOT,
        )

    def find_further(self, owner: str, options: AuthorizationOptions) -> tuple[str, ...]:
        """Return the scopes beyond the settings' that an attempt of *owner* would ask for now."""
        return self._find_further(self._find_before(owner, options), options)

    def _find_before(self, owner: str, options: AuthorizationOptions) -> Connection | None:
        """Return the connection that this attempt is likely to renew: as named, or the last one."""
        store, client_id = self._vault.store, self._vault.client_id
        if options.hub_id is not None:
            return store.connection_to(owner, client_id, options.hub_id)
        return None if options.another else store.last_connection(owner, client_id)

    def _find_further(
        self, before: Connection | None, options: AuthorizationOptions
    ) -> tuple[str, ...]:
        """Return the scopes beyond the settings': those of before, and those that are new.

        HubSpot gives what this request names, and no more: what is left out would be lost.
        """
        is_live = before is not None and before.status is not ConnectionStatus.DISCONNECTED
        kept = (before.further_scopes or ()) if before and is_live else ()
        return merge(kept, options.scopes, beside=self._settings.wanted_scopes)

    def find(self, attempt_id: str) -> Attempt | None:
        """Return the attempt of this id, if it was begun with this app."""
        attempt = self._vault.store.attempt(attempt_id)
        if attempt is None or not is_of_app(attempt, self._settings.redirect_uri):
            return None
        return attempt

    def begun_by(self, attempt_id: str, visitor: Visitor) -> Attempt | None:
        """Return the attempt if *visitor* began it, in this very session; else None."""
        attempt = self.find(attempt_id)
        return attempt if attempt and find_difference(attempt, visitor) is None else None

    def of_browser(
        self, attempt_id: str, cookies: AttemptCookies, links: LinkCookies | None = None
    ) -> Attempt | None:
        """Return the attempt if its own cookie is among the *cookies*; else None.

        And, where somebody without a login began it, that of its link among the *links*.
        """
        attempt = self.find(attempt_id)
        if attempt is None or not find_match(attempt.cookie_hash, cookies.get(attempt_id, ())):
            return None
        return attempt if is_of_link(attempt, links or {}) else None
