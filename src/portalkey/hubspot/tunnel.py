"""Connections that reach every host through the operator's proxy, by the same deadline."""

import time
from typing import TYPE_CHECKING

from pydantic import SecretBytes

from portalkey.hubspot.failures import Failure, ProxyFailed
from portalkey.hubspot.proxy import LONGEST_HEAD, Proxy, connect_request, read_status

if TYPE_CHECKING:
    from portalkey.hubspot.deadline import Connector, TimedSocket

_END_OF_HEAD = b"\r\n\r\n"
_SUCCESS = 2


class Tunnels:
    """Opens tunnels; TLS is begun in them."""

    def __init__(self, connector: "Connector", proxy: Proxy, before_sending: float) -> None:
        """Reach *proxy* by *connector*; it too has to answer within *before_sending* seconds."""
        self._connector = connector
        self._proxy = proxy
        self._before_sending = before_sending

    def connect(self, host: str, port: int, until: float) -> "TimedSocket":
        """Open a tunnel to *host* until the moment *until*, or until it takes too long.

        Raises:
            ProxyFailed: There is none.
        """
        until = min(until, time.monotonic() + self._before_sending)
        opened = None
        try:
            opened = self._connector.connect(self._proxy.host, self._proxy.port, until)
            opened.send(SecretBytes(connect_request(self._proxy, host, port)), until)
            status = read_status(_read_head(opened, until))
        except Failure as failure:
            _close(opened)
            raise ProxyFailed(failure) from None
        if status is None or status // 100 != _SUCCESS:
            _close(opened)
            raise ProxyFailed(status=status)
        return opened


def _read_head(opened: "TimedSocket", until: float) -> bytes:
    """Read until the end of the answer's head: the other end of a tunnel waits for us to speak."""
    head = b""
    while _END_OF_HEAD not in head and len(head) < LONGEST_HEAD:
        more = opened.receive(until)
        if not more:
            return b""
        head += more
    return head if _END_OF_HEAD in head else b""


def _close(opened: "TimedSocket | None") -> None:
    if opened is not None:
        opened.close()
