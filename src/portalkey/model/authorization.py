"""Values of one authorization: its options, its secrets, its start and its callback."""

import hashlib
import hmac
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Self

from pydantic import SecretStr

from portalkey.model.attempt import Attempt
from portalkey.model.invitation import Invitation

AttemptCookies = Mapping[str, Sequence[SecretStr]]
"""A browser's attempt cookies: by the attempt's id, every value that was sent under its name.

A page of a sibling subdomain can set cookies of the same name beside ours, and the one that is ours
may be any of them.
"""
LinkCookies = Mapping[str, Sequence[SecretStr]]
"""The same of the links that a browser went on with: by the invitation's id."""


OWNER, PERSON, SESSION = "owner", "person", "session"
"""Names, in audit and row, of what can be another's than when an attempt was begun."""


@dataclass(frozen=True, slots=True)
class Visitor:
    """The person who asks: signed in as the app says, in one session of theirs.

    ``owner`` is None where nobody is. ``browser`` is the random value in the host's session, or
    None where it holds none. ``person`` is who of the owner it is, where the app tells that.
    """

    owner: str | None
    browser: str | None = field(default=None, repr=False)
    person: str | None = None


@dataclass(frozen=True, slots=True)
class Started:
    """A new attempt: set *cookie* in this browser, then send it to *authorize_url*.

    ``surplus`` holds the attempts of this browser that ended for it, as there were too many.
    """

    attempt: Attempt
    cookie: SecretStr
    authorize_url: str = field(repr=False)
    surplus: Sequence[Attempt] = ()


@dataclass(frozen=True, slots=True)
class Secrets:
    """The random values of one attempt: 256 bits each, and none of them is stored in clear."""

    state: SecretStr
    cookie: SecretStr
    verifier: SecretStr | None

    @classmethod
    def generate(cls, *, with_verifier: bool) -> Self:
        """Generate new ones; a verifier only where PKCE is on (RFC 7636 section 7.1)."""
        state, cookie, verifier = (SecretStr(secrets.token_urlsafe(32)) for _ in range(3))
        return cls(state, cookie, verifier if with_verifier else None)


@dataclass(frozen=True, slots=True)
class AuthorizationOptions:
    """Options that an attempt starts with.

    ``attempt_id`` is the id that the opening page made (22 characters), or None to make one here.
    ``next`` is the address to lead back to: a path on this site, or one on an allowed origin.
    ``opener_origin`` is the origin of the page that waits for a popup; None where all happens in
    one tab. ``hub_id`` is the account that has to come back when this is to reconnect one.
    ``language`` is that of the popup's pages. ``person`` is who of the owner begins it, where the
    app tells people apart. ``another`` is True where the person pressed "Connect another account":
    nothing is asked then of an account that the owner has not had. ``scopes`` are asked for beyond
    those of the settings, this once. ``invitation`` is the link that somebody without a login goes
    by, in the browser that it is bound to.
    """

    attempt_id: str | None = None
    next: str = "/"
    opener_origin: str | None = None
    hub_id: int | None = None
    language: str = "en"
    person: str | None = None
    another: bool = False
    scopes: tuple[str, ...] = ()
    invitation: Invitation | None = None


@dataclass(frozen=True, slots=True)
class Callback:
    """A browser that came back from HubSpot.

    ``query`` holds the callback's parameters as pairs, doubled ones included; ``cookies`` are the
    browser's attempt cookies, attempt id to all values that came under that name, and ``links``
    those of the links that it went on with; ``visitor`` is who is signed in now. ``is_withheld``
    says that the host's session is ``SameSite=Strict`` and did not arrive, as this navigation came
    from another site, so who is signed in is not known yet.
    """

    query: Sequence[tuple[str, str]] = field(repr=False)
    cookies: AttemptCookies = field(repr=False)
    visitor: Visitor
    is_withheld: bool = False
    links: LinkCookies = field(default_factory=dict, repr=False)

    @property
    def state_hash(self) -> str | None:
        """The hash of the ``state`` in the query, or None where there is not exactly one."""
        states = [value for name, value in self.query if name == "state"]
        return hash_of(SecretStr(states[0])) if len(states) == 1 else None


def hash_of(secret: SecretStr) -> str:
    """Return the SHA-256 in hex under which a row keeps a random value."""
    return hashlib.sha256(secret.get_secret_value().encode(errors="surrogatepass")).hexdigest()


def is_hash_of(expected: str, secret: SecretStr | None) -> bool:
    """Return True where *secret* has the hash *expected*, in constant time."""
    return secret is not None and hmac.compare_digest(expected, hash_of(secret))


def is_of_app(attempt: Attempt, redirect_uri: str) -> bool:
    """Return False where *attempt* was begun with another app that shares the store.

    Each has a redirect URI of its own; a code that was sent to one is no other's.
    """
    return attempt.redirect_uri == redirect_uri


def find_difference(attempt: Attempt, visitor: Visitor) -> str | None:
    """Return what is another's for *visitor* than for who began the *attempt*; None for nothing.

    ``SESSION`` is the last: it is the same person, who has signed in again or elsewhere.
    """
    if visitor.owner != attempt.owner:
        return OWNER
    if visitor.person != attempt.person:
        return PERSON
    value = visitor.browser
    # An older portalkey began it with the first half of what the session has now.
    values = [] if value is None else [SecretStr(value), SecretStr(value.partition(".")[0])]
    return None if find_match(attempt.browser_hash, values) else SESSION


def find_difference_in_browser(attempt: Attempt, visitor: Visitor) -> str | None:
    """Return the same in the browser that has the *attempt*'s own cookies.

    Where the attempt is of an invitation, its link's cookie stands for owner and session: whoever
    was invited has neither.
    """
    return None if attempt.invitation_id is not None else find_difference(attempt, visitor)


def is_of_link(attempt: Attempt, links: LinkCookies) -> bool:
    """Return False where *attempt* is of a link that this browser did not go on with.

    An attempt's cookie is given on the way to HubSpot; the link's, which is the attempt's session,
    only to the browser in which somebody pressed "Continue" on the link's own page.
    """
    if attempt.invitation_id is None:
        return True
    values = links.get(attempt.invitation_id, ())
    return find_match(attempt.browser_hash, values) is not None


def find_match(expected: str, secrets: Sequence[SecretStr]) -> SecretStr | None:
    """Return the one of *secrets* that has the hash *expected*, each looked at in constant time."""
    return next((secret for secret in secrets if is_hash_of(expected, secret)), None)
