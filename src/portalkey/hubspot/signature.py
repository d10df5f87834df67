"""Signatures of the requests that HubSpot sends to an app.

https://developers.hubspot.com/docs/apps/developer-platform/build-apps/authentication/request-validation
"""

import base64
import hashlib
import hmac
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Literal, TypeAlias

from pydantic import SecretStr

from portalkey.errors import BadSettings, NotFromHubSpot

Version: TypeAlias = Literal["v1", "v2", "v3"]

VERSIONS: tuple[Version, ...] = ("v1", "v2", "v3")
"""The versions of HubSpot's signatures, the weakest first."""
AGE = timedelta(minutes=5)
"""A request of version 3 is refused that is older, or as much ahead of our clock."""

_NEWEST = "x-hubspot-signature-v3"
_TIMESTAMP = "x-hubspot-request-timestamp"
_OLDER = "x-hubspot-signature"
_VERSION = "x-hubspot-signature-version"

_DECODED = re.compile(r"%(?:3A|2F|3F|40|21|24|27|28|29|2A|2C|3B)", re.IGNORECASE)
"""The escapes that version 3 decodes in a URL: those of ``: / ? @ ! $ ' ( ) * , ;``."""
_MILLISECONDS = re.compile(r"[1-9][0-9]{12}")
"""A moment from 2001 to 2286, in its one spelling: it stands behind the body without anything
between, so another digit could be of either."""
_SHAPES: Mapping[Version, re.Pattern[str]] = {
    "v1": re.compile(r"[0-9a-f]{64}"),
    "v2": re.compile(r"[0-9a-f]{64}"),
    "v3": re.compile(r"[A-Za-z0-9+/]{43}="),
}


@dataclass(frozen=True, slots=True)
class SignedRequest:
    """A request as it arrived.

    ``method`` is written as it was sent. ``url`` is whole, as HubSpot has it: the app's public
    origin, never the ``Host`` header's, then path and query with their escapes. ``headers`` are
    pairs, so that a doubled one can be seen; their names may be written in any case. ``body`` is
    what came, byte for byte.
    """

    method: str
    url: str
    headers: Sequence[tuple[str, str]] = field(repr=False)
    body: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Signature:
    """A signature that holds: its ``version`` and its ``text``.

    ``until`` is when it is too old to come again; None for versions that do not say when they were
    made, and so may come again for ever.
    """

    version: Version
    text: str = field(repr=False)
    until: datetime | None = None


def require_version(version: str) -> None:
    """Return if there is such a *version*.

    Raises:
        ValueError: There is none.
    """
    if version not in VERSIONS:
        raise ValueError(f"{version!r} is none of HubSpot's signatures: {', '.join(VERSIONS)}")


def verify(
    request: SignedRequest,
    secrets: Sequence[SecretStr],
    clock: Callable[[], datetime],
    *,
    oldest: Version = "v3",
) -> Signature:
    """Return the signature of *request*, where it is HubSpot's.

    Where version 3 was sent, nothing else counts: no request is judged by a weaker one then.
    Whoever has seen one request may send it again: refuse a ``Signature.text`` that came before.

    Args:
        request: The request.
        secrets: The app's client secrets, any of which may have signed: ``Settings.client_secrets``
            names two while the secret is being changed.
        clock: Returns the time, in UTC; it is asked once the rest holds.
        oldest: The weakest version to accept. HubSpot sends version 3 with every request, and
            older ones beside it for older apps: of these neither says when it was made, and version
            1 nor where it was sent.

    Raises:
        NotFromHubSpot: It is not; ``cause`` says which check failed.
        BadSettings: A secret is empty, or there is none, so that anybody could sign.
    """
    keys = [_read_key(secret) for secret in secrets]
    if not keys:
        raise BadSettings(["There is no client secret to check by; set HUBSPOT_CLIENT_SECRET."])
    version, text, timestamp = _read_headers(request)
    if VERSIONS.index(version) < VERSIONS.index(oldest):
        raise NotFromHubSpot("version")
    if not _SHAPES[version].fullmatch(text):
        raise NotFromHubSpot("malformed")
    # No secret is left out, whichever it is: how long this takes says nothing.
    matches = [_is_signed(version, key, request, timestamp, text) for key in keys]
    if True not in matches:
        raise NotFromHubSpot("signature")
    return Signature(version, text, _read_until(timestamp, clock()) if timestamp else None)


def _read_key(secret: SecretStr) -> bytes:
    key = secret.get_secret_value()
    if not key.strip():
        raise BadSettings(["A client secret is empty; correct HUBSPOT_CLIENT_SECRET."])
    return key.encode()


def _read_headers(request: SignedRequest) -> tuple[Version, str, str]:
    """Return version, signature and timestamp of the strongest signature; older have no time."""
    text, timestamp = _find(request, _NEWEST), _find(request, _TIMESTAMP)
    older, version = _find(request, _OLDER), _find(request, _VERSION)
    if text is not None:
        if timestamp is None or not _MILLISECONDS.fullmatch(timestamp):
            raise NotFromHubSpot("timestamp")
        return "v3", text, timestamp
    # A timestamp belongs to version 3: somebody took the signature out.
    if older is None or timestamp is not None:
        raise NotFromHubSpot("missing")
    for each in VERSIONS[:2]:
        if version == each:
            return each, older, ""
    raise NotFromHubSpot("version")


def _find(request: SignedRequest, name: str) -> str | None:
    values = [value for key, value in request.headers if key.lower() == name]
    if len(values) > 1:
        raise NotFromHubSpot("doubled")
    return values[0] if values else None


def _is_signed(
    version: Version, key: bytes, request: SignedRequest, timestamp: str, text: str
) -> bool:
    expected = _MAKERS[version](key, request, timestamp)
    return hmac.compare_digest(expected, text)


def _make_v1(key: bytes, request: SignedRequest, timestamp: str) -> str:
    del timestamp
    return hashlib.sha256(key + request.body).hexdigest()


def _make_v2(key: bytes, request: SignedRequest, timestamp: str) -> str:
    del timestamp
    target = _encode(request.method + request.url)
    return hashlib.sha256(key + target + request.body).hexdigest()


def _make_v3(key: bytes, request: SignedRequest, timestamp: str) -> str:
    url = _DECODED.sub(lambda escape: chr(int(escape[0][1:], 16)), request.url)
    source = _encode(request.method + url) + request.body + timestamp.encode()
    return base64.b64encode(hmac.digest(key, source, "sha256")).decode()


_MAKERS: Mapping[Version, Callable[[bytes, SignedRequest, str], str]] = {
    "v1": _make_v1,
    "v2": _make_v2,
    "v3": _make_v3,
}


def _encode(text: str) -> bytes:
    """Return *text* in UTF-8; bytes that are none come back as they were (PEP 383)."""
    try:
        return text.encode(errors="surrogateescape")
    except UnicodeEncodeError:
        raise NotFromHubSpot("signature") from None  # no encoding has it, so nobody signed it


def _read_until(timestamp: str, now: datetime) -> datetime:
    """Return when a request of this *timestamp* is too old, if it is not by *now*."""
    moment = datetime.fromtimestamp(int(timestamp) / 1000, UTC)
    if now - moment > AGE:
        raise NotFromHubSpot("old")
    if moment - now > AGE:
        raise NotFromHubSpot("early")
    return moment + AGE
