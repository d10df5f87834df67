"""How a browser sets out for HubSpot, and how it comes back."""

import hashlib
import hmac
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Self

from pydantic import SecretStr

from portalkey.model.attempt import Attempt


@dataclass(frozen=True, slots=True)
class Started:
    """An attempt just begun: set *cookie* in this browser, then send it to *authorize_url*."""

    attempt: Attempt
    cookie: SecretStr
    authorize_url: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Secrets:
    """The random values of one attempt: 256 bits each, and none of them ever kept in clear."""

    state: SecretStr
    cookie: SecretStr
    verifier: SecretStr | None

    @classmethod
    def generate(cls, *, with_verifier: bool) -> Self:
        """Fresh ones; a verifier only where PKCE is on (RFC 7636 section 7.1)."""
        state, cookie, verifier = (SecretStr(secrets.token_urlsafe(32)) for _ in range(3))
        return cls(state, cookie, verifier if with_verifier else None)


@dataclass(frozen=True, slots=True)
class AuthorizationOptions:
    """What an attempt is begun with.

    ``attempt_id`` is the id that the opening page made (22 characters), or None to make one here.
    ``next`` is where to lead back to: a path on this site, or an address on an allowed origin.
    ``opener_origin`` is the origin of the page that waits for a popup, and may be told; None where
    all happens in one tab. ``hub_id`` is the account that has to come back when this is to
    reconnect one. ``language`` is what the popup's pages speak.
    """

    attempt_id: str | None = None
    next: str = "/"
    opener_origin: str | None = None
    hub_id: int | None = None
    language: str = "en"


@dataclass(frozen=True, slots=True)
class Callback:
    """A browser that came back from HubSpot.

    ``query`` holds the callback's parameters as pairs, doubled ones included; ``cookies`` are the
    browser's attempt cookies, attempt id to value; ``owner`` is who is signed in now, or None.
    ``is_withheld`` says that the host's session is ``SameSite=Strict`` and did not arrive, as this
    navigation came from another site: who is signed in cannot be told yet.
    """

    query: Sequence[tuple[str, str]] = field(repr=False)
    cookies: Mapping[str, SecretStr] = field(repr=False)
    owner: str | None
    is_withheld: bool = False

    @property
    def state_hash(self) -> str | None:
        """The hash of the one state that came back, or None where it was not one."""
        states = [value for name, value in self.query if name == "state"]
        return hash_of(SecretStr(states[0])) if len(states) == 1 else None


def hash_of(secret: SecretStr) -> str:
    """SHA-256 in hex: what a row keeps of a random value."""
    return hashlib.sha256(secret.get_secret_value().encode(errors="surrogatepass")).hexdigest()


def is_hash_of(expected: str, secret: SecretStr | None) -> bool:
    """True where *secret* is what was hashed; takes as long either way."""
    return secret is not None and hmac.compare_digest(expected, hash_of(secret))
