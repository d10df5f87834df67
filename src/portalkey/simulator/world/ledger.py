"""Which codes and tokens are out, and for what. Everything here happens under one lock."""

import base64
import hashlib
import hmac
import secrets
import threading
import uuid
from dataclasses import dataclass, field

from portalkey.simulator.world.accounts import Account
from portalkey.simulator.world.clock import Clock
from portalkey.simulator.world.refusals import Refused
from portalkey.simulator.world.switches import Switches


@dataclass(frozen=True, slots=True)
class Agreement:
    """What somebody agreed to: this app, in this account, for these scopes."""

    client_id: str
    account: Account
    scopes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Code:
    """An authorization code that is out. ``challenge`` is PKCE's, or None where none was sent."""

    agreement: Agreement
    redirect_uri: str
    challenge: str | None
    expires_at: float


@dataclass(frozen=True, slots=True)
class Access:
    """An access token that is out; ``expires_at`` is in seconds since 1970 in UTC."""

    agreement: Agreement
    expires_at: float


@dataclass(frozen=True, slots=True)
class Issued:
    """Tokens as they are handed out; ``expires_in`` is in seconds."""

    agreement: Agreement
    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)
    expires_in: int


class Ledger:
    """Issues codes and tokens, and knows what became of them."""

    def __init__(self, clock: Clock, switches: Switches) -> None:
        self._clock = clock
        self._switches = switches
        self._lock = threading.Lock()
        self._codes: dict[str, Code] = {}
        self._access: dict[str, Access] = {}
        self._refresh: dict[str, Agreement] = {}

    def issue_code(self, agreement: Agreement, redirect_uri: str, challenge: str | None) -> str:
        """A new code, bound to the app, the redirect URI and PKCE's challenge."""
        code = _prefixed(agreement.account)
        expires_at = self._clock.now() + self._switches.code_seconds
        with self._lock:
            self._codes[code] = Code(agreement, redirect_uri, challenge, expires_at)
        return code

    def spend_code(self, code: str, *, client_id: str, redirect_uri: str, verifier: str) -> Issued:
        """The tokens for a code, which is spent by this.

        Raises:
            Refused: The code is unknown, spent, old, or bound to something else.
        """
        with self._lock:
            kept = self._codes.get(code)
            if kept is None or kept.agreement.client_id != client_id:
                raise Refused("BAD_AUTH_CODE")
            if self._clock.now() >= kept.expires_at:
                raise Refused("EXPIRED_AUTH_CODE")
            if redirect_uri != kept.redirect_uri:
                raise Refused("MISMATCH_REDIRECT_URI_AUTH_CODE")
            if kept.challenge is not None and not _proves(verifier, kept.challenge):
                raise Refused("BAD_CODE_VERIFIER")
            del self._codes[code]
            return self._issue(kept.agreement)

    def refresh(self, refresh_token: str, *, client_id: str) -> Issued:
        """A new access token; the refresh token stays as it is, unless rotation is switched on.

        Raises:
            Refused: The refresh token is unknown, dead, or another app's.
        """
        with self._lock:
            agreement = self._refresh.get(refresh_token)
            if agreement is None:
                raise Refused("BAD_REFRESH_TOKEN")
            if agreement.client_id != client_id:
                raise Refused("MISMATCH_REFRESH_TOKEN_CLIENT")
            if not self._switches.rotate_refresh_tokens:
                return self._issue(agreement, refresh_token)
            del self._refresh[refresh_token]
            return self._issue(agreement)

    def revoke(self, refresh_token: str, *, client_id: str) -> None:
        """End a refresh token of this app; access tokens live on, and so does what is not its."""
        with self._lock:
            agreement = self._refresh.get(refresh_token)
            if agreement is not None and agreement.client_id == client_id:
                del self._refresh[refresh_token]

    def uninstall(self, hub_id: int) -> None:
        """End every refresh token of this account; access tokens live on."""
        with self._lock:
            self._refresh = {
                token: agreement
                for token, agreement in self._refresh.items()
                if agreement.account.hub_id != hub_id
            }

    def access(self, access_token: str) -> Access | None:
        """What an access token is for, expired ones included."""
        with self._lock:
            return self._access.get(access_token)

    def agreement(self, refresh_token: str) -> Agreement | None:
        """What a living refresh token is for."""
        with self._lock:
            return self._refresh.get(refresh_token)

    def _issue(self, agreement: Agreement, refresh_token: str | None = None) -> Issued:
        refresh_token = refresh_token or _prefixed(agreement.account)
        # Real access tokens are signed blobs of a few hundred characters, growing with the scopes.
        access_token = "C" + secrets.token_urlsafe(150 + 4 * len(agreement.scopes))
        seconds = self._switches.access_token_seconds
        self._access[access_token] = Access(agreement, self._clock.now() + seconds)
        self._refresh[refresh_token] = agreement
        return Issued(agreement, access_token, refresh_token, seconds)


def _prefixed(account: Account) -> str:
    return f"{account.hosting}-{uuid.uuid4()}"


def _proves(verifier: str, challenge: str) -> bool:
    """RFC 7636 section 4.6, method S256."""
    digest = hashlib.sha256(verifier.encode()).digest()
    proof = base64.urlsafe_b64encode(digest).rstrip(b"=")
    return hmac.compare_digest(proof, challenge.encode())
