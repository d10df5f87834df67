"""A proxy that takes CONNECT, on a real socket."""

import socket
from contextlib import suppress
from threading import Event, Thread
from typing import Self

from support.patience import PATIENCE

OPEN = b"HTTP/1.1 200 Connection established\r\n\r\n"


class ConnectProxy:
    """Opens tunnels to this machine, whatever host is asked for; ``heads`` is what it was told.

    *answer* is what it says in place of opening one. Where *pieces* is set, it says one byte of
    that at a time, and nothing more after it.
    """

    def __init__(self, answer: bytes | None = None, *, pieces: float | None = None) -> None:
        self.heads: list[bytes] = []
        self.relayed = b""
        self._answer, self._pieces = answer, pieces
        self._stop = Event()
        self._open: list[socket.socket] = []
        self._threads: list[Thread] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])

    def __enter__(self) -> Self:
        self._start(self._accept)
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for each in self._open:
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(PATIENCE)

    def _start(self, run: object, *arguments: object) -> None:
        thread = Thread(target=run, args=arguments, daemon=True)  # type: ignore[arg-type]
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                self._open.append(client)
                self._start(self._serve, client)

    def _serve(self, client: socket.socket) -> None:
        with client, suppress(OSError):
            head = b""
            while b"\r\n\r\n" not in head:
                head += client.recv(1024)
            self.heads.append(head)
            if self._answer is not None:
                self._say(client, self._answer)
                return
            port = int(head.split(b" ")[1].rpartition(b":")[2])
            with socket.create_connection(("127.0.0.1", port)) as server:
                self._open.append(server)
                client.sendall(OPEN)
                self._start(self._pump, server, client)
                self._pump(client, server)

    def _say(self, client: socket.socket, answer: bytes) -> None:
        if self._pieces is None:
            client.sendall(answer)
            return
        for byte in answer:
            if self._stop.wait(self._pieces):
                return
            client.sendall(bytes([byte]))
        self._stop.wait()

    def _pump(self, source: socket.socket, sink: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                self.relayed += data
                sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)
