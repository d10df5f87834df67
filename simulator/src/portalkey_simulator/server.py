"""A threaded HTTP server on this machine that starts in milliseconds and leaves no thread."""

import io
import logging
import os
import socket
import struct
import threading
import time
from collections.abc import Callable
from typing import Any

from cheroot import wsgi
from cheroot.makefile import StreamReader, StreamWriter
from cheroot.server import HTTPConnection
from cheroot.workers import threadpool

from portalkey_simulator.faults.play import CUT, HANG_UP

HOST = "127.0.0.1"
"""The only address that is listened on."""

REQUEST_SECONDS = 20.0
"""All that a request has to arrive in."""

_MOST_THREADS = 64

_log = logging.getLogger(__name__)


class Server:
    """Serves one WSGI application between ``start`` and ``stop``."""

    def __init__(
        self,
        application: Callable[..., Any],
        port: int,
        *,
        request_seconds: float = REQUEST_SECONDS,
    ) -> None:
        """Take the *port* (0 for any) and listen, without answering yet.

        Raises:
            OSError: The port is taken; choose another.
        """
        # cheroot's own stubs are not fully typed.
        make: Any = _Cheroot
        self._cheroot = make(
            (HOST, port),
            application,
            request_queue_size=128,
            server_name="local-simulator",
            # How long a browser's spare connection, which says nothing, may hold up a stop.
            shutdown_timeout=0.05,
        )
        self._cheroot.requests = _Pool(self._cheroot)
        self._cheroot.error_log = _log_error
        self._cheroot.gateway = _Gateway
        # A stop is noticed after this long.
        self._cheroot.expiration_interval = 0.02
        self._cheroot.max_request_header_size = 128 * 1024
        self._cheroot.request_seconds = request_seconds
        self._cheroot.prepare()
        self.port: int = self._cheroot.bind_addr[1]
        self._thread = threading.Thread(target=self._cheroot.serve, name="local-simulator")

    def start(self) -> None:
        """Answer from now on."""
        self._thread.start()

    def stop(self) -> None:
        """Close every socket, and come back when every thread has ended."""
        self._cheroot.stop()
        self._thread.join()
        # cheroot keeps every server it ever made in this registry, application and all.
        statistics: dict[str, object] = getattr(logging, "statistics", {})
        statistics.pop(f"Cheroot HTTPServer {id(self._cheroot)}", None)


class _Gateway(wsgi.Gateway_10):
    """Lets a fault end the connection."""

    def get_environ(self) -> Any:  # noqa: ANN401 - cheroot's own types are wrong
        """Return the request's environment."""
        base: Any = super()
        environ = base.get_environ()
        environ[CUT] = lambda: _reset(self.req)
        environ[HANG_UP] = lambda: setattr(self.req, "close_connection", True)
        return environ


def _reset(request: Any) -> None:  # noqa: ANN401 - cheroot has no types
    """Answer with RST, so that nobody waits for an answer."""
    request.close_connection = True
    request.conn.wfile = io.BytesIO()  # takes what is answered from now on
    connection: socket.socket = request.conn.socket
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    # cheroot goes on with the number of the socket, so something has to be there, and be closed.
    stand_in, other = socket.socketpair()
    os.dup2(stand_in.fileno(), connection.fileno())
    stand_in.close()
    other.close()


class _Pool(threadpool.ThreadPool):
    """As many threads as had work at once, up to ``_MOST_THREADS``.

    Each takes a moment to start, and on a busy machine a long one.
    """

    def __init__(self, server: wsgi.Server) -> None:
        super().__init__(server, min=1)
        self._lock = threading.Lock()
        self._spare = 0  # threads that wait for work, less the work that waits for a thread
        self._take = self.get
        self.get = self._get

    def put(self, obj: object) -> None:
        """Give out a connection; only the server's own thread does."""
        with self._lock:
            self._spare -= 1
            is_short = self._spare < 0
        super().put(obj)
        if is_short:
            self.grow(1)

    def grow(self, amount: int) -> None:
        """Start threads, and do not wait until they are ready, as cheroot does in long steps."""
        pool: Any = self
        if len(pool._threads) < _MOST_THREADS:  # noqa: SLF001 - its own
            pool._threads.extend(pool._spawn_worker() for _ in range(amount))  # noqa: SLF001 - its own

    def _get(self) -> Any:  # noqa: ANN401 - cheroot has no types
        with self._lock:
            self._spare += 1
        return self._take()


class _Patience(socket.SocketIO):
    """Reads from a socket until a deadline, which does not move with each byte that drips in."""

    deadline = 0.0

    def __init__(self, sock: socket.socket) -> None:
        super().__init__(sock, "rb")
        self._connection = sock

    def readinto(self, buffer: Any) -> int | None:  # noqa: ANN401 - any writable buffer
        """Read what is there, or wait for it.

        Raises:
            TimeoutError: The deadline has passed.
        """
        timeout, left = self._connection.gettimeout(), self.deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError("timed out")  # as cheroot knows it
        self._connection.settimeout(left if timeout is None else min(left, timeout))
        try:
            return super().readinto(buffer)
        finally:
            self._connection.settimeout(timeout)


class _Reader(StreamReader):
    def __init__(self, sock: socket.socket, size: int) -> None:
        super(StreamReader, self).__init__(_Patience(sock), size)  # it would read without one
        self.bytes_read = 0


def _make_file(sock: socket.socket, mode: str, size: int) -> Any:  # noqa: ANN401 - cheroot has no types
    """Return what cheroot reads a connection from, or writes it to."""
    return _Reader(sock, size) if "r" in mode else StreamWriter(sock, mode, size)


class _Connection(HTTPConnection):
    """A connection that may not have said anything yet."""

    is_new = True

    def __init__(self, server: Any, sock: socket.socket, _makefile: object = None) -> None:  # noqa: ANN401 - cheroot has no types
        super().__init__(server, sock, _make_file)

    def communicate(self) -> Any:  # noqa: ANN401 - cheroot has no types
        """Answer one request, which has to arrive in time."""
        self.rfile.raw.deadline = time.monotonic() + self.server.request_seconds
        base: Any = super()
        return base.communicate()

    def close(self) -> None:
        """Drop what could not be sent, which cheroot leaves to the collector to send again."""
        unsent = getattr(self.wfile, "raw", None)
        if unsent is not None:
            unsent.close()
        super().close()


class _Cheroot(wsgi.Server):
    ConnectionClass = _Connection
    # Connections that say nothing count too, and shall cost nobody theirs.
    keep_alive_conn_limit = 500

    def process_conn(self, conn: Any) -> None:  # noqa: ANN401 - cheroot has no types
        """Let a connection have a thread, a new one only once it has said something."""
        if conn.is_new:
            conn.is_new = False
            self.put_conn(conn)
        else:
            super().process_conn(conn)

    @staticmethod
    def bind_socket(socket_: socket.socket, bind_addr: tuple[str, int]) -> socket.socket:
        """Close the socket where the port is taken, which cheroot leaves to the collector."""
        if os.name == "posix":
            # Also for port 0, or what is left of a stopped simulator keeps it from its own port.
            socket_.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            socket_.bind(bind_addr)
        except OSError:
            socket_.close()
            raise
        return socket_

    def _serve_unservicable(self) -> None:
        """Nothing: the queue has no limit, and this thread would not be joined at the end."""


def _log_error(message: str = "", level: int = logging.INFO, *, traceback: bool = False) -> None:
    _log.log(level, "%s", message, exc_info=traceback)
