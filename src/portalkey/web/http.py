"""Requests and responses as values: a skin makes the former and writes the latter out."""

import json
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from ipaddress import ip_address
from typing import Any, Self
from urllib.parse import quote

from pydantic import SecretStr

from portalkey.model.authorization import AttemptCookies, LinkCookies, Visitor
from portalkey.settings.surroundings import Arrival

_ATTEMPT_COOKIE = re.compile(r"(?:__Secure-)?portalkey_attempt_(.*)", re.DOTALL)
_ATTEMPT_ID = re.compile(r"[A-Za-z0-9_-]{22}")
_MAX_COOKIES = 20
"""A browser of ours holds five at most; more are somebody's game and not looked up."""
_SAFE = "%/?#[]@:!$&'()*+,;=~"
"""Characters with a meaning in an address, or of what is quoted already (RFC 3986 section 2.2)."""
_HALF_OF_A_PAIR = re.compile(r"[\ud800-\udfff]")
"""No encoding has it (RFC 3629 section 3)."""
MOST_FORM_BYTES = 16 * 1024
"""The largest form that a skin reads; ours are far smaller."""

_PURPOSES = ("sec-purpose", "purpose", "x-sec-purpose")

_USABLE_TYPES = frozenset(
    {"", "application/x-www-form-urlencoded", "multipart/form-data", "application/json"}
)

