"""Requests as HubSpot signs them, sent byte for byte."""

import http.client
import re
import socket
from collections.abc import Iterator, Mapping
from pathlib import Path

from portalkey.broker import Broker
from portalkey.model.counters import CounterKind
from portalkey_simulator import HubSpot
from portalkey_simulator.signing import SignatureVersion, sign
from support.patience import PATIENCE

BODY = b'[{"portalId":62515,"name":"Zo\xc3\xab"}]'
PAGE = Path(__file__).parents[2] / "docs" / "requests.md"


def read_lines(word: str) -> str:
    """The Python of that page that has *word* in an import."""
    blocks: list[str] = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
    (found,) = (each for each in blocks if re.search(rf"from .*{word}", each))
    return found


def sign_now(
    hubspot: HubSpot,
    url: str,
    body: bytes = BODY,
    *,
    method: str = "POST",
    version: SignatureVersion = "v3",
) -> dict[str, str]:
    """The headers that *hubspot* signs a request with, by its clock."""
    moment = int(hubspot.clock.now() * 1000)
    return sign(hubspot.app, version, method, url, body=body, timestamp=moment)


def send(
    port: int,
    target: str,
    headers: Mapping[str, str],
    body: bytes = BODY,
    *,
    method: str = "POST",
    host: str | None = None,
) -> int:
    """Send a request as it is given, and return the status."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    try:
        more = {"Host": host} if host else {}
        connection.request(method, target, body, {**headers, **more})
        answer = connection.getresponse()
        answer.read()
        return answer.status
    finally:
        connection.close()


def raw_request(port: int, target: str, headers: Mapping[str, str], body: bytes) -> bytes:
    """The bytes of a request."""
    lines = {"Host": f"localhost:{port}", "Content-Length": str(len(body)), **headers}
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    return f"POST {target} HTTP/1.1\r\nConnection: close\r\n{head}\r\n".encode() + body


def places_of(raw: bytes, *parts: bytes) -> Iterator[int]:
    """Where each of *parts* stands in *raw*, byte by byte."""
    for part in parts:
        start = raw.index(part)
        yield from range(start, start + len(part))


def exchange(port: int, raw: bytes, *, ends: bool = False) -> bytes:
    """The first line that comes back for these bytes, if one does; nothing follows if it *ends*."""
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as connection:
        connection.sendall(raw)
        if ends:
            connection.shutdown(socket.SHUT_WR)
        try:
            return connection.makefile("rb").readline()
        except ConnectionResetError:
            return b""


def counts(broker: Broker) -> dict[CounterKind, int]:
    """What is counted of no connection."""
    broker.close()
    return {each.kind: each.n for each in broker.vault.store.counters(broker.settings.client_id)}
