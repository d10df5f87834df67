"""The HTTP client for HubSpot: the only code that reaches the network.

One deadline covers the whole exchange: resolving the name, connecting, the operator's proxy, TLS,
sending, and every byte of the answer, however slowly they come. Redirects are not followed, bodies
are bounded, cookies are not kept, and the process's environment is ignored: a proxy or a
``.netrc`` that somebody set for other programs must not get to see a client secret.

HTTP is spoken by way of ``h11``, over sockets of its own: only so each step can be given the rest
of the deadline, and a kept connection costs the same however many there are.
"""

import ssl
import threading
import time
from collections.abc import Mapping
from io import BytesIO
from pathlib import Path
from typing import Protocol, Self
from urllib.parse import urlsplit

from pydantic import SecretStr

from portalkey._support.fork import renew_after_fork, renew_inherited
from portalkey._support.telemetry import Span
from portalkey.errors import BadAnswer, HubSpotUnavailable, PortalkeyError
from portalkey.hubspot.authorities import read_authorities, system_context
from portalkey.hubspot.connections import ConnectionPool, Host, HTTPConnection
from portalkey.hubspot.deadline import BEFORE_SENDING, Connector, Resolve, resolve
from portalkey.hubspot.failures import Unsendable
from portalkey.hubspot.http import Request, Response, Send
from portalkey.hubspot.proxy import Proxy, parse_proxy
from portalkey.hubspot.troubles import TROUBLES, unreachable_error
from portalkey.hubspot.tunnel import Tunnels

__all__ = ["CONNECT", "DEADLINE", "LONGEST_BODY", "HubSpotClient", "Send", "Way"]

DEADLINE = 12.0
"""Seconds for one whole exchange."""
CONNECT = 3.0
"""Seconds for one address to connect, and as many again for TLS."""
LONGEST_BODY = 64 * 1024
"""Bytes of an answer; HubSpot's own have a few thousand at most."""

# More than the threads that may renew at once: a thread that waits for a connection already holds
# a lease, which runs on. The load on HubSpot is limited by PORTALKEY_REFRESH_RATE instead, which
# counts all processes.
_CONNECTIONS = 100
_KEEP_SECONDS = 15.0
_PORTS = {"https": 443, "http": 80}


class Way(Protocol):
    """The operator's way to HubSpot; ``Settings`` satisfies it."""

    @property
    def proxy_url(self) -> SecretStr | None:
        """Address of a proxy; it may hold a password."""

    @property
    def ca_file(self) -> Path | None:
        """A file of authorities beside the system's."""


