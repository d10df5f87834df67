"""Attempts from click to end: who began one, who may finish it, and what became of it."""

import hashlib
import hmac
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from pydantic import SecretStr

from portalkey.attempt import INTERRUPTED, Attempt, AttemptStatus
from portalkey.errors import (
    AttemptMismatch,
    Declined,
    HubSpotRefused,
    HubSpotUnavailable,
    PortalkeyError,
)
from portalkey.events import EventName
from portalkey.exchange import Exchange
from portalkey.hubspot.messages import authorize_url, challenge, read_callback
from portalkey.journal import Journal
from portalkey.settings import Settings
from portalkey.vault import Vault


@dataclass(frozen=True, slots=True)
class Begun:
    """An attempt just begun: set *cookie* in this browser, then send it to *authorize_url*."""

    attempt: Attempt
    cookie: SecretStr
    authorize_url: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Wish:
    """What an attempt is begun with.

    ``attempt_id`` is the id that the opening page made (22 characters), or None to make one here.
    ``next`` is the own path to lead back to where no popup is used. ``opener_origin`` is the origin
    that may be told, the public URL's own by default. ``hub_id`` is the account that has to come
    back when this is to reconnect one.
    """

    attempt_id: str | None = None
    next: str = "/"
    opener_origin: str | None = None
    hub_id: int | None = None


