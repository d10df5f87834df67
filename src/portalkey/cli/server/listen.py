"""WSGI server of the standalone app, with its housekeeping."""

import logging
import socket
import threading
from types import TracebackType
from typing import TYPE_CHECKING, Self

from cheroot import wsgi
from cheroot.server import HTTPConnection
from flask import Flask

from portalkey.errors import BadSettings, PortalkeyError

if TYPE_CHECKING:
    from portalkey.broker.broker import Broker

log = logging.getLogger("portalkey")

THREADS = 16
HOUSEKEEPING_SECONDS = 60.0


class Listener:
    """Serves *app* on *host* and *port* from threads of this process.

    Every *housekeeping_seconds* it also sends pending revocations to HubSpot.
    """

    def __init__(
        self,
        app: Flask,
        broker: "Broker",
        *,
        host: str,
        port: int,
        housekeeping_seconds: float = HOUSEKEEPING_SECONDS,
    ) -> None:
        """Bind the port; requests are answered once the ``with`` block is entered.

        Raises:
            BadSettings: The port is taken, or the host is not of this machine.
        """
        self._broker = broker
        self._housekeeping_seconds = housekeeping_seconds
        self._ended = threading.Event()
        self._server = _Server(
            (host, port), app, numthreads=THREADS, server_name="portalkey", shutdown_timeout=1
        )
        # Seconds between two looks at whether it has been stopped.
        self._server.expiration_interval = 0.05
        try:
            self._server.prepare()
        except OSError:
            raise BadSettings([f"Port {port} on {host} cannot be used; choose another."]) from None

    @property
    def port(self) -> int:
        """The port it listens on."""
        return int(self._server.bind_addr[1])

    def __enter__(self) -> Self:
        """Serve in the background until the block ends."""
        self._threads = [
            threading.Thread(target=self._server.serve, name="portalkey-server"),
            threading.Thread(target=self._run_housekeeping, name="portalkey-housekeeping"),
        ]
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Let requests end, then close everything."""
        self._ended.set()
        self._server.stop()
        for thread in self._threads:
            thread.join()

    def _run_housekeeping(self) -> None:
        while not self._ended.wait(self._housekeeping_seconds):
            try:
                self._broker.send_owed()
            except PortalkeyError:
                continue  # the store is in trouble, which requests report
            except Exception:
                log.exception("housekeeping stumbled, and goes on")


class _Connection(HTTPConnection):
    def close(self) -> None:
        """Drop what could not be sent, which cheroot leaves to the collector to send again."""
        self.wfile.raw.close()
        super().close()


class _Server(wsgi.Server):
    ConnectionClass = _Connection

    @staticmethod
    def bind_socket(socket_: socket.socket, bind_addr: tuple[str, int]) -> socket.socket:
        """Close the socket where the port is taken, which cheroot leaves to the collector."""
        try:
            socket_.bind(bind_addr)
        except OSError:
            socket_.close()
            raise
        return socket_

    def error_log(
        self,
        msg: str = "",
        level: int = logging.INFO,
        traceback: bool = False,  # noqa: FBT001, FBT002 - cheroot passes it so
    ) -> None:
        """Write to the log, where cheroot would write to stderr."""
        log.log(level, "%s", msg, exc_info=traceback)
