"""WSGI server of the standalone app, with its housekeeping."""

import logging
import os
import queue
import re
import socket
import threading
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from cheroot import wsgi

from portalkey.cli.server.connection import Connection, Step
from portalkey.cli.server.request_head import TOO_BUSY
from portalkey.errors import BadSettings, PortalkeyError

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

    from portalkey.broker.broker import Broker

log = logging.getLogger("portalkey")

THREADS = 16
HOUSEKEEPING_SECONDS = 60.0
REQUEST_SECONDS = 10.0
"""A request's head, its body and its answer each arrive within this."""
MOST_WAITING = 200
"""Connections whose request has not arrived; a further one ends the one that is so longest."""
MOST_IN_LINE = 128
"""Whole requests that wait for a thread; a further one is answered with 503."""


def _reason_of(error: OSError) -> str:
    """Return the system's reason: the server's own error has only its number, among its words."""
    number = re.search(r"\[Errno (\d+)\]", str(error))
    return (os.strerror(int(number[1])) if number else type(error).__name__).lower()


class Listener:
    """Serves *app* on *host* and *port* from threads of this process.

    Every *housekeeping_seconds* it also sends pending revocations to HubSpot; with None, never.
    """

    def __init__(
        self,
        app: "WSGIApplication",
        broker: "Broker",
        *,
        host: str,
        port: int,
        housekeeping_seconds: float | None = HOUSEKEEPING_SECONDS,
        request_seconds: float = REQUEST_SECONDS,
        if_taken: str = "choose another.",
    ) -> None:
        """Bind the port; requests are answered once the ``with`` block is entered.

        *if_taken* is what to do where the port is taken.

        Raises:
            BadSettings: The port is taken, or the host is not of this machine.
        """
        self._broker = broker
        self._housekeeping_seconds = housekeeping_seconds
        self._ended = threading.Event()
        self._server = _Server(
            (host, port),
            app,
            numthreads=THREADS,
            server_name="portalkey",
            shutdown_timeout=1,
            timeout=request_seconds,
            request_queue_size=MOST_IN_LINE,
            accepted_queue_size=MOST_IN_LINE,
            accepted_queue_timeout=0,
        )
        # Seconds between two looks at whether it has been stopped.
        self._server.expiration_interval = 0.05
        try:
            self._server.prepare()
        except OSError as error:
            problem = f"Port {port} on {host} cannot be used ({_reason_of(error)})"
            raise BadSettings([f"{problem}; {if_taken}"]) from None

    @property
    def port(self) -> int:
        """The port it listens on."""
        return int(self._server.bind_addr[1])

    def __enter__(self) -> Self:
        """Serve in the background until the block ends."""
        self._threads = [threading.Thread(target=self._server.serve, name="portalkey-server")]
        if self._housekeeping_seconds is not None:
            self._threads.append(
                threading.Thread(target=self._run_housekeeping, name="portalkey-housekeeping")
            )
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


class _Server(wsgi.Server):
    ConnectionClass = Connection
    keep_alive_conn_limit = MOST_WAITING // 2

    def __init__(self, *arguments: Any, **options: Any) -> None:  # noqa: ANN401 - as cheroot has it
        super().__init__(*arguments, **options)
        self._waiting: set[Connection] = set()
        self._lock = threading.Lock()

    def process_conn(self, conn: Connection) -> None:
        """Let a connection have a thread once its request is there."""
        self.forget(conn)
        step = conn.receive()
        if step is Step.ANSWER:
            step = self._let_answer(conn)
        if step is Step.CLOSE:
            conn.close()
        elif step is Step.MORE:
            self.put_conn(conn)

    def _let_answer(self, conn: Connection) -> Step:
        try:
            self.requests.put(conn)
        except queue.Full:
            return conn.refuse(TOO_BUSY)
        return Step.ANSWER

    def put_conn(self, conn: Connection) -> None:
        """Wait for what comes on a connection; where too many do, end one that has long."""
        with self._lock:
            self._waiting.add(conn)
            if len(self._waiting) > MOST_WAITING:
                longest = min(self._waiting, key=lambda waiting: waiting.last_used)
                self._waiting.remove(longest)
                longest.hang_up()
        super().put_conn(conn)

    def forget(self, conn: Connection) -> None:
        """Count a connection no longer among those that wait."""
        with self._lock:
            self._waiting.discard(conn)

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