class Attempts:
    """Everything that happens to attempts."""

    def __init__(
        self, settings: Settings, vault: Vault, exchange: Exchange, journal: Journal
    ) -> None:
        self._settings = settings
        self._vault = vault
        self._exchange = exchange
        self._journal = journal

    def begin(self, owner: str, browser: str, wish: Wish) -> Begun:
        """Begin an attempt of *owner* in *browser*.

        Args:
            owner: Whom the app says the connection will belong to.
            browser: The random value in the host's session; only its hash is kept.
            wish: What else is known.

        Raises:
            StoreBusy, StoreUnusable: Nothing was begun.
        """
        state, cookie, verifier = (secrets.token_urlsafe(32) for _ in range(3))
        proof = SecretStr(verifier) if self._settings.pkce else None
        attempt = self._made(owner, wish, state=state, cookie=cookie, browser=browser, proof=proof)
        self._vault.store.add_attempt(attempt)
        self._journal.note(EventName.ATTEMPT_STARTED, owner=owner, attempt_id=attempt.id)
        url = authorize_url(
            self._settings,
            state=state,
            challenge=challenge(proof) if proof else None,
            hub_id=wish.hub_id,
        )
        return Begun(attempt, SecretStr(cookie), url)

    def _made(
        self,
        owner: str,
        wish: Wish,
        *,
        state: str,
        cookie: str,
        browser: str,
        proof: SecretStr | None,
    ) -> Attempt:
        now = self._vault.store.now()
        attempt_id = wish.attempt_id or secrets.token_urlsafe(16)
        return Attempt(
            id=attempt_id,
            owner=owner,
            state_hash=_hash(state),
            cookie_hash=_hash(cookie),
            browser_hash=_hash(browser),
            sealed_verifier=self._vault.seal_verifier(attempt_id, proof) if proof else None,
            redirect_uri=self._settings.redirect_uri,
            opener_origin=wish.opener_origin or self._settings.public_url,
            next=wish.next,
            language="en",
            created_at=now,
            expires_at=now + timedelta(seconds=self._settings.attempt_seconds),
            seen_at=now,
            expected_hub_id=wish.hub_id,
            status=AttemptStatus.AT_HUBSPOT,
        )

    def finish(
        self, query: Sequence[tuple[str, str]], cookies: Mapping[str, str], owner: str | None
    ) -> Attempt:
        """Bring the attempt that a callback belongs to to its end, and return it.

        The state, the browser and the owner are checked, in this order, and the attempt is claimed
        before its code is exchanged; whatever fails is on the attempt's row.

        Args:
            query: The callback's parameters, as pairs, doubled ones included.
            cookies: The browser's attempt cookies, attempt id to value.
            owner: Who is signed in now, or None.

        Raises:
            AttemptMismatch: No attempt of this browser has this state; nothing was exchanged, and
                an attempt begun in another browser is over.
        """
        attempt = self._attempt_of(query, cookies)
        if not attempt.is_open:
            self._refuse(attempt, check="claim")
            return attempt
        try:
            code = _code(query, attempt, owner)
            claimed = self._vault.store.move_attempt(attempt.id, AttemptStatus.EXCHANGING)
            if claimed is None:
                self._refuse(attempt, check="claim")
            else:
                self._exchange_claimed(claimed, code)
        except PortalkeyError as trouble:
            self._fail(attempt, trouble)
        except BaseException:
            self._vault.store.move_attempt(attempt.id, AttemptStatus.FAILED, error=INTERRUPTED)
            raise
        return self._vault.store.attempt(attempt.id) or attempt

    def _attempt_of(self, query: Sequence[tuple[str, str]], cookies: Mapping[str, str]) -> Attempt:
        """The attempt with this state, begun in this browser."""
        states = [value for name, value in query if name == "state"]
        attempt = self._vault.store.attempt_by_state(_hash(states[0])) if len(states) == 1 else None
        if attempt is None:
            self._journal.note(EventName.CALLBACK_REFUSED, check="state", states=len(states))
            raise AttemptMismatch
        if not _is_hash_of(attempt.cookie_hash, cookies.get(attempt.id)):
            self._fail(attempt, AttemptMismatch())
            self._refuse(attempt, check="cookie")
            raise AttemptMismatch
        return attempt

    def _refuse(self, attempt: Attempt, *, check: str) -> None:
        self._journal.note(
            EventName.CALLBACK_REFUSED,
            owner=attempt.owner,
            attempt_id=attempt.id,
            check=check,
            status=attempt.status.value,
        )

    def _exchange_claimed(self, attempt: Attempt, code: SecretStr) -> None:
        connection = self._exchange.run(attempt, code)
        if connection is not None:
            self._journal.note(
                EventName.CONNECTED if connection.generation == 1 else EventName.RECONNECTED,
                owner=attempt.owner,
                attempt_id=attempt.id,
                connection_id=connection.id,
                hub_id=connection.hub_id,
            )

    def _fail(self, attempt: Attempt, trouble: PortalkeyError) -> None:
        moved = self._vault.store.move_attempt(attempt.id, AttemptStatus.FAILED, error=trouble.code)
        if moved is not None:
            refused = isinstance(trouble, HubSpotRefused)
            self._journal.note(
                EventName.HUBSPOT_REFUSED if refused else EventName.ATTEMPT_FAILED,
                owner=attempt.owner,
                attempt_id=attempt.id,
                error=trouble.code,
                status=trouble.status if isinstance(trouble, HubSpotRefused) else None,
            )

    def begun_by(self, attempt_id: str, owner: str, browser: str) -> Attempt | None:
        """The attempt, if *owner* began it in this *browser*; None like an unknown one."""
        attempt = self._vault.store.attempt(attempt_id)
        if attempt is None or attempt.owner != owner:
            return None
        return attempt if _is_hash_of(attempt.browser_hash, browser) else None

    def of_browser(self, attempt_id: str, cookies: Mapping[str, str]) -> Attempt | None:
        """The attempt, if its own cookie is among the browser's *cookies*."""
        attempt = self._vault.store.attempt(attempt_id)
        if attempt is None or not _is_hash_of(attempt.cookie_hash, cookies.get(attempt_id)):
            return None
        return attempt

    def cancel(self, attempt: Attempt) -> None:
        """End *attempt*, unless it has ended already; a callback that comes later is refused."""
        if self._vault.store.move_attempt(attempt.id, AttemptStatus.CANCELLED) is not None:
            self._journal.note(
                EventName.ATTEMPT_CANCELLED, owner=attempt.owner, attempt_id=attempt.id
            )

    def expire(self, attempt: Attempt) -> None:
        """End *attempt* because newer ones of the same browser have taken its place."""
        if self._vault.store.move_attempt(attempt.id, AttemptStatus.EXPIRED) is not None:
            self._journal.note(
                EventName.ATTEMPT_EXPIRED, owner=attempt.owner, attempt_id=attempt.id
            )


def _code(query: Sequence[tuple[str, str]], attempt: Attempt, owner: str | None) -> SecretStr:
    """The code, if HubSpot sent one and whoever began the attempt is signed in."""
    if owner != attempt.owner:
        raise AttemptMismatch
    callback = read_callback(query)
    if callback.error == "access_denied":
        raise Declined
    if callback.error in {"server_error", "temporarily_unavailable"}:
        raise HubSpotUnavailable
    if callback.error is not None:
        raise HubSpotRefused(status=callback.error)
    if callback.code is None:
        raise AttemptMismatch
    return callback.code


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode(errors="surrogatepass")).hexdigest()


def _is_hash_of(expected: str, secret: str | None) -> bool:
    return secret is not None and hmac.compare_digest(expected, _hash(secret))
