"""HubSpot as adapters see it: a server before the simulator that has contacts, files and moods."""

import http.client
import json
import ssl
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self

from support.patience import PATIENCE

NO_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""For clients that never need it: reading the system's authorities takes longer than a test."""
_DETAILS = "/account-info/2026-03/details"


@dataclass(frozen=True, slots=True)
class Seen:
    """One request that came."""

    method: str
    path: str
    token: str | None
    body: bytes


@dataclass(slots=True)
class Front:
    """Passes HubSpot's own paths on to the simulator on *behind*, and answers all others itself.

    Whoever bears a token that the simulator honours gets the account's id and their own body back.
    """

    behind: int | None = None
    seen: list[Seen] = field(default_factory=list)
    dead: set[str | None] = field(default_factory=set)
    """Tokens that are honoured no longer."""
    is_deaf: bool = False
    """Whether no token at all is honoured."""
    moved: dict[str, str] = field(default_factory=dict)
    """Paths that lead on, and where to."""
    gate: threading.Event | None = None
    """What renewing a token waits for."""
    renewing: threading.Event = field(default_factory=threading.Event)
    """Set once somebody asked for that."""
    was_opened: list[bool] = field(default_factory=list)
    """Whether the gate was opened in time."""
    _server: ThreadingHTTPServer | None = None

    def __enter__(self) -> Self:
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self.answer))
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        assert self._server is not None
        self._server.shutdown()
        self._server.server_close()

    @property
    def url(self) -> str:
        """Its origin."""
        assert self._server is not None
        return f"http://localhost:{self._server.server_port}"

    @property
    def tokens(self) -> list[str | None]:
        """What the requests bore that it answered itself, in their order."""
        return [each.token for each in self.seen]

    def answer(
        self, method: str, path: str, headers: dict[str, str], body: bytes
    ) -> tuple[int, dict[str, str], bytes]:
        """The answer to one request."""
        plain = path.partition("?")[0]
        if plain.startswith("/oauth/"):
            self.renewing.set()
            if self.gate is not None:
                self.was_opened.append(self.gate.wait(PATIENCE))
            return self._passed_on(method, path, headers, body)
        authorization = headers.get("authorization", "")
        token = authorization.removeprefix("Bearer ") if authorization else None
        self.seen.append(Seen(method, path, token, body))
        if plain in self.moved:
            return 307, {"Location": self.moved[plain]}, b""
        status, account = 401, b'{"status":"error","category":"INVALID_AUTHENTICATION"}'
        if token not in self.dead and self.behind is not None and not self.is_deaf:
            known = {"Authorization": authorization}
            status, _, account = self._passed_on("GET", _DETAILS, known, b"")
        if status != 200 or plain == _DETAILS:
            return status, {"Content-Type": "application/json"}, account
        told = {"results": [], "hub_id": json.loads(account)["portalId"], "body": body.decode()}
        return 200, {"Content-Type": "application/json"}, json.dumps(told).encode()

    def _passed_on(
        self, method: str, path: str, headers: dict[str, str], body: bytes
    ) -> tuple[int, dict[str, str], bytes]:
        assert self.behind is not None
        kept = {n: v for n, v in headers.items() if n.lower() in {"authorization", "content-type"}}
        connection = http.client.HTTPConnection("127.0.0.1", self.behind, timeout=PATIENCE)
        connection.request(method, path, body, {**kept, "Host": f"localhost:{self.behind}"})
        response = connection.getresponse()
        told = response.read()
        connection.close()
        return response.status, {"Content-Type": response.headers["Content-Type"]}, told


def _handler(
    answer: Callable[[str, str, dict[str, str], bytes], tuple[int, dict[str, str], bytes]],
) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def handle(self) -> None:
            with suppress(ConnectionResetError):  # clients close as they like
                super().handle()

        def _answer(self) -> None:
            headers = {name.lower(): value for name, value in self.headers.items()}
            status, told, body = answer(self.command, self.path, headers, self._body())
            self.send_response(status)
            for name, value in {**told, "Content-Length": str(len(body))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = do_PATCH = _answer  # noqa: N815 - the library's names

        def _body(self) -> bytes:
            if self.headers.get("Transfer-Encoding") != "chunked":
                return self.rfile.read(int(self.headers.get("Content-Length") or 0))
            chunks = b""
            while size := int(self.rfile.readline(), 16):
                chunks += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
            return chunks

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's
            """Say nothing."""

    return Handler
