"""A proxy before PostgreSQL that hangs up in place of an answer."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from psycopg.conninfo import conninfo_to_dict

from support.patience import PATIENCE


class Cutting:
    """Hands everything on, until it is told which answer never arrives."""

    def __init__(self, url: str) -> None:
        self._server = {"host": "localhost", "port": "5432", **conninfo_to_dict(url)}
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._ends: list[socket.socket] = []
        self._answer: bytes | None = None
        self.has_cut = threading.Event()
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def url(self) -> str:
        """The same database, by way of here."""
        port, user = self._listener.getsockname()[1], self._server.get("user", "postgres")
        return f"postgresql://{user}@127.0.0.1:{port}/{self._server['dbname']}"

    def cut(self, answer: bytes) -> None:
        """Hang up the next time that the server has given this *answer*, and keep it back."""
        self.has_cut.clear()
        self._answer = answer

    def close(self) -> None:
        """Hang up for good."""
        for each in (self._listener, *self._ends):
            _hang_up(each)

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                near, _ = self._listener.accept()
                far = self._connect()
                self._ends += [near, far]
                for one, other in ((near, far), (far, near)):
                    threading.Thread(
                        target=self._pump, args=(one, other, one is far), daemon=True
                    ).start()

    def _connect(self) -> socket.socket:
        host, port = str(self._server["host"]), str(self._server["port"])
        if not host.startswith("/"):
            return socket.create_connection((host, int(port)), PATIENCE)
        connection = socket.socket(socket.AF_UNIX)
        connection.connect(str(Path(host, f".s.PGSQL.{port}")))
        return connection

    def _pump(self, one: socket.socket, other: socket.socket, is_answer: bool) -> None:  # noqa: FBT001 - of a thread
        with suppress(OSError):
            while received := one.recv(65536):
                if is_answer and self._answer is not None and self._answer in received:
                    self._answer = None
                    self.has_cut.set()
                    break
                other.sendall(received)
        for end in (one, other):
            _hang_up(end)


def _hang_up(end: socket.socket) -> None:
    with suppress(OSError):
        end.shutdown(socket.SHUT_RDWR)
    end.close()


@contextmanager
def cutting(url: str) -> Iterator[Cutting]:
    """A proxy before the database at *url*."""
    proxy = Cutting(url)
    try:
        yield proxy
    finally:
        proxy.close()
