"""Codes and tokens that were issued. Everything here happens under one lock."""

import dataclasses
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from portalkey_simulator.world.accounts import Account
from portalkey_simulator.world.clock import Clock
from portalkey_simulator.world.installs import Agreement, Installs
from portalkey_simulator.world.lifecycle import Lifecycle
from portalkey_simulator.world.mint import Mint
from portalkey_simulator.world.pkce import Challenge
from portalkey_simulator.world.refusals import Refused
from portalkey_simulator.world.switches import Switches


@dataclass(frozen=True, slots=True)
class Code:
    """An authorization code that was issued; ``challenge`` is PKCE's, if one was sent."""

    agreement: Agreement
    redirect_uri: str
    challenge: Challenge | None
    expires_at: float


@dataclass(frozen=True, slots=True)
class Access:
    """An access token that was issued; ``expires_at`` is in seconds since 1970 in UTC.

    ``family`` is the same for all tokens that came from one code.
    """

    agreement: Agreement
    expires_at: float
    family: str


@dataclass(frozen=True, slots=True)
class AppAccess:
    """A token of an app itself, for no account: what ``client_credentials`` gives."""

    client_id: str
    scopes: tuple[str, ...]
    expires_at: float


@dataclass(frozen=True, slots=True)
class Refresh:
    """A refresh token that was issued."""

    agreement: Agreement
    family: str


@dataclass(frozen=True, slots=True)
class IssuedTokens:
    """The tokens of one answer; ``expires_in`` is in seconds."""

    agreement: Agreement
    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)
    expires_in: int


Out = TypeVar("Out", Code, Access, Refresh)
Timed = TypeVar("Timed", Code, Access, AppAccess)

MOST_KEPT = 10_000
"""Expired entries are forgotten once there are more of their kind than this."""


