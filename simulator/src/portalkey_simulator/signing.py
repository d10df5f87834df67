"""Requests that HubSpot sends to an app, signed with the app's secret.

https://developers.hubspot.com/docs/apps/developer-platform/build-apps/authentication/request-validation
"""

import base64
import hashlib
import hmac
import re
from collections.abc import Callable, Mapping
from http.client import HTTPConnection
from typing import Literal, NamedTuple, TypeAlias
from urllib.parse import urlsplit

from portalkey_simulator.world.apps import App

SignatureVersion: TypeAlias = Literal["v1", "v2", "v3"]

_DECODED = re.compile(r"%(?:3A|2F|3F|40|21|24|27|28|29|2A|2C|3B)", re.IGNORECASE)
"""The escapes that version 3 decodes before it signs a URL: ``: / ? @ ! $ ' ( ) * , ;``."""


class AppAnswer(NamedTuple):
    """The app's answer."""

    status: int
    body: bytes


def sign(
    app: App, version: SignatureVersion, method: str, url: str, *, body: bytes, timestamp: int
) -> dict[str, str]:
    """Return the headers that sign a request to *app*.

    *timestamp* is in milliseconds since 1970 in UTC, and goes into version 3 only.

    Raises:
        ValueError: There is no such version; choose v1, v2 or v3.
    """
    if version not in _VERSIONS:
        message = f"{version!r} is none of the versions {', '.join(_VERSIONS)}"
        raise ValueError(message)
    return _VERSIONS[version](app.client_secret.encode(), method.encode(), url, body, timestamp)


def send(
    url: str, body: bytes, *, method: str, headers: Mapping[str, str], seconds: float = 10
) -> AppAnswer:
    """Send a request to an app on this machine.

    *seconds* is how long it may take.

    Raises:
        ValueError: The URL is not one of http at ``localhost`` or 127.0.0.1.
        OSError: Nothing answers there.
    """
    parts = urlsplit(url)
    if parts.scheme != "http" or parts.hostname not in {"localhost", "127.0.0.1"}:
        message = f"requests are sent to http://localhost and http://127.0.0.1 only, not {url!r}"
        raise ValueError(message)
    connection = HTTPConnection(parts.hostname, parts.port or 80, timeout=seconds)
    try:
        target = parts._replace(scheme="", netloc="", fragment="").geturl() or "/"
        connection.request(method, target, body, {"Content-Type": "application/json", **headers})
        answer = connection.getresponse()
        return AppAnswer(answer.status, answer.read())
    finally:
        connection.close()


def _v1(secret: bytes, method: bytes, url: str, body: bytes, timestamp: int) -> dict[str, str]:
    del method, url, timestamp
    return _digest("v1", secret + body)


def _v2(secret: bytes, method: bytes, url: str, body: bytes, timestamp: int) -> dict[str, str]:
    del timestamp
    return _digest("v2", secret + method + url.encode() + body)


def _v3(secret: bytes, method: bytes, url: str, body: bytes, timestamp: int) -> dict[str, str]:
    decoded = _DECODED.sub(lambda match: chr(int(match[0][1:], 16)), url)
    source = method + decoded.encode() + body + str(timestamp).encode()
    signature = hmac.digest(secret, source, "sha256")
    return {
        "X-HubSpot-Signature-v3": base64.b64encode(signature).decode(),
        "X-HubSpot-Request-Timestamp": str(timestamp),
    }


def _digest(version: str, source: bytes) -> dict[str, str]:
    return {
        "X-HubSpot-Signature": hashlib.sha256(source).hexdigest(),
        "X-HubSpot-Signature-Version": version,
    }


_VERSIONS: Mapping[str, Callable[[bytes, bytes, str, bytes, int], dict[str, str]]] = {
    "v1": _v1,
    "v2": _v2,
    "v3": _v3,
}
