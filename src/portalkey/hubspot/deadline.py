"""Connections that keep one deadline, however slowly the other side answers.

A socket's timeout begins anew with every byte. So each step here is given a *moment*, by the
monotonic clock, at which its exchange is over, and gets the time that is left until then.
"""

import queue
import select
import socket
import ssl
import threading
import time
from collections.abc import Callable
from typing import TypeVar

from pydantic import SecretBytes

from portalkey.hubspot.failures import (
    BrokenOff,
    Failure,
    LateAnswer,
    LateConnection,
    Unconnected,
    Unresolved,
)

BEFORE_SENDING = 6.0
"""Seconds for all that comes before a request: name, connection, TLS. Somebody else may be waiting
for the lease that it is sent under. A resolver asks its second server after five."""
_RECEIVED = 64 * 1024
"""Bytes that are read at once."""

T = TypeVar("T")
Resolve = Callable[[str, int], list[str]]


def resolve(host: str, port: int) -> list[str]:
    """Return the addresses of *host* from the system's resolver, which can take long."""
    entries = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in entries))


def has_come_by_poll(opened: socket.socket) -> bool:
    """Return True where something has come, a byte or the end."""
    look = select.poll()
    look.register(opened, select.POLLIN)
    return bool(look.poll(0))


def has_come_by_select(opened: socket.socket) -> bool:
    """Return the same on Windows, whose descriptors may have any number."""
    return bool(select.select([opened], [], [], 0)[0])


_has_come = has_come_by_poll if hasattr(select, "poll") else has_come_by_select


class TimedSocket:
    """A connection whose steps take a moment, and no duration."""

    def __init__(self, opened: socket.socket, connect: float, ready_by: float) -> None:
        """Use the *opened* socket; TLS has *connect* seconds, and has to be up by *ready_by*."""
        self._socket = opened
        self._connect = connect
        self._ready_by = ready_by

    def send(self, data: SecretBytes, until: float) -> None:
        """Send all of *data*, which no crash report shows of whoever is interrupted meanwhile.

        Raises:
            LateAnswer, BrokenOff: It may have arrived in part.
        """
        self._do(until, lambda: self._socket.sendall(data.get_secret_value()))

    def receive(self, until: float) -> bytes:
        """Return what comes next; nothing, where the other side has hung up.

        Raises:
            LateAnswer, BrokenOff: Nothing came, and will not.
        """
        return self._do(until, lambda: self._socket.recv(_RECEIVED))

    def _do(self, until: float, step: Callable[[], T]) -> T:
        try:
            self._socket.settimeout(seconds_until(until))
            return step()
        except TimeoutError:
            raise LateAnswer from None
        except OSError as error:
            raise BrokenOff(error) from None

    def start_tls(self, context: ssl.SSLContext, host: str, until: float) -> "TimedSocket":
        """Agree on TLS with *host*, and return the connection over it.

        Raises:
            Unconnected: That failed, or took too long; this connection is closed.
        """
        until = min(until, self._ready_by)
        try:
            self._socket.settimeout(min(self._connect, _seconds_to_connect(until)))
            encrypted = context.wrap_socket(self._socket, server_hostname=host)
        except OSError as error:
            self.close()
            raise _connect_failure(error) from None
        except BaseException:
            self.close()
            raise
        return TimedSocket(encrypted, self._connect, self._ready_by)

    def is_quiet(self) -> bool:
        """Return True while it lies open and nothing has come, neither a byte nor its end."""
        try:
            return not _has_come(self._socket)
        except (OSError, ValueError):  # closed already
            return False

    def close(self) -> None:
        """Close it here, without a word."""
        self._socket.close()


class Connector:
    """Connects to the first address of a host that accepts."""

    def __init__(
        self, connect: float, resolve: Resolve, before_sending: float = BEFORE_SENDING
    ) -> None:
        """Allow *connect* seconds for each address that *resolve* finds, and as many for TLS.

        All of that has to be over after *before_sending* seconds.
        """
        self._connect = connect
        self._resolve = resolve
        self._before_sending = before_sending

    def connect(self, host: str, port: int, until: float) -> TimedSocket:
        """Connect to *host* until the moment *until*, or until it takes too long.

        Raises:
            Unconnected: No address accepts.
        """
        until = min(until, time.monotonic() + self._before_sending)
        trouble = None
        for address in self._addresses(host, port, _seconds_to_connect(until)):
            seconds = min(self._connect, _seconds_to_connect(until))
            try:
                opened = socket.create_connection((address, port), seconds)
            except OSError as error:
                trouble = _connect_failure(error)
            else:
                # A request is sent in one piece, and waits for no more of it.
                opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                return TimedSocket(opened, self._connect, until)
        raise trouble or Unresolved()

    def _addresses(self, host: str, port: int, seconds: float) -> list[str]:
        """Resolve on a thread of its own, as the system's resolver knows no deadline."""
        # Looked up here, each time: gevent may have replaced them since this was imported.
        answers: queue.SimpleQueue[list[str]] = queue.SimpleQueue()

        def look_up() -> None:
            try:
                answers.put(self._resolve(host, port))
            except (OSError, UnicodeError):
                answers.put([])

        try:
            threading.Thread(target=look_up, name="portalkey-resolve", daemon=True).start()
            return answers.get(timeout=seconds)
        except RuntimeError:  # no more threads can be started
            raise Unconnected from None
        except queue.Empty:
            raise LateConnection from None


def seconds_until(until: float, trouble: type[Failure] = LateAnswer) -> float:
    """Return the seconds left until a moment; raises *trouble* where there are none."""
    seconds = until - time.monotonic()
    if seconds <= 0:
        raise trouble
    return seconds


def _seconds_to_connect(until: float) -> float:
    """Return the seconds left for a step before the request: where none are, nothing was sent."""
    return seconds_until(until, LateConnection)


def _connect_failure(error: OSError) -> Unconnected:
    return LateConnection() if isinstance(error, TimeoutError) else Unconnected(error)