class Ledger:
    """Issues codes and tokens, and keeps them until they end."""

    def __init__(
        self,
        clock: Clock,
        switches: Switches,
        mint: Mint,
        installs: Installs,
        lifecycle: Lifecycle,
    ) -> None:
        self._clock, self._switches, self._mint = clock, switches, mint
        self._installs, self._lifecycle = installs, lifecycle
        self._lock = threading.Lock()
        self._codes: dict[str, Code] = {}
        self._spent: dict[str, str] = {}
        self._access: dict[str, Access] = {}
        self._app_access: dict[str, AppAccess] = {}
        self._refresh: dict[str, Refresh] = {}

    def issue_code(
        self, agreement: Agreement, redirect_uri: str, challenge: Challenge | None
    ) -> str:
        """Issue a code, bound to the app, the redirect URI and PKCE's challenge."""
        expires_at = self._clock.now() + self._switches.code_seconds
        with self._lock:
            code = self._mint.make_prefixed_id(agreement.account.hosting)
            self._forget_old(self._codes)
            self._codes[code] = Code(agreement, redirect_uri, challenge, expires_at)
        return code

    def spend_code(
        self, code: str, *, client_id: str, redirect_uri: str, verifier: str
    ) -> IssuedTokens:
        """Spend a code, and return its tokens; the app is installed by it.

        Raises:
            Refused: The code is unknown, spent, old, or bound to something else.
        """
        with self._lock:
            entry = self._codes.get(code)
            if entry is None or entry.agreement.client_id != client_id:
                self._punish_reuse(code)
                raise Refused("BAD_AUTH_CODE")
            if self._clock.now() >= entry.expires_at:
                raise Refused("EXPIRED_AUTH_CODE")
            if redirect_uri != entry.redirect_uri:
                raise Refused("MISMATCH_REDIRECT_URI_AUTH_CODE")
            if entry.challenge is not None and not entry.challenge.is_met_by(verifier):
                raise Refused("BAD_CODE_VERIFIER")
            del self._codes[code]
            if self._installs.add(entry.agreement):
                self._lifecycle.note("APP_INSTALL", entry.agreement)
            family = self._spent[code] = self._mint.make_id()
            return self._issue(entry.agreement, family=family)

    def refresh(self, refresh_token: str, *, client_id: str) -> IssuedTokens:
        """Issue a new access token; the refresh token stays, unless rotation is switched on.

        Raises:
            Refused: The refresh token is unknown, dead, or another app's.
        """
        with self._lock:
            entry = self._refresh.get(refresh_token)
            if entry is None:
                raise Refused("BAD_REFRESH_TOKEN")
            if entry.agreement.client_id != client_id:
                raise Refused("MISMATCH_REFRESH_TOKEN_CLIENT")
            if self._switches.refresh_ends_access:
                self._end_access(lambda access: access.family == entry.family)
            if not self._switches.rotate_refresh_tokens:
                return self._issue(entry.agreement, refresh_token, family=entry.family)
            del self._refresh[refresh_token]
            return self._issue(entry.agreement, family=entry.family)

    def revoke(self, refresh_token: str, *, client_id: str | None = None) -> bool:
        """End a refresh token, of this app where one is named; return False where there is none.

        Access tokens live on, and so does what is not the app's.
        """
        with self._lock:
            entry = self._refresh.get(refresh_token)
            if entry is None or client_id not in {None, entry.agreement.client_id}:
                return False
            del self._refresh[refresh_token]
            if self._switches.revoke_ends_access:
                self._end_access(lambda access: access.family == entry.family)
            return True

    def end_refresh_tokens(self, client_id: str) -> None:
        """End every refresh token of an app; access tokens live on."""
        with self._lock:
            self._refresh = {
                t: one for t, one in self._refresh.items() if one.agreement.client_id != client_id
            }

    def uninstall(self, agreement: Agreement) -> None:
        """Take the app out of the account that was agreed on: every refresh token there ends."""
        client_id, hub_id = agreement.client_id, agreement.account.hub_id

        def is_there(one: Agreement) -> bool:
            return (one.client_id, one.account.hub_id) == (client_id, hub_id)

        with self._lock:
            if self._installs.remove(client_id, hub_id):
                self._lifecycle.note("APP_UNINSTALL", agreement)
            self._refresh = {
                t: one for t, one in self._refresh.items() if not is_there(one.agreement)
            }
            self._codes = {t: one for t, one in self._codes.items() if not is_there(one.agreement)}
            if self._switches.uninstall_ends_access:
                self._end_access(lambda access: is_there(access.agreement))

    def issue_app_token(self, client_id: str, scopes: tuple[str, ...]) -> tuple[str, int]:
        """Issue a token for the app itself; return it and the seconds that it lives."""
        seconds = self._switches.access_token_seconds
        with self._lock:
            token = self._mint.make_access_token(len(scopes))
            expires_at = self._clock.now() + seconds
            self._forget_old(self._app_access)
            self._app_access[token] = AppAccess(client_id, scopes, expires_at)
        return token, seconds

    def access(self, access_token: str) -> Access | None:
        """Return the entry of an access token, expired ones included."""
        with self._lock:
            return self._access.get(access_token)

    def app_access(self, access_token: str) -> AppAccess | None:
        """Return the entry of an app's own token, expired ones included."""
        with self._lock:
            return self._app_access.get(access_token)

    def agreement(self, refresh_token: str) -> Agreement | None:
        """Return the agreement of a living refresh token."""
        with self._lock:
            entry = self._refresh.get(refresh_token)
            return entry.agreement if entry else None

    def expire(self, is_meant: Callable[[Access], bool]) -> int:
        """Let the access tokens that are meant expire; return how many lived until now."""
        now = self._clock.now()
        with self._lock:
            meant = {
                token: dataclasses.replace(one, expires_at=now)
                for token, one in self._access.items()
                if one.expires_at > now and is_meant(one)
            }
            self._access.update(meant)
            return len(meant)

    def follow(self, account: Account) -> None:
        """Give all entries of this account its new state; scopes stay as granted."""

        def update(one: Out) -> Out:
            old = one.agreement
            if old.account.hub_id != account.hub_id:
                return one
            user = account.user(old.user.user_id) or old.user
            new = dataclasses.replace(old, account=account, user=user)
            return dataclasses.replace(one, agreement=new)

        with self._lock:
            self._codes = {key: update(one) for key, one in self._codes.items()}
            self._access = {key: update(one) for key, one in self._access.items()}
            self._refresh = {key: update(one) for key, one in self._refresh.items()}

    def clear(self) -> None:
        """Forget every code and token."""
        with self._lock:
            for table in (self._codes, self._spent, self._access, self._app_access, self._refresh):
                table.clear()

    def list_tokens(self) -> dict[str, Access | AppAccess | Refresh]:
        """List every living token, oldest first."""
        now = self._clock.now()
        with self._lock:
            timed: dict[str, Access | AppAccess] = {**self._access, **self._app_access}
            fresh = {token: one for token, one in timed.items() if one.expires_at > now}
            return {**self._refresh, **fresh}

    def _issue(
        self, agreement: Agreement, refresh_token: str | None = None, family: str = ""
    ) -> IssuedTokens:
        refresh_token = refresh_token or self._mint.make_prefixed_id(agreement.account.hosting)
        access_token = self._mint.make_access_token(len(agreement.scopes))
        seconds = self._switches.access_token_seconds
        self._forget_old(self._access)
        self._access[access_token] = Access(agreement, self._clock.now() + seconds, family)
        self._refresh[refresh_token] = Refresh(agreement, family)
        return IssuedTokens(agreement, access_token, refresh_token, seconds)

    def _forget_old(self, entries: dict[str, Timed]) -> None:
        """Make room for one more by forgetting the oldest where it has expired."""
        while len(entries) >= MOST_KEPT:
            oldest = next(iter(entries))
            if entries[oldest].expires_at > self._clock.now():
                return
            del entries[oldest]

    def _punish_reuse(self, code: str) -> None:
        family = self._spent.get(code)
        if family is None or not self._switches.reuse_ends_tokens:
            return
        self._refresh = {t: one for t, one in self._refresh.items() if one.family != family}
        self._end_access(lambda access: access.family == family)

    def _end_access(self, is_meant: Callable[[Access], bool]) -> None:
        self._access = {t: one for t, one in self._access.items() if not is_meant(one)}
