"""Connections whose requests are read whole, by one thread for all, before another answers them.

So whoever sends a byte now and then holds a socket, and nobody's thread.
"""

import io
import socket
import time
from enum import Enum
from typing import Any

from cheroot.server import HeaderReader, HTTPConnection, HTTPRequest

from portalkey.cli.server.request_head import CUT_OFF, TOO_SLOW, Head, Refusal, read_head

_AT_ONCE = 64 * 1024
_LINGER_SECONDS = 2.0
_LINGER_BYTES = 1024 * 1024
"""Bytes still read, unseen, from whoever was refused: without that they never see why."""


class Step(Enum):
    """The next thing that a connection needs."""

    MORE = "more of its request"
    ANSWER = "a thread that answers"
    CLOSE = "to be closed"


class Inbox:
    """The bytes that came, of which cheroot reads one request at a time."""

    def __init__(self) -> None:
        self.closed = False
        self.bytes_read = 0  # cheroot's statistics want it; they are off
        self.received = bytearray()
        self._request = io.BytesIO()

    def look(self) -> Head | Refusal | None:
        """Return the head of the next request, where it is there."""
        # One empty line ahead of a request is ignored (RFC 9112 section 2.2).
        if self.received.startswith(b"\r\n"):
            del self.received[:2]
        return read_head(self.received) if self.received else None

    def has_data(self) -> bool:
        """Return True where there is something to be done before more comes."""
        head = self.look()
        return isinstance(head, Refusal) or (head is not None and self.holds(head))

    def holds(self, head: Head) -> bool:
        """Return True where the request of that *head* is there with its body."""
        return len(self.received) >= head.size + head.body_size

    def open(self, head: Head) -> None:
        """Let the request of that *head* be read."""
        size = head.size + head.body_size
        self._request = io.BytesIO(self.received[:size])
        del self.received[:size]

    def readline(self, size: int | None = None) -> bytes:
        """Return the next line of the request, or *size* bytes of it."""
        return self._request.readline(size)

    def read(self, size: int | None = None) -> bytes:
        """Return *size* bytes of the request, or what is left of it."""
        return self._request.read(size)

    def close(self) -> None:
        """Forget everything."""
        self.closed = True
        self.received.clear()


class Outbox:
    """Sends what is written, all of it within the connection's timeout."""

    bytes_written = 0  # cheroot's statistics want it; they are off

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection

    def write(self, data: bytes) -> int:
        """Send *data*.

        Raises:
            TimeoutError: Not all of it was taken in time.
            OSError: The other side has gone.
        """
        self._connection.sendall(data)
        return len(data)


class _HeaderReader(HeaderReader):
    def _allow_header(self, key_name: bytes) -> bool:
        """Drop ``X_Name``, which an app could not tell from a proxy's ``X-Name``."""
        return b"_" not in key_name


class _Request(HTTPRequest):
    header_reader = _HeaderReader()


class Connection(HTTPConnection):
    """One connection: its request is received, answered, and the next one waited for."""

    RequestHandlerClass = _Request

    def __init__(self, server: Any, sock: socket.socket, _makefile: object = None) -> None:  # noqa: ANN401 - cheroot has no types
        super().__init__(server, sock, _make_file)
        self._deadline: float = time.time() + server.timeout
        self._has_begun = False
        self._has_head = False
        self._to_drain = 0

    @property
    def last_used(self) -> float:
        """The time that cheroot counts its timeout from: the deadline does not move with drips."""
        return self._deadline - float(self.server.timeout)

    @last_used.setter
    def last_used(self, now: float) -> None:
        if not (self._has_begun or self._to_drain):
            self._deadline = now + self.server.timeout

    def receive(self) -> Step:
        """Read what is there without waiting for more, and return what comes next."""
        data = self._receive()
        if self._to_drain:
            self._to_drain -= len(data or b"")
            return Step.CLOSE if data == b"" or self._to_drain <= 0 else Step.MORE
        self.rfile.received += data or b""
        head = self.rfile.look()
        if isinstance(head, Refusal):
            return self.refuse(head)
        if head is not None and self.rfile.holds(head):
            self._has_begun = self._has_head = False
            self.rfile.open(head)
            return Step.ANSWER
        if data == b"":
            return self.refuse(CUT_OFF) if self.rfile.received else Step.CLOSE
        return self._wait(head)

    def _receive(self) -> bytes | None:
        """Return what came; nothing at the end of it, and None where nothing is there yet."""
        self.socket.settimeout(0)
        try:
            return bytes(self.socket.recv(_AT_ONCE))
        except BlockingIOError:
            return None
        except OSError:
            return b""
        finally:
            self.socket.settimeout(self.server.timeout)

    def _wait(self, head: Head | None) -> Step:
        """Give the head, and then the body, so long as cheroot's timeout says."""
        if self.rfile.received and not self._has_begun:
            self._has_begun = True
            self._deadline = time.time() + self.server.timeout
        if head is not None and not self._has_head:
            self._has_head = True
            self._deadline = time.time() + self.server.timeout
            if head.wants_continue:
                self._send(b"HTTP/1.1 100 Continue\r\n\r\n")
        return Step.MORE

    def refuse(self, refusal: Refusal) -> Step:
        """Answer with the *refusal*, and read on for a moment so that it arrives."""
        self._send(refusal.response)
        self.rfile.received.clear()
        self._to_drain, self._has_begun = _LINGER_BYTES, False
        self._deadline = time.time() + _LINGER_SECONDS
        return Step.MORE if self._end_answer() else Step.CLOSE

    def _send(self, data: bytes) -> None:
        """Send a few bytes, if they can go at once."""
        self.socket.settimeout(0)
        try:
            self.socket.send(data)
        except OSError:
            return
        finally:
            self.socket.settimeout(self.server.timeout)

    def _end_answer(self) -> bool:
        try:
            self.socket.shutdown(socket.SHUT_WR)
        except OSError:
            return False
        return True

    def hang_up(self) -> None:
        """End both ways, which the thread that reads will notice."""
        try:
            self.socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            return

    def close(self) -> None:
        """Close the socket; say so where a request was still on its way."""
        self.server.forget(self)
        if self._has_begun:
            self._has_begun = False
            self._send(TOO_SLOW.response)
        super().close()


def _make_file(sock: socket.socket, mode: str, _size: int) -> Inbox | Outbox:
    """Return what cheroot reads a connection from, or writes it to."""
    return Inbox() if "r" in mode else Outbox(sock)
