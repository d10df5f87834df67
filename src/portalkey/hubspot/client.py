"""The only code that reaches the network.

One exchange, one deadline: resolving the name, connecting, TLS, sending, and every byte of the
answer have to fit into it together, however slowly they come. Redirects are not followed, bodies
are bounded, cookies are not kept, and nothing of the process's environment has a say: a proxy or a
``.netrc`` that somebody set for other programs must not get to see a client secret.

It speaks to ``httpcore2``, the layer under ``httpx2``, because only there each step can be given
what remains of the deadline. That layer logs no header sent and no body, but the headers received;
of our exchanges it does not log these either.
"""

import logging
import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from importlib.metadata import version
from io import BytesIO
from threading import Lock
from urllib.parse import urlencode, urlsplit

import httpcore2

from portalkey._support.fork import renew_after_fork
from portalkey._support.tracing import Span
from portalkey.errors import BadAnswer, HubSpotUnavailable, PortalkeyError
from portalkey.hubspot.authorities import system_context
from portalkey.hubspot.deadline import Resolve, TimedBackend, Unresolved, resolve
from portalkey.hubspot.http import Request, Response, Send

__all__ = ["CONNECT", "DEADLINE", "LONGEST_BODY", "HubSpotClient", "Send"]

DEADLINE = 12.0
"""Seconds that one exchange may take, all in all."""
CONNECT = 3.0
"""Seconds that one address may take to connect, and as many again for TLS."""
LONGEST_BODY = 64 * 1024
"""Bytes of an answer; HubSpot's largest here has a few thousand."""

# One for each thread that may be renewing: who waits for a connection has a lease already, which
# runs on. HubSpot is spared by PORTALKEY_REFRESH_RATE, which knows of the other processes too.
_CONNECTIONS = 100
_KEEP_SECONDS = 15.0
_USER_AGENT = f"portalkey/{version('portalkey')}"
_TROUBLES = (
    httpcore2.NetworkError,
    httpcore2.TimeoutException,
    httpcore2.ProtocolError,
    httpcore2.UnsupportedProtocol,
)

_unlogged = ContextVar("portalkey_unlogged", default=False)
# Of this process's other users of the library nothing is withheld.
logging.getLogger("httpcore2.http11").addFilter(lambda _: not _unlogged.get())


@contextmanager
def _unlogging() -> Iterator[None]:
    token = _unlogged.set(True)
    try:
        yield
    finally:
        _unlogged.reset(token)


class HubSpotClient:
    """Sends requests to HubSpot over kept connections; threads may share it, and forks renew it."""

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
            deadline: Seconds that an exchange may take if ``send()`` is not told otherwise.
            connect: Seconds that each address of a host may take to connect.
            ssl_context: What to trust; the system's authorities by default, whatever
                ``SSL_CERT_FILE`` and its like say. Chain and name are always verified by it.
            resolve: Finds the addresses of a host.
        """
        self._deadline = deadline
        self._context = ssl_context
        self._backend = TimedBackend(connect, resolve)
        self._pools: dict[str, httpcore2.ConnectionPool] = {}
        self._lock = Lock()
        renew_after_fork(self._renew)

    def send(self, request: Request, *, deadline: float | None = None) -> Response:
        """Send *request* and return the whole response, whatever its status.

        Args:
            request: A form goes into the body, a bearer into the header.
            deadline: Seconds that this exchange may take.

        Raises:
            HubSpotUnavailable: There was no whole answer; whether HubSpot acted on the request is
                not known. The message names the trouble and the host.
            BadAnswer: The answer is compressed or longer than ``LONGEST_BODY``.
        """
        seconds = self._deadline if deadline is None else deadline
        outcome = self._exchange(request, seconds)
        # Raised here and not where it came up: down there the frames hold headers and bodies.
        if isinstance(outcome, PortalkeyError):
            raise outcome
        return outcome

    def close(self) -> None:
        """Close every kept connection; a later ``send()`` opens new ones."""
        for pool in tuple(self._pools.values()):
            pool.close()

    @_unlogging()
    def _exchange(self, request: Request, seconds: float) -> Response | PortalkeyError:
        try:
            answer = self._pool(request).handle_request(_outgoing(request, seconds))
            try:
                return _received(answer)
            finally:
                # An unread rest is not waited for: its connection is dropped.
                answer.close()
        except _TROUBLES as error:
            host = urlsplit(request.url).hostname
            return HubSpotUnavailable(
                f"HubSpot cannot be reached at {host}: {_trouble(error)}; try again in a moment."
            )

    def _pool(self, request: Request) -> httpcore2.ConnectionPool:
        """The pool for the request's scheme; reading the system's authorities takes its time."""
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
        # The old pools' own locks may be held for ever in a child, so they are passed by. Closing
        # takes nothing from the parent: its descriptors keep the connections open.
        for pool in self._pools.values():
            for connection in pool.connections:
                connection.close()
        self._pools = {}
        self._lock = Lock()


def _outgoing(request: Request, seconds: float) -> httpcore2.Request:
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


def _received(answer: httpcore2.Response) -> Response | BadAnswer:
    headers = {
        name.decode("latin-1").lower(): value.decode("latin-1") for name, value in answer.headers
    }
    if headers.get("content-encoding", "identity").strip().lower() != "identity":
        return BadAnswer(
            "HubSpot's answer is compressed, which was not asked for; look at any proxy on the way."
        )
    body = BytesIO()
    for _ in map(body.write, answer.iter_stream()):
        if body.tell() > LONGEST_BODY:
            return BadAnswer(f"HubSpot's answer is longer than {LONGEST_BODY} bytes.")
    return Response(answer.status, headers, body.getvalue())


def _trouble(error: Exception) -> str:
    """What is wrong, in words of ours: the error's own could quote what was sent."""
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
    (httpcore2.RemoteProtocolError, "it broke off in the middle, or did not speak HTTP"),
    (Exception, "the request cannot be sent"),
)


def traced(send: Send) -> Send:
    """*send*, with a span for each request."""

    def sending(request: Request) -> Response:
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

    return sending
