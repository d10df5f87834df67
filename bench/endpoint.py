"""A fake HubSpot in a process of its own: canned answers, a delay, and a count of what was asked.

Only as clever as benchmarks need: a refresh token reads ``rt.FAMILY.NUMBER``, an access token
``at.FAMILY.NUMBER.`` and padding, where the family is the number of an account. With ``rotates``
a refresh token is honoured once.
"""

import asyncio
import base64
import http.client
import json
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import parse_qs

SCOPES = "oauth crm.objects.contacts.read"
TOKEN_LENGTH = 300
MSAL_URL = "https://login.example.com/t"
"""What MSAL calls the endpoint, which is led here by its HTTP client."""

_HEAD = re.compile(rb"(GET|POST) (\S+) ")
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_BEARER = re.compile(rb"\r\nauthorization: *bearer (\S+)", re.IGNORECASE)


class State:
    """What the endpoint does, and what it has seen."""

    def __init__(self) -> None:
        self.delay = 0.0
        self.api_delay = 0.0
        self.rotates = False
        self.requests = 0
        self.most_open = 0
        self.minted = 0
        self.newest: dict[str, str] = {}
        self.open: Counter[str] = Counter()

    def control(self, changes: dict[str, Any]) -> dict[str, Any]:
        """Take *changes* over, and tell what was seen."""
        for name, value in changes.items():
            setattr(self, name, value)
        return {"requests": self.requests, "most_open": self.most_open}

    def grant(self, form: dict[str, list[str]]) -> tuple[int, dict[str, Any]]:
        """The answer to a request for a token."""
        given = form.get("refresh_token", form.get("code", ["rt.1.0"]))[0]
        family = given.split(".")[1]
        if self.rotates and self.newest.setdefault(family, given) != given:
            return 400, {"error": "invalid_grant", "status": "BAD_REFRESH_TOKEN"}
        self.minted += 1
        refresh = f"rt.{family}.{self.minted}" if self.rotates else f"rt.{family}.0"
        self.newest[family] = refresh
        return 200, {
            "token_type": "bearer",
            "access_token": f"at.{family}.{self.minted}.".ljust(TOKEN_LENGTH, "x"),
            "refresh_token": refresh,
            "expires_in": 1800,
            "hub_id": int(family),
            "user_id": 7,
            "scopes": SCOPES.split(),
            # MSAL makes an account of this; the others pass it by.
            "client_info": _base64({"uid": family, "utid": "t"}),
        }

    def about(self, token: str) -> dict[str, Any]:
        """What is known of an access token."""
        family = token.split(".")[1]
        return {
            "active": True,
            "hub_id": int(family),
            "portalId": int(family),
            "user_id": 7,
            "user": "ada@example.com",
            "hub_domain": "example.com",
            "scopes": SCOPES.split(),
            "timeZone": "Europe/Berlin",
            "accountType": "STANDARD",
        }

    def metadata(self) -> dict[str, Any]:
        """Where everything is (OpenID Connect Discovery); MSAL asks for it, and wants https."""
        return {
            "issuer": MSAL_URL,
            "token_endpoint": f"{MSAL_URL}/oauth/2026-03/token",
            "authorization_endpoint": f"{MSAL_URL}/oauth/authorize",
        }


class Connection(asyncio.Protocol):
    """One client, and its requests one after another."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._buffer = b""
        self._family: str | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio passes it
        """Nobody waits for the answer any more."""
        self._end()

    def data_received(self, data: bytes) -> None:
        """Answer the request once it is whole."""
        self._buffer += data
        head, found, rest = self._buffer.partition(b"\r\n\r\n")
        length = _LENGTH.search(head)
        size = int(length[1]) if length else 0
        if found and len(rest) >= size:
            self._buffer = rest[size:]
            self._asked(head, rest[:size].decode())

    def _asked(self, head: bytes, body: str) -> None:
        asked = _HEAD.match(head)
        assert asked
        path, state, delay = asked[2].decode(), self._state, 0.0
        if path.endswith("/token"):
            form = parse_qs(body)
            self._begin(form)
            status, answer = state.grant(form)
            delay = state.delay
        elif path.endswith("/introspect"):
            status, answer = 200, state.about(parse_qs(body)["token"][0])
            delay = state.api_delay
        elif path == "/control":
            status, answer = 200, state.control(json.loads(body))
        elif path.endswith("/openid-configuration"):
            status, answer = 200, state.metadata()
        else:
            bearer = _BEARER.search(head)
            assert bearer
            status, answer = 200, state.about(bearer[1].decode())
            delay = state.api_delay
        if delay:
            asyncio.get_running_loop().call_later(delay, self._answer, status, answer)
        else:
            self._answer(status, answer)

    def _begin(self, form: dict[str, list[str]]) -> None:
        state = self._state
        state.requests += 1
        self._family = form.get("refresh_token", form.get("code", ["rt.1.0"]))[0].split(".")[1]
        state.open[self._family] += 1
        state.most_open = max(state.most_open, state.open[self._family])

    def _end(self) -> None:
        if self._family is not None:
            self._state.open[self._family] -= 1
            self._family = None

    def _answer(self, status: int, answer: dict[str, Any]) -> None:
        self._end()
        body = json.dumps(answer).encode()
        head = f"HTTP/1.1 {status} -\r\nContent-Type: application/json\r\n"
        self._transport.write(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)


class Endpoint:
    """The running endpoint, as benchmarks steer it."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.url = f"http://127.0.0.1:{port}"
        self.token_url = f"{self.url}/oauth/2026-03/token"

    def set(self, **changes: Any) -> dict[str, Any]:  # noqa: ANN401 - as the state's attributes
        """Change what it does; what it has seen so far."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port)
        connection.request("POST", "/control", json.dumps(changes))
        told: dict[str, Any] = json.loads(connection.getresponse().read())
        connection.close()
        return told

    @property
    def requests(self) -> int:
        """How many tokens were asked for since this was set to 0."""
        return int(self.set()["requests"])


@contextmanager
def running_endpoint() -> Iterator[Endpoint]:
    """The endpoint, in a process of its own."""
    command = [sys.executable, "-m", "bench.endpoint"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout
        yield Endpoint(int(process.stdout.readline()))
    finally:
        process.terminate()
        process.wait()


def _base64(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


async def _serve() -> None:
    state = State()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Connection(state), "127.0.0.1", 0, backlog=1024)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(_serve())
