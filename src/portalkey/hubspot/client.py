"""The HTTP client for HubSpot: the only code that reaches the network.

One deadline covers the whole exchange: resolving the name, connecting, TLS, sending, and every
byte of the answer, however slowly they come. Redirects are not followed, bodies
are bounded, cookies are not kept, and the process's environment is ignored: a proxy or a
``.netrc`` that somebody set for other programs must not get to see a client secret.

It uses ``httpcore2``, the layer under ``httpx2``, because only there each step can be given the
rest of the deadline. That layer would log the headers it receives; a filter keeps those of our
exchanges out of the log.
"""

import logging
import ssl
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from io import BytesIO
from urllib.parse import urlencode, urlsplit

import httpcore2

from portalkey._support.fork import renew_after_fork, renew_inherited
from portalkey._support.tracing import Span
from portalkey._support.version import __version__
from portalkey.errors import BadAnswer, HubSpotUnavailable, PortalkeyError
from portalkey.hubspot.authorities import system_context
from portalkey.hubspot.deadline import Resolve, TimedBackend, Unresolved, resolve
from portalkey.hubspot.http import Request, Response, Send

__all__ = ["CONNECT", "DEADLINE", "LONGEST_BODY", "HubSpotClient", "Send"]

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
_USER_AGENT = f"portalkey/{__version__}"
_UNSENT = (httpcore2.ConnectError, httpcore2.ConnectTimeout, httpcore2.PoolTimeout, OSError)
_TROUBLES = (
    httpcore2.NetworkError,
    httpcore2.TimeoutException,
    httpcore2.ProtocolError,
    httpcore2.UnsupportedProtocol,
    OSError,  # no descriptor for the file of authorities
)

_unlogged = ContextVar("portalkey_unlogged", default=False)
# Only our own exchanges are filtered: the app may use the library too, and wants its log.
logging.getLogger("httpcore2.http11").addFilter(lambda _: not _unlogged.get())


@contextmanager
def _unlogging() -> Iterator[None]:
    token = _unlogged.set(True)
    try:
        yield
    finally:
        _unlogged.reset(token)


class HubSpotClient:
    """HTTP client for HubSpot with kept connections; threads may share it, and forks renew it."""

    def __init__(
        self,
        *,
        deadline: float = DEADLINE,
        connect: float = CONNECT,
        ssl_context: ssl.SSLContext | None = None,
        resolve: Resolve = resolve,
    ) -> None:
        """Connect on first use.

        Args:
            deadline: Seconds for an exchange where ``send()`` names no others.
            connect: Seconds for each address of a host to connect.
            ssl_context: The authorities to trust; the system's by default, whatever
                ``SSL_CERT_FILE`` and its like say. Chain and name are always verified by it.
            resolve: Looks up the addresses of a host.
        """
        self._deadline = deadline
        self._given_context = self._context = ssl_context
        self._backend = TimedBackend(connect, resolve)
        self._pools: dict[str, httpcore2.ConnectionPool] = {}
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
        for pool in tuple(self._pools.values()):
            pool.close()

    @_unlogging()
    def _exchange(self, request: Request, seconds: float) -> Response | PortalkeyError:
        try:
            answer = self._pool(request).handle_request(_build(request, seconds))
            try:
                return _read(answer)
            finally:
                # Drops the connection where something is unread, and does not wait for the rest.
                answer.close()
        except _TROUBLES as error:
            return _unavailable(error, urlsplit(request.url).hostname)

    def _pool(self, request: Request) -> httpcore2.ConnectionPool:
        """Return the pool for the request's scheme, made on first use, as that is slow."""
        scheme = urlsplit(request.url).scheme
        with self._lock:
            if scheme not in self._pools:
                self._pools[scheme] = self._new_pool(encrypted=scheme != "http")
            return self._pools[scheme]

    def _new_pool(self, *, encrypted: bool) -> httpcore2.ConnectionPool:
        if encrypted and self._context is None:
            self._context = system_context()
        return httpcore2.ConnectionPool(
            ssl_context=self._context,
            max_connections=_CONNECTIONS,
            keepalive_expiry=_KEEP_SECONDS,
            network_backend=self._backend,
        )

    def _renew(self) -> None:
        # In a forked child the pools' own locks may be held for ever, so pool.close() could hang.
        # Closing each connection leaves the parent's open: it has descriptors of its own.
        for pool in self._pools.values():
            for connection in pool.connections:
                connection.close()
        self._pools, self._context = {}, self._given_context
        self._lock = threading.Lock()


