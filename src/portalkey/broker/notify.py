"""The webhook: one notification, signed and sent to the app's own receiver.

In the form of Standard Webhooks (https://www.standardwebhooks.com). The address is the operator's
own, so it may be in a private network; a name that leads to a cloud's metadata, or to this machine
where it does not say so, is not connected to, whatever it was resolved to before. One deadline is
for all of it, redirects are not followed, and of the answer nothing but its head is read.

HTTP is spoken here, by way of ``h11`` and over the sockets with a deadline that requests to HubSpot
go over, too. Those have a pool, a proxy and HubSpot's errors, none of which is for a receiver.
"""

import base64
import hashlib
import hmac
import ssl
import time
from collections.abc import Callable, Mapping, Sequence
from urllib.parse import SplitResult, urlsplit

import h11
from pydantic import SecretBytes, SecretStr

from portalkey._support.version import __version__
from portalkey.hubspot.authorities import system_context
from portalkey.hubspot.deadline import Connector, Resolve, TimedSocket, resolve
from portalkey.hubspot.errors import read_retry_after
from portalkey.hubspot.failures import Failure, NotHTTP, Unresolved
from portalkey.hubspot.http import Response
from portalkey.model.destinations import LOCALHOST, may_be_sent_to
from portalkey.model.notifications import Notification, write_body

SECONDS = 10.0
"""Seconds for one request: name, connection, TLS, sending, and the head of the answer."""
CONNECT = 3.0
"""Seconds for one address to connect, and as many again for TLS."""
LONGEST_HEAD = 16 * 1024
"""Bytes of the head of an answer."""
MOST_SAID = 86400.0
"""Seconds of ``Retry-After`` that are believed."""
_PORTS = {"https": 443, "http": 80}
_PREFIX = "whsec_"
_SUCCESSES, _GONE = range(200, 300), 410
_BUSY = frozenset({429, 503})
_NOWHERE = "its name leads to no address that anything is sent to"


class Undelivered(Exception):
    """A receiver does not have a notification yet; ``str()`` says why, and quotes nothing.

    It is tried again in ``seconds`` at the earliest, unless it ``is_final``. Where it
    ``is_of_receiver``, others need not be tried just now.
    """

    def __init__(
        self,
        why: str,
        *,
        seconds: float = 0.0,
        is_of_receiver: bool = False,
        is_final: bool = False,
    ) -> None:
        super().__init__(why)
        self.seconds = seconds
        self.is_of_receiver = is_of_receiver
        self.is_final = is_final


def sign(
    secrets: Sequence[SecretStr], message_id: str, timestamp: int, body: bytes
) -> Mapping[str, str]:
    """Return the headers by which a receiver knows who sent *body*: one signature a secret."""
    content = b"%s.%d.%s" % (message_id.encode(), timestamp, body)
    signatures = [_sign(each, content) for each in secrets]
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(signatures),
    }


def _sign(secret: SecretStr, content: bytes) -> str:
    key = base64.b64decode(secret.get_secret_value().removeprefix(_PREFIX))
    digest = hmac.new(key, content, hashlib.sha256).digest()
    return f"v1,{base64.b64encode(digest).decode()}"


