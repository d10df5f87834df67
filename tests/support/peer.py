"""The other end of a real socket, which answers whatever bytes a test wants."""

import socket
import ssl
from collections.abc import Callable, Mapping
from contextlib import suppress
from threading import Event, Thread
from typing import Self

from support.patience import PATIENCE

Script = Callable[[socket.socket, Event], None]
"""Writes an answer to the socket; gives up once the event is set."""


def http(
    status: int = 200, body: str | bytes = "{}", headers: Mapping[str, str] | None = None
) -> bytes:
    """A whole HTTP response."""
    content = body.encode() if isinstance(body, str) else body
    lines = {"Content-Type": "application/json", "Content-Length": len(content), **(headers or {})}
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    return f"HTTP/1.1 {status} Whatever\r\n{head}\r\n".encode() + content


def drip(start: bytes, every: float = 0.02) -> Script:
    """Sends *start* and then a byte at a time, for ever."""

    def script(connection: socket.socket, stop: Event) -> None:
        connection.sendall(start)
        while not stop.wait(every):
            connection.sendall(b"x")

    return script


class Peer:
    """A server on a port of its own; ``requests`` is what came, ``connections`` how often."""

    def __init__(
        self, answer: bytes | Script, context: ssl.SSLContext | None = None, greeting: bytes = b""
    ) -> None:
        self.requests: list[bytes] = []
        self.connections = 0
        self._answer = answer
        self._context = context
        self._greeting = greeting
        self._stop = Event()
        self._open: list[socket.socket] = []
        self._threads: list[Thread] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        self.url = f"{'https' if context else 'http'}://localhost:{self.port}"

    def __enter__(self) -> Self:
        self._thread(self._accept)
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for connection in self._open:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(PATIENCE)

    def _thread(self, run: Callable[[], None]) -> None:
        thread = Thread(target=run, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                self.connections += 1
                self._open.append(connection)
                self._thread(lambda connection=connection: self._serve(connection))  # type: ignore[misc]

    def _serve(self, plain: socket.socket) -> None:
        with plain, suppress(OSError):
            plain.sendall(self._greeting)
            if self._context is None:
                self._converse(plain)
                return
            with self._context.wrap_socket(plain, server_side=True) as connection:
                self._converse(connection)

    def _converse(self, connection: socket.socket) -> None:
        while request := _request(connection):
            self.requests.append(request)
            if isinstance(self._answer, bytes):
                connection.sendall(self._answer)
            else:
                self._answer(connection, self._stop)


def _request(connection: socket.socket) -> bytes:
    received = b""
    while b"\r\n\r\n" not in received:
        received += (more := connection.recv(65536))
        if not more:
            return b""
    head, _, body = received.partition(b"\r\n\r\n")
    lengths = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
    missing = int(lengths[0].partition(b":")[2]) - len(body) if lengths else 0
    while missing > 0:
        received += (more := connection.recv(missing))
        missing -= len(more)
    return received
