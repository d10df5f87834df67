"""Network backend that reaches every host through the operator's proxy, by the same deadline."""

import time
from collections.abc import Iterable

import httpcore2

from portalkey.hubspot.deadline import BEFORE_SENDING, TimedBackend
from portalkey.hubspot.proxy import LONGEST_HEAD, Proxy, connect_request, read_status

_END_OF_HEAD = b"\r\n\r\n"
_SUCCESS, _REFUSAL = 2, 4
# Of the refusals, those that pass: too slow, too early, too many.
_PASSING = frozenset({408, 425, 429})


class ProxyFailed(httpcore2.ConnectError):
    """The proxy gave no tunnel: it answered with ``status``, or could not be asked."""

    def __init__(self, cause: Exception | None = None, status: int | None = None) -> None:
        super().__init__(*(cause.args if cause else ()))
        self.cause, self.status = cause, status

    @property
    def is_refusal(self) -> bool:
        """True where it says no, as it will until somebody changes something."""
        status = self.status or 0
        return status // 100 == _REFUSAL and status not in _PASSING


class TunnelBackend(httpcore2.NetworkBackend):
    """Backend whose connections are tunnels; TLS is begun in them."""

    def __init__(
        self, backend: TimedBackend, proxy: Proxy, before_sending: float = BEFORE_SENDING
    ) -> None:
        """Reach *proxy* by *backend*; it too has to answer within *before_sending* seconds."""
        self._backend = backend
        self._proxy = proxy
        self._before_sending = before_sending

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> httpcore2.NetworkStream:
        """Open a tunnel to *host* until the moment *timeout*, or until it takes too long."""
        until = min(timeout or 0.0, time.monotonic() + self._before_sending)
        stream = None
        try:
            stream = self._backend.connect_tcp(
                self._proxy.host, self._proxy.port, until, local_address, socket_options
            )
            stream.write(connect_request(self._proxy, host, port), until)
            status = read_status(_read_head(stream, until))
        except (httpcore2.NetworkError, httpcore2.TimeoutException) as error:
            _close(stream)
            raise ProxyFailed(error) from None
        if status is None or status // 100 != _SUCCESS:
            _close(stream)
            raise ProxyFailed(status=status)
        return stream


def _read_head(stream: httpcore2.NetworkStream, until: float) -> bytes:
    """Read until the end of the answer's head: the other end of a tunnel waits for us to speak."""
    head = b""
    while _END_OF_HEAD not in head and len(head) < LONGEST_HEAD:
        more = stream.read(LONGEST_HEAD, until)
        if not more:
            return b""
        head += more
    return head if _END_OF_HEAD in head else b""


def _close(stream: httpcore2.NetworkStream | None) -> None:
    if stream is not None:
        stream.close()