class HubSpotClient:
    """HTTP client for HubSpot with kept connections; threads may share it, and forks renew it."""

    @classmethod
    def of(cls, way: Way) -> Self:
        """Make a client that goes the operator's way.

        Raises:
            BadSettings: The file of authorities cannot be used.
        """
        url = way.proxy_url
        return cls(
            proxy=parse_proxy(url.get_secret_value()) if url is not None else None,
            authorities=read_authorities(way.ca_file),
        )

    def __init__(
        self,
        *,
        deadline: float = DEADLINE,
        connect: float = CONNECT,
        ssl_context: ssl.SSLContext | None = None,
        resolve: Resolve = resolve,
        proxy: Proxy | None = None,
        authorities: str = "",
    ) -> None:
        """Connect on first use.

        Args:
            deadline: Seconds for an exchange where ``send()`` names no others.
            connect: Seconds for each address of a host to connect.
            ssl_context: The authorities to trust; the system's by default, whatever
                ``SSL_CERT_FILE`` and its like say. Chain and name are always verified by it.
            resolve: Looks up the addresses of a host.
            proxy: Where every host but a simulator on this machine is reached through.
            authorities: Certificates in PEM form that are trusted beside the system's.
        """
        self._deadline = deadline
        self._proxy, self._authorities = proxy, authorities
        self._given_context = self._context = ssl_context
        self._connector = Connector(connect, resolve)
        self._pools: dict[str, ConnectionPool] = {}
        self._lock = threading.Lock()
        renew_after_fork(self._renew)

    def send(self, request: Request, *, deadline: float | None = None) -> Response:
        """Send *request* and return the whole response, whatever its status.

        Args:
            request: A form goes into the body, a bearer into the header. Its own ``seconds`` make
                the deadline shorter, never longer.
            deadline: Seconds for this exchange.

        Raises:
            HubSpotUnavailable: No whole answer came. HubSpot may have acted on the request all the
                same, unless ``is_local`` says that nothing of it was sent. The message names the
                trouble and the host.
            HubSpotUnreachable: Nothing was sent, and nothing will be until somebody changes
                something: a certificate is not trusted, or the proxy refuses.
            BadAnswer: The answer is JSON, and compressed or longer than ``LONGEST_BODY``.
        """
        renew_inherited()
        seconds = self._deadline if deadline is None else deadline
        if request.seconds is not None:
            seconds = min(seconds, request.seconds)
        outcome = self._exchange(request, seconds)
        # Raised here, as the frames below hold headers and bodies, which a traceback would show.
        if isinstance(outcome, PortalkeyError):
            raise outcome
        return outcome

    def close(self) -> None:
        """Close every kept connection; a later ``send()`` opens new ones."""
        renew_inherited()
        with self._lock:
            pools, self._pools = self._pools, {}
        for pool in pools.values():
            pool.close()

    def _exchange(self, request: Request, seconds: float) -> Response | PortalkeyError:
        try:
            return self._do(request, time.monotonic() + seconds)
        except TROUBLES as error:
            return unreachable_error(error, request.url, self._proxy)

    def _do(self, request: Request, until: float) -> Response | PortalkeyError:
        scheme, host = _find_host(request)
        pool = self._pool(scheme)
        connection = pool.take(host, until)
        try:
            connection.send(request, until)
            response = _read(connection, request.longest, until)
        except BaseException:
            pool.drop(connection)
            raise
        if isinstance(response, PortalkeyError):  # the rest of its body is not waited for
            pool.drop(connection)
        else:
            pool.give_back(host, connection)
        return response

    def _pool(self, scheme: str) -> ConnectionPool:
        """Return the pool for a *scheme*, made on first use, as that is slow."""
        with self._lock:
            if scheme not in self._pools:
                self._pools[scheme] = self._new_pool(encrypted=scheme != "http")
            return self._pools[scheme]

    def _new_pool(self, *, encrypted: bool) -> ConnectionPool:
        if not encrypted:  # there is but a simulator on this machine
            return ConnectionPool(self._open_plain, _CONNECTIONS, _KEEP_SECONDS)
        if self._context is None:
            self._context = system_context(self._authorities)
        self._context.set_alpn_protocols(["http/1.1"])
        return ConnectionPool(self._open_encrypted, _CONNECTIONS, _KEEP_SECONDS)

    def _open_plain(self, host: Host, until: float) -> HTTPConnection:
        return HTTPConnection(self._connector.connect(*host, until))

    def _open_encrypted(self, host: Host, until: float) -> HTTPConnection:
        opened = self._way().connect(*host, until)
        assert self._context is not None  # noqa: S101 - it came with the pool
        return HTTPConnection(opened.start_tls(self._context, host[0], until))

    def _way(self) -> Connector | Tunnels:
        if self._proxy is None:
            return self._connector
        return Tunnels(self._connector, self._proxy, BEFORE_SENDING)

    def _renew(self) -> None:
        # In a forked child the pools' own locks may be held for ever, so nothing takes them.
        for pool in self._pools.values():
            pool.leave()
        self._pools, self._context = {}, self._given_context
        self._lock = threading.Lock()


def _find_host(request: Request) -> tuple[str, Host]:
    """Return the scheme of the *request*, and whom it is for."""
    url = urlsplit(request.url)
    if url.scheme not in _PORTS or not url.hostname:
        raise Unsendable
    return url.scheme, (url.hostname, url.port or _PORTS[url.scheme])


def _read(
    connection: HTTPConnection, longest: int | None, until: float
) -> Response | PortalkeyError:
    status, headers = connection.receive_head(until)
    encoding = headers.get("content-encoding", "identity").strip().lower()
    # A file at Amazon is sent as it was stored, whatever was asked for.
    if encoding != "identity" and (longest is None or encoding != "gzip"):
        return _unusable(headers, longest, "is compressed, which was not asked for")
    most = LONGEST_BODY if longest is None else longest
    body = BytesIO()
    for _ in map(body.write, connection.receive_body(until)):
        if body.tell() > most:
            return _unusable(headers, longest, f"is longer than {most} bytes")
    return Response(status, headers, body.getvalue())


def _unusable(headers: Mapping[str, str], longest: int | None, why: str) -> PortalkeyError:
    """Return the error for an answer that is not read: a page is none of the API's.

    A file, which has a *longest* of its own, has whatever type it was stored with.
    """
    sentence = f"HubSpot's answer {why}; look at any proxy on the way."
    if longest is not None or "json" in headers.get("content-type", ""):
        return BadAnswer(sentence)
    return HubSpotUnavailable(sentence)


def trace(send: Send) -> Send:
    """Return *send* with a span around each request."""

    def traced_send(request: Request) -> Response:
        url = urlsplit(request.url)
        about = {
            "http.request.method": request.method,
            "server.address": url.hostname or "",
            "url.path": url.path,
        }
        with Span("portalkey.hubspot", about, is_request=True) as span:
            response = send(request)
            span.note({"http.response.status_code": response.status})
        return response

    return traced_send