class Webhook:
    """The app's own receiver, over the network."""

    def __init__(
        self,
        url: str,
        secrets: Sequence[SecretStr],
        *,
        authorities: str = "",
        seconds: float = SECONDS,
        resolve: Resolve = resolve,
        ssl_context: ssl.SSLContext | None = None,
        now: Callable[[], float] = time.time,
    ) -> None:
        """Connect to nothing yet.

        Args:
            url: The receiver's address, as ``Settings`` has checked it.
            secrets: What is sent is signed with each.
            authorities: Certificates in PEM form that are trusted beside the system's.
            seconds: Seconds for one request.
            resolve: Looks up the addresses of a host.
            ssl_context: The authorities to trust in place of the system's.
            now: Returns the time that a request is signed with, in seconds since 1970.
        """
        self._url = urlsplit(url)
        self._secrets = tuple(secrets)
        self._authorities, self._context = authorities, ssl_context
        self._seconds, self._resolve, self._now = seconds, resolve, now
        self._connector = Connector(CONNECT, self._resolve_checked, seconds)

    def deliver(self, notification: Notification) -> None:
        """Send *notification* once, and return where the receiver has it.

        Raises:
            Undelivered: It has not, as far as is known; it says when to try again, if at all.
        """
        outcome = self._post(notification)
        # Raised here, as the frames below hold the address, which may have a token in it.
        if isinstance(outcome, Undelivered):
            raise outcome

    def _post(self, notification: Notification) -> Undelivered | None:
        body = write_body(notification)
        timestamp = int(self._now())
        headers = sign(self._secrets, notification.event_id, timestamp, body)
        until = time.monotonic() + self._seconds
        try:
            connection = self._connect(until)
            try:
                answer = _exchange(connection, _encode(self._url, headers, body), until)
            finally:
                connection.close()
        except Failure as failure:
            words = _NOWHERE if isinstance(failure, Unresolved) else failure.words
            return Undelivered(words, is_of_receiver=True)
        except OSError:  # no descriptor for the file of authorities
            return Undelivered("no file or socket can be opened here", is_of_receiver=True)
        return _judge(answer)

    def _connect(self, until: float) -> TimedSocket:
        host, scheme = self._url.hostname or "", self._url.scheme
        opened = self._connector.connect(host, self._url.port or _PORTS[scheme], until)
        if scheme == "http":
            return opened
        if self._context is None:
            self._context = system_context(self._authorities)
        return opened.start_tls(self._context, host, until)

    def _resolve_checked(self, host: str, port: int) -> list[str]:
        """Return the addresses of *host* that may be connected to: what is not is left out."""
        is_local = host in LOCALHOST
        found = self._resolve(host, port)
        return [each for each in found if may_be_sent_to(each, is_local=is_local)]


def _encode(url: SplitResult, headers: Mapping[str, str], body: bytes) -> SecretBytes:
    http = h11.Connection(h11.CLIENT)
    head = [
        ("Host", url.netloc),
        ("Content-Type", "application/json"),
        ("Content-Length", str(len(body))),
        ("User-Agent", f"portalkey/{__version__}"),
        ("Connection", "close"),
        *headers.items(),
    ]
    target = f"{url.path or '/'}?{url.query}" if url.query else url.path or "/"
    parts = [
        http.send(h11.Request(method="POST", target=target, headers=head)),
        http.send(h11.Data(data=body)),
        http.send(h11.EndOfMessage()),
    ]
    return SecretBytes(b"".join(part or b"" for part in parts))


def _exchange(connection: TimedSocket, request: SecretBytes, until: float) -> Response:
    """Send *request*, and return the head of its answer."""
    connection.send(request, until)
    http = h11.Connection(h11.CLIENT, max_incomplete_event_size=LONGEST_HEAD)
    # Only the answer is read by it: for that it has to know of a request.
    http.send(h11.Request(method="POST", target="/", headers=[("Host", "receiver")]))
    http.send(h11.EndOfMessage())
    try:
        while not isinstance(event := http.next_event(), h11.Response):
            if event is h11.NEED_DATA:
                http.receive_data(connection.receive(until))
            elif not isinstance(event, h11.InformationalResponse):
                raise NotHTTP
    except h11.RemoteProtocolError:
        raise NotHTTP from None
    names = {name.decode("latin-1"): value.decode("latin-1") for name, value in event.headers}
    return Response(event.status_code, names)


def _judge(answer: Response) -> Undelivered | None:
    if answer.status in _SUCCESSES:
        return None
    said = read_retry_after(answer)
    return Undelivered(
        f"it answered with status {answer.status}",
        seconds=0.0 if said is None else min(max(said, 0.0), MOST_SAID),
        is_of_receiver=answer.status in _BUSY,
        is_final=answer.status == _GONE,
    )