def _build(request: Request, seconds: float) -> httpcore2.Request:
    url = httpcore2.URL(request.url)
    headers: dict[bytes | str, bytes | str] = {
        "Host": urlsplit(request.url).netloc,
        "Accept": "application/json",
        "Accept-Encoding": "identity",
        "User-Agent": _USER_AGENT,
    }
    body = urlencode(request.form).encode("ascii")
    if request.form:
        headers["Content-Type"] = "application/x-www-form-urlencoded"
        headers["Content-Length"] = str(len(body))
    if request.bearer is not None:
        headers["Authorization"] = f"Bearer {request.bearer.get_secret_value()}"
    until = time.monotonic() + seconds
    timeouts = {"pool": seconds, "connect": until, "read": until, "write": until}
    return httpcore2.Request(
        request.method, url, headers=headers, content=body, extensions={"timeout": timeouts}
    )


def _read(answer: httpcore2.Response) -> Response | PortalkeyError:
    headers = {
        name.decode("latin-1").lower(): value.decode("latin-1") for name, value in answer.headers
    }
    if headers.get("content-encoding", "identity").strip().lower() != "identity":
        return _unusable(headers, "is compressed, which was not asked for")
    body = BytesIO()
    for _ in map(body.write, answer.iter_stream()):
        if body.tell() > LONGEST_BODY:
            return _unusable(headers, f"is longer than {LONGEST_BODY} bytes")
    return Response(answer.status, headers, body.getvalue())


def _unusable(headers: Mapping[str, str], why: str) -> PortalkeyError:
    """Return the error for an answer that is not read: a page is none of the API's."""
    sentence = f"HubSpot's answer {why}; look at any proxy on the way."
    if "json" in headers.get("content-type", ""):
        return BadAnswer(sentence)
    return HubSpotUnavailable(sentence)


def _unavailable(error: Exception, host: str | None) -> HubSpotUnavailable:
    """Return what *error* means: trouble of this machine, or of HubSpot."""
    is_unsent = isinstance(error, _UNSENT)
    if is_unsent and not isinstance(error, httpcore2.PoolTimeout):
        sentence = (
            f"This machine cannot reach HubSpot at {host}: {_trouble(error)}; look at its name "
            "server, network, firewall and certificates."
        )
    else:
        sentence = f"HubSpot cannot be reached at {host}: {_trouble(error)}; try again in a moment."
    trouble = HubSpotUnavailable(sentence)
    trouble.is_local = is_unsent
    trouble.is_timeout = isinstance(error, httpcore2.TimeoutException) and not is_unsent
    return trouble


def _trouble(error: Exception) -> str:
    """Describe *error* in our own words, as its message could quote the request."""
    cause = error.args[0] if error.args else None
    if isinstance(cause, ssl.SSLCertVerificationError):
        return f"its certificate cannot be trusted ({cause.verify_message})"
    for kind, words in (
        (ssl.SSLError, "TLS could not be agreed on"),
        (ConnectionRefusedError, "the connection was refused"),
    ):
        if isinstance(cause, kind):
            return words
    return next(words for kind, words in _WORDS if isinstance(error, kind))


_WORDS: tuple[tuple[type[Exception], str], ...] = (
    (Unresolved, "its name cannot be resolved"),
    (httpcore2.PoolTimeout, "too many requests are under way"),
    (httpcore2.ConnectTimeout, "no connection came about in time"),
    (httpcore2.TimeoutException, "no whole answer came in time"),
    (httpcore2.ConnectError, "it cannot be connected to"),
    (httpcore2.NetworkError, "the connection broke off"),
    (OSError, "no file or socket can be opened here"),
    (httpcore2.RemoteProtocolError, "it broke off in the middle, or did not speak HTTP"),
    (Exception, "the request cannot be sent"),
)


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