Pairs = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class WebRequest:
    """One request, as a skin read it from its framework.

    ``query`` and ``form`` are pairs, so that a doubled parameter can be seen; ``headers`` have
    lower-case names. ``visitor`` is whom ``host.identify`` found signed in.
    ``arguments`` are the parts of the path that the route names. ``is_session_withheld`` is True
    where the host's session is ``SameSite=Strict`` and did not come along. ``is_debug`` is True
    where the framework shows a debugger to whoever meets an error, ``peer`` who sent the request,
    as far as the server knows, ``arrival`` where the app is served.
    """

    method: str
    query: Pairs = field(default=(), repr=False)
    form: Pairs = field(default=(), repr=False)
    cookies: Mapping[str, str] = field(default_factory=dict, repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    visitor: Visitor = field(default=Visitor(None))
    arguments: Mapping[str, str] = field(default_factory=dict)
    is_session_withheld: bool = False
    is_debug: bool = False
    peer: str | None = None
    arrival: Arrival = field(default_factory=Arrival)

    @property
    def owner(self) -> str | None:
        """The owner that is signed in, or None."""
        return self.visitor.owner

    @property
    def browser(self) -> str | None:
        """The value that tells the session of whoever is signed in apart."""
        return self.visitor.browser

    def query_value(self, name: str) -> str | None:
        """Return the query parameter *name*, or None where it is missing or given twice."""
        return _single(self.query, name)

    def form_value(self, name: str) -> str | None:
        """Return the form field *name*, or None where it is missing or given twice."""
        return _single(self.form, name)

    @property
    def attempt_id(self) -> str | None:
        """The ``attempt`` parameter, where it is a well-formed id."""
        value = self.query_value("attempt")
        return value if value is not None and _ATTEMPT_ID.fullmatch(value) else None

    @property
    def attempt_cookies(self) -> AttemptCookies:
        """This browser's attempt cookies, attempt id to all values that came under its name.

        Frameworks keep one value of a name; where the header is there, all of them are read. How
        many there are is bounded by the server, which bounds the header.
        """
        named = ((_ATTEMPT_COOKIE.fullmatch(name), value) for name, value in self._cookie_pairs())
        return _collect((match[1], value) for match, value in named if match)

    def link_cookies(self, *, is_secure: bool) -> LinkCookies:
        """Return the cookies of links that this browser went on with, in the same way."""
        prefix = invitation_cookie("", is_secure=is_secure)
        named = ((name, value) for name, value in self._cookie_pairs() if name.startswith(prefix))
        return _collect((name.removeprefix(prefix), value) for name, value in named)

    def _cookie_pairs(self) -> Iterable[tuple[str, str]]:
        header = self.headers.get("cookie")
        if header is None:
            return self.cookies.items()
        pairs = (part.strip().partition("=") for part in header.split(";"))
        return ((name.strip(), value.strip()) for name, _, value in pairs)

    def is_own_navigation(self, origins: Collection[str]) -> bool:
        """Return True for a person's own navigation: from a page of ours, or from no page.

        Where pages of ours stand on several *origins* they are one site. Browsers that send no
        Fetch Metadata are believed here; the start token has to hold by itself.
        """
        ours = {"same-origin", "none", *(["same-site"] if len(origins) > 1 else [])}
        site = self.headers.get("sec-fetch-site", "none")
        return self.is_plain_get and self.is_navigation and site in ours

    @property
    def is_navigation(self) -> bool:
        """True where a page is opened; a service worker that passes it on leaves only the mode."""
        mode = self.headers.get("sec-fetch-mode")
        destination = self.headers.get("sec-fetch-dest", "document")
        usable = {"navigate": ("document", "empty"), None: ("document",)}
        return destination in usable.get(mode, ())

    @property
    def is_plain_get(self) -> bool:
        """True for a plain GET: no link checker's HEAD, no prefetch ahead of a click."""
        return self.method == "GET" and not self.is_prefetch

    @property
    def is_prefetch(self) -> bool:
        """True where a browser loads or renders ahead of a click that may never come."""
        return any("prefetch" in self.headers.get(name, "") for name in _PURPOSES)

    def is_own_post(self, origins: Sequence[str]) -> bool:
        """Return True unless the browser says that a page elsewhere than at *origins* posted this.

        The first of them is this app's own; the others are of the same site.
        """
        origin = self.headers.get("origin", origins[0])
        site = "same-origin" if origin == origins[0] else "same-site"
        return origin in origins and self.headers.get("sec-fetch-site", site) == site

    def is_pressed(self, origin: str) -> bool:
        """Return True where a browser says that a page at *origin*, this app's own, posted this.

        Where nobody is signed in there is no token of a session's to tell that by.
        """
        says = {"origin", "sec-fetch-site"} & self.headers.keys()
        return bool(says) and self.is_own_post([origin])

    @property
    def is_from_here(self) -> bool:
        """True where this machine sent it, or nothing is known of who did."""
        try:  # a socket for both kinds of addresses writes one kind within the other
            return not self.peer or ip_address(self.peer.removeprefix("::ffff:")).is_loopback
        except ValueError:  # a Unix socket has no address
            return True

    @property
    def has_usable_type(self) -> bool:
        """True for a body of a form or of JSON, or none; only forms are read, nothing is guessed.

        Whatever else arrives was sent by a page that tries to look like another (OWASP ASVS 4.1.1).
        """
        media_type = self.headers.get("content-type", "").partition(";")[0].strip().lower()
        return media_type in _USABLE_TYPES

    @property
    def wants_json(self) -> bool:
        """True where a program asks, not a form."""
        return "x-portalkey-token" in self.headers or "application/json" in self.headers.get(
            "accept", ""
        )


COOKIE_GRACE = 300
"""An attempt's cookie outlives it by so many seconds, so that its end can still be shown."""


def attempt_cookie(attempt_id: str, *, is_secure: bool) -> str:
    """Return the name of an attempt's cookie.

    On https no page that came over http can set one of that name. Not ``__Host-``: that would be
    sent with every request of the site, as it demands the path ``/``.
    """
    return f"{'__Secure-' if is_secure else ''}portalkey_attempt_{attempt_id}"


def invitation_cookie(invitation_id: str, *, is_secure: bool) -> str:
    """Return the name of the cookie of the browser that an invitation is bound to."""
    return f"{'__Secure-' if is_secure else ''}portalkey_invited_{invitation_id}"


def return_cookie(name: str, *, is_secure: bool) -> str:
    """Return the name of the cookie in which a return of this *name* is kept."""
    return f"{'__Secure-' if is_secure else ''}portalkey_return_{name}"


def _collect(pairs: Iterable[tuple[str, str]]) -> Mapping[str, Sequence[SecretStr]]:
    """Return all values of each name: any of them may be ours."""
    values: dict[str, list[SecretStr]] = {}
    for name, value in pairs:
        values.setdefault(name, []).append(SecretStr(value))
    return values


def _single(pairs: Pairs, name: str) -> str | None:
    values = [value for key, value in pairs if key == name]
    return values[0] if len(values) == 1 else None


@dataclass(frozen=True, slots=True)
class Cookie:
    """One cookie to set, or to drop where ``value`` is empty. ``max_age`` is in seconds."""

    name: str
    value: str = field(repr=False)
    path: str
    max_age: int
    secure: bool
    samesite: str = "Lax"

    @property
    def attributes(self) -> dict[str, Any]:
        """The attributes, by the names that ``set_cookie()`` of every framework has for them."""
        return {
            "path": self.path,
            "max_age": self.max_age,
            "secure": self.secure,
            "httponly": True,
            "samesite": self.samesite,
        }


@dataclass(frozen=True, slots=True)
class WebResponse:
    """One response, for a skin to write into its framework, headers and all."""

    status: int
    headers: Mapping[str, str]
    body: str | bytes = field(default="", repr=False)
    cookies: tuple[Cookie, ...] = ()

    @classmethod
    def page(cls, body: str, headers: Mapping[str, str], status: int = 200) -> Self:
        """Return an HTML page; halves of pairs, which an app's own words may hold, are replaced."""
        text = _HALF_OF_A_PAIR.sub("\ufffd", body)
        return cls(status, {"Content-Type": "text/html; charset=utf-8", **headers}, text)

    @classmethod
    def redirect(cls, location: str, headers: Mapping[str, str]) -> Self:
        """Return a redirect that is always followed by GET (RFC 9700 section 4.12).

        A header holds ASCII only: what is beyond it in *location* is quoted as browsers do.
        """
        return cls(303, {"Location": quote(location, safe=_SAFE), **headers})

    @classmethod
    def json(cls, value: Mapping[str, Any], headers: Mapping[str, str], status: int = 200) -> Self:
        """Return a JSON answer."""
        return cls(status, {"Content-Type": "application/json", **headers}, json.dumps(value))

    def with_cookies(self, *cookies: Cookie) -> Self:
        """Return the same response, setting *cookies* as well."""
        return replace(self, cookies=self.cookies + cookies)

    def with_headers(self, headers: Mapping[str, str]) -> Self:
        """Return the same response, with further *headers*."""
        return replace(self, headers={**self.headers, **headers})
