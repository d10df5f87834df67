"""Requests that HubSpot sends to views of the app: what is HubSpot's is let in, once.

A skin reads the request into a value, and writes out the response that refuses it, if there is one.
"""

import logging
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import quote, unquote_to_bytes

from portalkey._support.time_limit import limit_request
from portalkey.errors import NotFromHubSpot, PortalkeyError, StoreBusy, StoreUnusable
from portalkey.hubspot.signature import Signature, SignedRequest, Version, require_version, verify
from portalkey.web import headers
from portalkey.web.http import WebResponse

if TYPE_CHECKING:
    from portalkey.broker.broker import Broker

log = logging.getLogger("portalkey")

_AUTHORITY = re.compile(rb"[A-Za-z][A-Za-z0-9+.-]*://[^/?]*")
_SAFE = b"/:@!$&'()*+,;=-._~"
"""Characters that stand in a path as they are (RFC 3986 section 3.3)."""
_UNKNOWN_WAIT = 60


@dataclass(frozen=True, slots=True)
class ReceivedRequest:
    """A request as the server handed it over, before a framework made anything of it.

    ``path`` is below ``root``, which is where the app is mounted as far as the server knows; both
    are without escapes, ``query`` is with them. ``target`` is what the request line says (RFC 9112
    section 3.2), and empty where the server does not tell.
    """

    method: str
    path: bytes
    query: bytes = field(repr=False)
    headers: Sequence[tuple[str, str]] = field(repr=False)
    body: bytes = field(repr=False)
    root: bytes = b""
    target: bytes = field(default=b"", repr=False)

    @classmethod
    def of_environ(
        cls, environ: Mapping[str, Any], headers: Sequence[tuple[str, str]], body: bytes
    ) -> Self:
        """Return the request in a WSGI *environ* (PEP 3333), whose texts are bytes in Latin-1."""

        def read(*names: str) -> bytes:
            text: str = next((environ[name] for name in names if environ.get(name)), "")
            return text.encode("latin-1", errors="replace")

        return cls(
            method=environ["REQUEST_METHOD"],
            path=read("PATH_INFO"),
            query=read("QUERY_STRING"),
            headers=headers,
            body=body,
            root=read("SCRIPT_NAME"),
            target=read("RAW_URI", "REQUEST_URI"),
        )

    @classmethod
    def of_scope(cls, scope: Mapping[str, Any], body: bytes, root: str) -> Self:
        """Return the request in an ASGI *scope*, whose path may begin with *root*."""
        path, root = scope["path"], root.rstrip("/")
        raw = (scope.get("raw_path") or b"").partition(b"?")[0]
        query: bytes = scope.get("query_string", b"")
        return cls(
            method=scope["method"],
            path=(path[len(root) :] if path.startswith(f"{root}/") else path).encode(),
            query=query,
            headers=[
                (name.decode("latin-1"), text.decode("latin-1")) for name, text in scope["headers"]
            ],
            body=body,
            root=root.encode(),
            target=b"?".join(filter(None, (raw, query))) if raw else b"",
        )


class HubSpotRequests:
    """Lets in the requests that HubSpot has signed, each once."""

    def __init__(self, broker: "Broker", oldest: Version = "v3", mount: str | None = None) -> None:
        """Accept signatures of the version *oldest* and of stronger ones.

        *mount* is the path that the app is below, where that is not the one in the settings.

        Raises:
            ValueError: There is no such version.
        """
        require_version(oldest)
        self._broker, self._oldest = broker, oldest
        self._mount = broker.settings.mount if mount is None else mount

    def admit(self, read: Callable[[], ReceivedRequest]) -> Signature | WebResponse:
        """Return the signature of the request that *read* returns, or the response that refuses it.

        *read* raises ``NotFromHubSpot`` where the body is too large, or did not come whole.
        """
        with limit_request(self._broker.settings.database_seconds):
            try:
                return self._admit(read())
            except NotFromHubSpot as refusal:
                self._broker.count_refused_request(refusal.cause)
                if refusal.cause == "too_large":
                    return _refuse(refusal, 413, {})
                return _refuse(refusal, 401, {"WWW-Authenticate": "HubSpot-Signature"})
            except (StoreBusy, StoreUnusable) as trouble:
                # Whether it came before is not known. HubSpot sends it again.
                log.warning("a request of HubSpot's was not answered: %s", trouble.code)
                wait = trouble.retry_after if isinstance(trouble, StoreBusy) else _UNKNOWN_WAIT
                return _refuse(trouble, 503, {"Retry-After": str(max(1, round(wait)))})

    def _admit(self, received: ReceivedRequest) -> Signature:
        settings = self._broker.settings
        url = find_url(received, settings.public_url, self._mount)
        request = SignedRequest(received.method, url, received.headers, received.body)
        signature = verify(request, settings.client_secrets, self._broker.now, oldest=self._oldest)
        until = signature.until
        if until is not None and not self._broker.remember_request(signature.text, until):
            raise NotFromHubSpot("replayed")
        return signature


def find_url(received: ReceivedRequest, public_url: str, mount: str) -> str:
    """Return the address that HubSpot sent *received* to: a public one, and never the ``Host``'s.

    *mount* is where the app is: a proxy may take that off the path or leave it on.
    Escapes are those of the request line, if that means the path that was routed to; otherwise the
    path is quoted anew, with no more escapes than it needs.
    """
    tail = _find_tail(received, mount.encode())
    return f"{public_url}{mount}{tail.decode(errors='surrogateescape')}"


def _find_tail(received: ReceivedRequest, mount: bytes) -> bytes:
    """Return path and query below the mount, with their escapes."""
    target = _AUTHORITY.sub(b"", received.target, count=1)
    path, _, query = target.partition(b"?")
    for prefix in (received.root, mount, b""):
        below = unquote_to_bytes(path[len(prefix) :])
        if path.startswith(prefix) and (below, query) == (received.path, received.query):
            return target[len(prefix) :]
    quoted = quote(received.path, safe=_SAFE).encode()
    return b"?".join(filter(None, (quoted, received.query)))


def _refuse(error: PortalkeyError, status: int, more: Mapping[str, str]) -> WebResponse:
    """Return a response that tells nobody which check failed."""
    body = {"error": error.code, "message": error.for_person()}
    return WebResponse.json(body, {**headers.API, **more}, status)
