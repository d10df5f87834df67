"""Installs that begin at HubSpot: taken in, kept until somebody says yes, given back otherwise.

Whoever sends a code without a state of ours may be anybody. So what comes of it is nobody's: a
grant that waits, sealed, in an attempt without an owner, owed to HubSpot from the start, and shown
in the browser that brought the code only. Whoever signs in there makes it theirs by a yes. Where
the person was signed in before HubSpot asked, the state says whose yes it takes.
"""

import secrets
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import timedelta

from pydantic import SecretStr

from portalkey._support.time_limit import moment
from portalkey.broker.audit import operator_facts
from portalkey.broker.connect import Attempts
from portalkey.errors import AccountTaken, AttemptMismatch, TooManyAttempts
from portalkey.model.attempt import NOBODY, Attempt, AttemptStatus
from portalkey.model.authorization import Visitor, hash_of, is_of_app
from portalkey.model.events import Event, EventName, Fact
from portalkey.model.installs import InstallLimits
from portalkey.model.notifications import Subject
from portalkey.model.search import ConnectionSearch
from portalkey.model.throttle import Purpose

_MOST_LISTED = 1000
_OWNERS_LOOKED_AT = 100


class Installs(Attempts):
    """Takes installs in, and attaches none without a yes."""

    def begin_install(self, visitor: Visitor, *, next_url: str, language: str) -> SecretStr:
        """Begin an install that HubSpot asks *visitor* to sign in for; return its state.

        Raises:
            TooManyAttempts: This browser or owner has to wait; nothing was begun.
            StoreBusy, StoreUnusable: Nothing was begun.
        """
        state = SecretStr(secrets.token_urlsafe(32))
        attempt = self._new_install(visitor, hash_of(state), next_url, language)
        wait = self._limits.wait_of(attempt, self._vault.store.claims(attempt.owner))
        if wait:
            raise TooManyAttempts(retry_after=wait)
        event = Event(EventName.ATTEMPT_STARTED, attempt.owner, attempt.id)
        for each in self._vault.store.add_attempt(attempt, self._limits, event=event):
            self._audit.record(EventName.ATTEMPT_EXPIRED, owner=each.owner, attempt_id=each.id)
        self._audit.announce(event)
        return state

    def take_in(
        self, code: SecretStr, *, next_url: str, language: str, tickets: Collection[str] = ()
    ) -> Attempt:
        """Exchange a *code* that came without a state, and keep what HubSpot gives as nobody's.

        It takes the place of an install of the same account whose id is among the *tickets* that
        this browser has.

        Raises:
            AttemptMismatch: The code was brought before; nothing was exchanged.
            TooManyAttempts: So many wait, or were exchanged within a minute; nothing was exchanged.
            HubSpotUnavailable, RateLimited: HubSpot may not be asked just now; nothing was
                exchanged.
            StoreBusy, StoreUnusable: Nothing was exchanged.
        """
        limits, store = InstallLimits.of_strangers(), self._vault.store
        # Its state is the code: of two visits with the same one, one gets to be exchanged.
        state_hash = hash_of(SecretStr(f"code {code.get_secret_value()}"))
        attempt = self._new_install(Visitor(NOBODY), state_hash, next_url, language)
        # Looked at before, so that a flood of codes neither queues nor writes; it counts below.
        limits.require_turn(attempt, store.claims(NOBODY))
        purpose = Purpose.INSTALL
        with self._exchange.turn(
            NOBODY, is_to_be_sent=True, purpose=purpose, tickets=tickets
        ) as turn:
            attempt = self._new_install(Visitor(NOBODY), state_hash, next_url, language)
            store.add_attempt(attempt, limits)
            self._conclude(attempt, lambda _: code, turn)
        return store.attempt(attempt.id) or attempt

    def finish_install(
        self, state_hash: str | None, find_code: Callable[[Attempt], SecretStr]
    ) -> Attempt:
        """Exchange the code of the install that was begun with this state; it waits for a yes then.

        It comes in a frame of HubSpot's, without cookies: who sends it is not known, and matters
        only to who may say yes.

        Raises:
            AttemptMismatch: No install was begun with this state, or it was used; nothing was
                exchanged.
            HubSpotUnavailable, RateLimited, StoreBusy, StoreUnusable: As ``take_in`` does.
        """
        attempt = self._vault.store.attempt_by_state(state_hash) if state_hash else None
        if attempt is None or not self._is_begun_install(attempt):
            self._count_refused("state")
            raise AttemptMismatch
        with self._exchange.turn(attempt.owner, is_to_be_sent=True) as turn:
            claimed = self._vault.store.move_attempt(attempt.id, AttemptStatus.EXCHANGING)
            if claimed is None:
                self._count_refused("claim", attempt)
                raise AttemptMismatch
            self._conclude(claimed, find_code, turn)
        return self._vault.store.attempt(attempt.id) or attempt

    def _is_begun_install(self, attempt: Attempt) -> bool:
        """Return True for an install that somebody began with this app."""
        is_begun = attempt.is_install and attempt.owner != NOBODY
        return is_begun and is_of_app(attempt, self._settings.redirect_uri)

    def _new_install(
        self, visitor: Visitor, state_hash: str, next_url: str, language: str
    ) -> Attempt:
        """Return an install that is begun by *visitor*, or, where it is nobody's, exchanged now."""
        now, is_begun = moment(self._vault.store), visitor.owner != NOBODY
        until = now + timedelta(hours=self._settings.pending_hours)
        answer_by = now + timedelta(seconds=self._settings.attempt_seconds)
        return Attempt(
            id=secrets.token_urlsafe(16),
            owner=visitor.owner or NOBODY,
            state_hash=state_hash,
            # No cookie of an attempt's: the browser that brings the code gets its own.
            cookie_hash=hash_of(SecretStr(secrets.token_urlsafe(32))),
            browser_hash=hash_of(SecretStr(visitor.browser or "")),
            sealed_verifier=None,
            redirect_uri=self._settings.redirect_uri,
            opener_origin="",
            next=next_url,
            language=language,
            created_at=now,
            expires_at=answer_by if is_begun else until,
            seen_at=now,
            status=AttemptStatus.AT_HUBSPOT if is_begun else AttemptStatus.EXCHANGING,
            claimed_at=None if is_begun else now,
            person=visitor.person,
            pending_until=until,
        )

    def claim(self, attempt: Attempt, visitor: Visitor) -> Attempt:
        """Attach the account of a pending install by *visitor*'s yes, and return how it stands.

        That the browser brought the code is checked by its cookie, before.

        Raises:
            StoreBusy, StoreUnusable: Nothing was attached; the same can be tried again.
        """
        claimed = self._vault.store.claim_install(attempt.id, visitor)
        if claimed is None:
            self._count_refused("answer", attempt)
            return self._vault.store.attempt(attempt.id) or attempt
        # The store decides with what it writes: somebody else may come for it at this moment.
        ended = self.confirm(claimed, visitor, is_sole=not self._settings.installs_share_accounts)
        is_refused = ended.error == AccountTaken.code
        if is_refused or (ended.status is AttemptStatus.CONNECTED and self._is_shared(ended)):
            facts: dict[str, Fact] = {"hub_id": ended.expected_hub_id, "refused": is_refused}
            self._audit.record(
                EventName.INSTALL_SHARED, owner=ended.owner, attempt_id=ended.id, facts=facts
            )
        return ended

    def _is_shared(self, attempt: Attempt) -> bool:
        """Return True where another owner has the account of *attempt* as well."""
        search = ConnectionSearch(self._vault.client_id, hub_id=attempt.expected_hub_id)
        rows = self._vault.store.find(search, _OWNERS_LOOKED_AT).connections
        return any(row.owner != attempt.owner for row in rows)

    def decline(self, attempt: Attempt, visitor: Visitor) -> bool:
        """End a pending install by *visitor*'s no; True where its grant is due to be given back."""
        claimed = self._vault.store.claim_install(attempt.id, visitor)
        return self.cancel(claimed) if claimed is not None else False

    def withdraw(self, attempt: Attempt, operator: str | None) -> bool:
        """End a pending install for the *operator*; False where it does not wait any more."""
        owner, facts = attempt.owner or None, operator_facts(operator)
        event = Event(EventName.INSTALL_WITHDRAWN, owner, attempt.id, facts=facts)
        to, subject = AttemptStatus.CANCELLED, Subject(self._vault.client_id)
        if not self._vault.store.move_attempt(attempt.id, to, event=event, subject=subject):
            return False
        self._audit.announce(event)
        return True

    def list_pending(self) -> Sequence[Attempt]:
        """Return the app's installs that wait for a yes; the first to end come first."""
        return self._vault.store.pending_installs(self._settings.redirect_uri, _MOST_LISTED)

    def _end(self, attempt: Attempt, name: EventName, facts: Mapping[str, Fact]) -> None:
        """Fail *attempt*; where it is nobody's, that is only counted: anybody may cause many."""
        if attempt.owner != NOBODY:
            super()._end(attempt, name, facts)
            return
        failed = AttemptStatus.FAILED
        if self._vault.store.move_attempt(attempt.id, failed, error=str(facts["error"])):
            self._count_refused("code")
