"""Connections to HubSpot that are kept: HTTP/1.1 over them, by way of h11, and who has which."""

import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING
from urllib.parse import urlencode, urlsplit

import h11
from pydantic import SecretBytes

from portalkey._support.time_limit import FairSemaphore
from portalkey._support.version import __version__
from portalkey.hubspot.failures import Crowded, NotHTTP, Unsendable
from portalkey.hubspot.http import Request

if TYPE_CHECKING:
    from portalkey.hubspot.deadline import TimedSocket

Host = tuple[str, int]
"""A name and a port."""
Open = Callable[[Host, float], "HTTPConnection"]
"""Opens a connection to a host until a moment, or raises a ``Failure``."""

LONGEST_HEAD = 64 * 1024
"""Bytes of the head of an answer."""
_USER_AGENT = f"portalkey/{__version__}"
_FORM, _JSON = "application/x-www-form-urlencoded", "application/json"


class HTTPConnection:
    """A connection with one request, and its answer, at a time."""

    def __init__(self, connection: "TimedSocket") -> None:
        """Speak over *connection*, which nobody else does."""
        self._connection = connection
        self._http = h11.Connection(h11.CLIENT, max_incomplete_event_size=LONGEST_HEAD)
        self.kept_since = 0.0
        """The moment since which it has been at rest."""

    @property
    def is_quiet(self) -> bool:
        """True while another request may be sent over it."""
        return self._connection.is_quiet()

    def send(self, request: Request, until: float) -> None:
        """Send *request*, in one piece.

        Raises:
            Unsendable: It is none; nothing was sent.
            Failure: It may have arrived in part.
        """
        self._connection.send(self._encode(request), until)

    def _encode(self, request: Request) -> SecretBytes:
        try:
            body = request.json.encode() or urlencode(request.form).encode("ascii")
            parts = [self._http.send(_head(request, len(body)))]
            parts.append(self._http.send(h11.Data(data=body)) if body else b"")
            parts.append(self._http.send(h11.EndOfMessage()))
            return SecretBytes(b"".join(part or b"" for part in parts))
        except (h11.LocalProtocolError, UnicodeError):
            raise Unsendable from None

    def receive_head(self, until: float) -> tuple[int, Mapping[str, str]]:
        """Return the status, and the headers by their names in lower case.

        Raises:
            Failure: There is no whole head.
        """
        while isinstance(event := self._next_event(until), h11.InformationalResponse):
            pass
        assert isinstance(event, h11.Response)  # noqa: S101 - h11 lets nothing else come first
        return event.status_code, {
            name.decode("latin-1"): value.decode("latin-1") for name, value in event.headers
        }

    def receive_body(self, until: float) -> Iterator[bytes]:
        """Yield the body, piece by piece.

        Raises:
            Failure: It broke off.
        """
        while isinstance(event := self._next_event(until), h11.Data):
            yield bytes(event.data)

    def _next_event(self, until: float) -> object:
        try:
            while (event := self._http.next_event()) is h11.NEED_DATA:
                self._http.receive_data(self._connection.receive(until))
        except h11.RemoteProtocolError:
            raise NotHTTP from None
        return event

    def rest(self) -> bool:
        """Get ready for another request; False where the connection is good for none."""
        done = (self._http.our_state, self._http.their_state) == (h11.DONE, h11.DONE)
        # What came behind an answer would be taken for the next one.
        if not done or self._http.trailing_data[0]:
            return False
        self._http.start_next_cycle()
        return True

    def close(self) -> None:
        """Close the connection, whatever is unread."""
        self._connection.close()


class ConnectionPool:
    """Connections that are at rest, and those at work."""

    def __init__(self, open_one: Open, at_most: int, keep_seconds: float) -> None:
        """Open them with *open_one*, at most so many at once; one rests for *keep_seconds*."""
        self._open_one = open_one
        self._keep_seconds = keep_seconds
        self._slots = FairSemaphore(at_most)
        self._lock = threading.Lock()
        self._resting: dict[Host, list[HTTPConnection]] = defaultdict(list)
        self._all: set[HTTPConnection] = set()
        self._is_closed = False

    def take(self, host: Host, until: float) -> HTTPConnection:
        """Return a connection to *host* that nobody else uses; it is given back or dropped.

        Raises:
            Failure: There is none by the moment *until*.
        """
        if not self._slots.acquire(timeout=max(0.0, until - time.monotonic())):
            raise Crowded
        try:
            return self._pop(host) or self._add(self._open_one(host, until))
        except BaseException:
            self._slots.release()
            raise

    def _pop(self, host: Host) -> HTTPConnection | None:
        """Return the one that has rested for the shortest time, if it still lies open."""
        while True:
            with self._lock:
                resting = self._resting[host]
                connection = resting.pop() if resting else None
            if connection is None or (not self._is_old(connection) and connection.is_quiet):
                return connection
            self._close(connection)

    def _is_old(self, connection: HTTPConnection) -> bool:
        return time.monotonic() - connection.kept_since > self._keep_seconds

    def _add(self, connection: HTTPConnection) -> HTTPConnection:
        self._all.add(connection)
        return connection

    def give_back(self, host: Host, connection: HTTPConnection) -> None:
        """Let *connection* rest, where it is good for another exchange; drop it otherwise."""
        if self._is_closed or not connection.rest():
            self.drop(connection)
            return
        connection.kept_since = time.monotonic()
        with self._lock:
            resting = self._resting[host]
            resting.append(connection)
            old = [each for each in resting[:-1] if self._is_old(each)]
            del resting[: len(old)]  # who has rested for longest lies in front
        for each in old:
            self._close(each)
        self._slots.release()

    def drop(self, connection: HTTPConnection) -> None:
        """Close *connection*, which is not waited for."""
        self._close(connection)
        self._slots.release()

    def _close(self, connection: HTTPConnection) -> None:
        self._all.discard(connection)
        connection.close()

    def close(self) -> None:
        """Close those that rest, and the others as they are given back."""
        with self._lock:
            self._is_closed = True
            resting = [each for some in self._resting.values() for each in some]
            self._resting.clear()
        for each in resting:
            self._close(each)

    def leave(self) -> None:
        """Close all in a forked child, whose descriptors are its own; no lock is waited for."""
        for each in tuple(self._all):
            each.close()


def _head(request: Request, length: int) -> h11.Request:
    bearer, query = request.bearer, request.query
    if bearer is None and query is None and not request.json:
        return _known_head(request.method, request.url, length)
    return _make_head(
        request.method,
        request.url,
        length,
        authorization="" if bearer is None else f"Bearer {bearer.get_secret_value()}",
        query="" if query is None else query.get_secret_value(),
        kind=_JSON if request.json else _FORM,
    )


def _make_head(
    method: str,
    url: str,
    length: int,
    *,
    authorization: str = "",
    query: str = "",
    kind: str = _FORM,
) -> h11.Request:
    parts = urlsplit(url)
    headers = [
        ("Host", parts.netloc),
        ("Accept", "application/json"),
        ("Accept-Encoding", "identity"),
        ("User-Agent", _USER_AGENT),
    ]
    if length:
        headers.append(("Content-Type", kind))
        headers.append(("Content-Length", str(length)))
    if authorization:
        headers.append(("Authorization", authorization))
    query = query or parts.query
    target = f"{parts.path or '/'}?{query}" if query else parts.path or "/"
    return h11.Request(method=method, target=target, headers=headers)


# h11 looks at every byte of a head, which are the same from one renewal to the next.
_known_head = lru_cache(maxsize=64)(_make_head)
