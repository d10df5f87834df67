"""Network backend whose connections keep one deadline, however slowly the other side answers.

A socket's timeout begins anew with every byte. So the timeouts of a pool with this backend are not
durations: each is the *moment*, by the monotonic clock, at which its exchange is over, and every
step gets the time that is left until then.
"""

import queue
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterable

import httpcore2

BEFORE_SENDING = 6.0
"""Seconds for all that comes before a request: name, connection, TLS. Somebody else may be waiting
for the lease that it is sent under. A resolver asks its second server after five."""

Resolve = Callable[[str, int], list[str]]


def resolve(host: str, port: int) -> list[str]:
    """Return the addresses of *host* from the system's resolver, which can take long."""
    entries = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in entries))


class Unresolved(httpcore2.ConnectError):
    """No address is known for the host."""


class TimedBackend(httpcore2.NetworkBackend):
    """Backend that connects to the first address of a host that accepts."""

    def __init__(
        self, connect: float, resolve: Resolve, before_sending: float = BEFORE_SENDING
    ) -> None:
        """Allow *connect* seconds for each address that *resolve* finds, and as many for TLS.

        All of that has to be over after *before_sending* seconds.
        """
        self._connect = connect
        self._resolve = resolve
        self._before_sending = before_sending
        self._plain = httpcore2.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> httpcore2.NetworkStream:
        """Connect to *host* until the moment *timeout*, or until it takes too long."""
        timeout = min(timeout or 0.0, time.monotonic() + self._before_sending)
        trouble: Exception = Unresolved()
        for address in self._addresses(host, port, _seconds_to_connect(timeout)):
            seconds = min(self._connect, _seconds_to_connect(timeout))
            try:
                stream = self._plain.connect_tcp(
                    address, port, seconds, local_address, socket_options
                )
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout) as error:
                trouble = error
            else:
                return _TimedStream(stream, self._connect, timeout)
        raise trouble

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
            raise httpcore2.ConnectError from None
        except queue.Empty:
            raise httpcore2.ConnectTimeout from None


class _TimedStream(httpcore2.NetworkStream):
    """A connection whose steps take a moment as their timeout, and no duration."""

    def __init__(self, stream: httpcore2.NetworkStream, connect: float, ready_by: float) -> None:
        self._stream = stream
        self._connect = connect
        self._ready_by = ready_by

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, _seconds_until(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, _seconds_until(timeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore2.NetworkStream:
        until = min(timeout or 0.0, self._ready_by)
        seconds = min(self._connect, _seconds_to_connect(until))
        stream = self._stream.start_tls(ssl_context, server_hostname, seconds)
        return _TimedStream(stream, self._connect, self._ready_by)

    def get_extra_info(self, info: str) -> object:
        return self._stream.get_extra_info(info)


def _seconds_until(
    until: float | None, trouble: type[Exception] = httpcore2.TimeoutException
) -> float:
    """Return the seconds left; a step without a deadline has none, so that none is forgotten."""
    seconds = (until or 0.0) - time.monotonic()
    if seconds <= 0:
        raise trouble
    return seconds


def _seconds_to_connect(until: float | None) -> float:
    """Return the seconds left for a step before the request: where none are, nothing was sent."""
    return _seconds_until(until, httpcore2.ConnectTimeout)
