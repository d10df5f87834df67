"""Strict parsers of the addresses in the settings.

Addresses are compared as text later on, by HubSpot, by browsers and by us. So there is one way to
write each of them, in lower case, and whatever could be read in two ways is refused. Each
``ValueError`` says what to write, as the end of a sentence that begins with the setting's name.
"""

import re
from functools import cache
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import quote, urlsplit

from portalkey.hubspot.endpoints import HOSTS, MCP_HOST

if TYPE_CHECKING:
    from publicsuffixlist import PublicSuffixList

POSTGRESQL = r"(postgresql\+psycopg|postgresql|postgres)://"
"""Beginning of the address of a PostgreSQL database, as a pattern."""
_POSTGRESQL_ELSEWHERE = re.compile(
    r"(jdbc:|r2dbc:)?(postgres|postgresql|pgsql|psql|postgis|timescale|timescaledb)(\+[a-z0-9_]{1,20})?"
)
"""Schemes by which other programs name a PostgreSQL database, and our own."""
_OPEN_PERCENT = re.compile("%(?![0-9A-Fa-f]{2})")
_HOW = "docs/settings.md has a command for it"
CALLBACK = "/auth/hubspot/callback"
"""End of the path of every redirect URI; the app's mount stands before it."""

# The last label begins with a letter: that alone excludes IPv4 addresses in all their spellings.
_HOST = r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?"
_PORT = r"(?::(?P<port>[1-9][0-9]{0,4}))?"
_ORIGIN = re.compile(rf"(?P<scheme>https?)://(?P<host>{_HOST}){_PORT}")
_MOUNTED = re.compile(rf"(?P<mount>(?:/(?!\.)[A-Za-z0-9._~-]+)*){CALLBACK}")
_LOCAL_PORT = re.compile(r"http://(?:localhost|127\.0\.0\.1):(?P<port>[1-9][0-9]{0,4})")
_LAST_PORT = 65535
_LONGEST = 512

_PLAIN = (
    "must be a scheme and a host in lower case, such as https://app.example.com, with a port only "
    "where it is not the usual one; no path, query, user name, wildcard or IP address, and http "
    "for localhost only"
)
_REDIRECT = (
    f"must be an absolute address that ends in {CALLBACK}, such as "
    f"https://app.example.com{CALLBACK}; no query, fragment, user name, wildcard or IP address, "
    "and http for localhost only"
)
_COPIED = (
    'ends in "{mark}", which is no part of such an address and may have been copied along; take it '
    "out"
)
_HUBSPOT = (
    "must be left out, or be an https host under hubspot.com or hubapi.com, or a simulator's "
    "http://localhost:PORT; without path, query or user name"
)


_MCP = "names HubSpot's MCP server, whose apps are made and connected in another way; leave it out"
NO_SCHEMA = "PORTALKEY_DATABASE_SCHEMA is for PostgreSQL, which alone has schemas; take it out"


class RedirectUri(NamedTuple):
    """The parts of a redirect URI: *origin*, and the *mount* of the app before the routes."""

    origin: str
    mount: str


def origin(text: str) -> str:
    """Return the web origin *text* without a slash at its end.

    Raises:
        ValueError: It is neither an https origin nor an http one of localhost.
    """
    address = text.removesuffix("/")
    if not _is_origin(address):
        raise ValueError(_PLAIN)
    return address


def redirect_uri(text: str) -> RedirectUri:
    """Return the parts of the redirect URI *text*.

    HubSpot compares it as text, and accepts http for ``localhost`` only and no IP address.

    Raises:
        ValueError: It could not be registered at HubSpot, or its path is not that of our route.
    """
    if text.endswith((".", ",")):
        raise ValueError(_COPIED.format(mark=text[-1]))
    start = _ORIGIN.match(text)
    path = _MOUNTED.fullmatch(text, start.end()) if start else None
    if start is None or path is None or not _is_origin(start[0]):
        raise ValueError(_REDIRECT)
    return RedirectUri(start[0], path["mount"])


def hubspot(text: str) -> str:
    """Return the origin *text* of HubSpot, or of a simulator on this machine.

    Raises:
        ValueError: It is another host's, which must not be sent secrets.
    """
    address = text.removesuffix("/")
    if is_local(address):
        return address
    match = _ORIGIN.fullmatch(address) if _is_origin(address) else None
    if not match or not match["host"].endswith(HOSTS):
        raise ValueError(_HUBSPOT)
    if MCP_HOST.fullmatch(match["host"]):
        raise ValueError(_MCP)
    return address


class SuffixesMissing(Exception):
    """The list of public suffixes is an extra, and not installed here."""


def is_same_site(one: str, other: str) -> bool:
    """Return whether a browser gives both origins the same cookies.

    It goes by the scheme and the domain that somebody can register (https://publicsuffix.org);
    ports do not count (HTML standard, "same site").

    Raises:
        SuffixesMissing: Only the list could tell.
    """
    left, right = urlsplit(one), urlsplit(other)
    if left.scheme != right.scheme:
        return False
    if left.hostname == right.hostname:
        return True
    return _registrable(left.hostname or "") == _registrable(right.hostname or "")


def _registrable(host: str) -> str:
    return _public_suffixes().privatesuffix(host) or host


@cache
def _public_suffixes() -> "PublicSuffixList":
    # Read once, and only where two hosts have to be compared.
    try:
        from publicsuffixlist import PublicSuffixList  # noqa: PLC0415 - see above
    except ModuleNotFoundError:
        raise SuffixesMissing from None
    return PublicSuffixList()


def postgresql_problem(url: str) -> str | None:
    """Return what is wrong with an address of PostgreSQL that somebody else wrote it for, if so.

    Nothing of it is quoted: where its parts cannot be told apart, any of them may be the password.
    """
    scheme, separator, rest = url.partition("://")
    if not separator or not _POSTGRESQL_ELSEWHERE.fullmatch(scheme):
        return None
    if not is_postgresql(url):
        return f"names another driver ({scheme}); write postgresql:// at its beginning"
    before, _, path = rest.partition("?")[0].partition("/")
    if before.count("@") > 1 or "@" in path:
        return (
            "has an @ or a / in its user or password that reads as part of the address; write %40 "
            f"for @ and %2F for / ({_HOW})"
        )
    for mark, is_open in (
        ("#", "#" in rest),  # libpq takes it as it is, and other readers end an address there
        ("?", "?" in rest.partition("/")[0].rpartition("@")[0]),
        ("%", _OPEN_PERCENT.search(rest) is not None),
    ):
        if is_open:
            code = quote(mark, safe="")
            return (
                f"has a {mark} that is not quoted; write {code} for {mark} in a user or password "
                f"({_HOW})"
            )
    return None


def is_postgresql(url: str) -> bool:
    """Return True where *url* is meant to name a PostgreSQL database."""
    return re.match(POSTGRESQL, url) is not None


def is_local(text: str) -> bool:
    """Return True for ``http://localhost:PORT`` and ``http://127.0.0.1:PORT``."""
    match = _LOCAL_PORT.fullmatch(text)
    return match is not None and int(match["port"]) <= _LAST_PORT


def _is_origin(text: str) -> bool:
    match = _ORIGIN.fullmatch(text)
    if match is None or len(text) > _LONGEST:
        return False
    usual = {"http": "80", "https": "443"}[match["scheme"]]
    return (
        (match["scheme"] == "https" or match["host"] == "localhost")
        # A browser leaves the usual port out of an origin.
        and match["port"] != usual
        and int(match["port"] or usual) <= _LAST_PORT
    )
