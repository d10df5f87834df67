"""Requests that no honest client makes: refused, and never the server's own fault."""

import socket
from collections.abc import Callable

import httpx2
import pytest

from portalkey_simulator import HubSpot
from portalkey_simulator.faults.fault_kinds import Fault

PATIENCE = 60.0
"""Seconds that only what is broken takes."""

TOKEN = "/oauth/2026-03/token"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def raw(hubspot: HubSpot, *lines: str, body: bytes = b"") -> bytes:
    """The answer to these bytes."""
    with socket.create_connection(("127.0.0.1", hubspot.port), timeout=PATIENCE) as connection:
        connection.sendall("\r\n".join((*lines, "", "")).encode("latin-1") + body)
        connection.shutdown(socket.SHUT_WR)
        answer = b""
        while chunk := connection.recv(65536):
            answer += chunk
    return answer


@pytest.mark.parametrize(
    "host",
    ["evil.example", "localhost", "localhost:1", "127.0.0.1", "[::1]:{port}", "a.localhost:{port}"],
)
def test_other_hosts(hubspot: HubSpot, http: httpx2.Client, host: str) -> None:
    """A name that was pointed here from elsewhere is turned away (DNS rebinding)."""
    headers = {"Host": host.format(port=hubspot.port)}

    for path in ("/isalive", "/oauth/authorize", TOKEN, "/nowhere"):
        assert http.get(path, headers=headers).status_code == 421
    assert not hubspot.requests


@pytest.mark.parametrize("host", ["localhost:{port}", "127.0.0.1:{port}", "LOCALHOST:{port}"])
def test_own_hosts(hubspot: HubSpot, http: httpx2.Client, host: str) -> None:
    """Both names are answered at the simulator's own port."""
    headers = {"Host": host.format(port=hubspot.port)}

    assert http.get("/isalive", headers=headers).status_code == 200


def test_no_host(hubspot: HubSpot) -> None:
    """A request that names no host is turned away."""
    assert b"421" in raw(hubspot, "GET /isalive HTTP/1.0").partition(b"\r\n")[0]


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        (TOKEN, "POST"),
        (f"{TOKEN}/introspect", "POST"),
        (f"{TOKEN}/revoke", "POST"),
        ("/account-info/2026-03/details", "GET, HEAD"),
        ("/oauth/authorize", "GET, HEAD, POST"),
        ("/isalive", "GET, HEAD"),
    ],
)
def test_wrong_methods(http: httpx2.Client, path: str, allowed: str) -> None:
    """Any other method is not allowed, OPTIONS included: browsers get no CORS here."""
    for method in {"GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"} - set(allowed.split(", ")):
        answer = http.request(method, path)

        assert answer.status_code == 405
        assert set(allowed.split(", ")) == set(answer.headers["Allow"].split(", "))
        assert "Access-Control-Allow-Origin" not in answer.headers


@pytest.mark.parametrize(
    "nasty", ["\0", "%00", "\x80", "a" * 60_000, "'\"><&", "\r\nX: y", "\U0001d518"]
)
def test_nasty_values(
    hubspot: HubSpot, http: httpx2.Client, authorize_url: Callable[..., str], nasty: str
) -> None:
    """Whatever stands in a parameter is text to be refused or echoed."""
    for name in ("client_id", "redirect_uri", "scope", "optional_scope", "code_challenge"):
        assert http.get(authorize_url(**{name: nasty})).status_code == 200
    for name in ("grant_type", "client_id", "client_secret"):
        answer = http.post(TOKEN, data={"grant_type": "refresh_token", name: nasty})
        assert answer.status_code == 400
    callback = httpx2.URL(hubspot.approve(authorize_url(state=nasty)))
    assert nasty == callback.params["state"]


@pytest.mark.parametrize(
    "path",
    [
        f"/oauth/{'9' * 5000}/authorize",
        "/oauth/-1/authorize",
        "/oauth/%00/authorize",
        "/oauth/%ff%fe/authorize",
        "/oauth/authorize?client_id=%ff&client_id=%fe",
        "/oauth/authorize?" + "&".join(f"a{n}=1" for n in range(5000)),
        "/oauth/authorize?=&&=%",
        "/oauth//authorize",
        "/oauth/../authorize",
        "/static/../accounts.py",
        "/static/%2e%2e/accounts.py",
        "/%00",
    ],
)
def test_nasty_paths(hubspot: HubSpot, path: str) -> None:
    """A path or query of any shape is answered, and never with what is not a page."""
    host = f"Host: localhost:{hubspot.port}"
    answer = raw(hubspot, f"GET {path} HTTP/1.1", host, "Connection: close")

    assert answer.split()[1] in {b"200", b"308", b"400", b"404"}
    assert b"harbourpine" not in answer


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        ({}, b"grant_type=refresh_token"),
        ({"Content-Type": "application/json"}, b"{"),
        ({"Content-Type": "multipart/form-data"}, b"--"),
        ({"Content-Type": "multipart/form-data; boundary=x"}, b"--x\r\n\r\n"),
        ({"Content-Type": "text/plain; charset=nonsense"}, b"\xff"),
        (FORM, b"\xff\xfe\0=&&=&grant_type"),
        (FORM, b"&".join(b"a%d=1" % n for n in range(20_000))),
        ({"Content-Type": "\xff"}, b"x"),
    ],
)
def test_nasty_bodies(http: httpx2.Client, headers: dict[str, str], body: bytes) -> None:
    """A body of any shape is at worst a bad request."""
    raw_headers = {name.encode(): value.encode("latin-1") for name, value in headers.items()}
    for path in (TOKEN, f"{TOKEN}/introspect", f"{TOKEN}/revoke"):
        assert http.post(path, content=body, headers=raw_headers).status_code == 400


def test_body_beyond_all_measure(hubspot: HubSpot) -> None:
    """More than a quarter of a megabyte is not read."""
    host, length = f"Host: localhost:{hubspot.port}", "Content-Length: 99999999999"
    answer = raw(hubspot, f"POST {TOKEN} HTTP/1.1", host, length, body=b"a=")

    assert answer.split()[1] == b"413"
    assert [asked.status for asked in hubspot.requests] == [413]


@pytest.mark.parametrize(
    ("header", "body", "status"),
    [
        ("Content-Length: 100", b"a=b", b"400"),
        ("Content-Length: -1", b"a=b", b"400"),
        ("Content-Length: many", b"a=b", b"400"),
        ("Transfer-Encoding: chunked", b"zz\r\na=b\r\n0\r\n\r\n", b"400"),
        ("Transfer-Encoding: chunked", b"3\r\na=bX", b"400"),
        ("Transfer-Encoding: chunked", b"3\r\na=b\r\n0\r\n\r\n", b"400"),
        ("Transfer-Encoding: chunked", b"40001\r\n" + b"a" * 0x40001 + b"\r\n0\r\n\r\n", b"400"),
    ],
)
def test_bodies_broken_on_the_way(
    hubspot: HubSpot, header: str, body: bytes, status: bytes
) -> None:
    """A body that does not arrive whole is a bad request."""
    host, kind = f"Host: localhost:{hubspot.port}", f"Content-Type: {FORM['Content-Type']}"
    answer = raw(hubspot, f"POST {TOKEN} HTTP/1.1", host, kind, header, body=body)

    assert status == answer.split()[1]


def test_header_beyond_all_measure(hubspot: HubSpot, http: httpx2.Client) -> None:
    """Headers have an end."""
    answer = http.get("/isalive", headers={"X": "x" * 200_000})

    assert answer.status_code == 413
    assert http.get("/isalive").status_code == 200


def test_server_does_not_boast(http: httpx2.Client) -> None:
    """The server's name tells no version."""
    assert http.get("/isalive").headers["Server"] == "local-simulator"


def test_client_that_hangs_up(hubspot: HubSpot, http: httpx2.Client) -> None:
    """A connection that is cut while an answer is sent harms nobody else."""
    hubspot.next_token_answer(200, b"x" * 5_000_000)
    with socket.create_connection(("127.0.0.1", hubspot.port)) as connection:
        connection.sendall(
            f"POST {TOKEN} HTTP/1.1\r\nHost: localhost:{hubspot.port}\r\n\r\n".encode()
        )
        connection.recv(1)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")

    assert http.get("/isalive").status_code == 200


def test_complaints_go_to_the_log(
    hubspot: HubSpot, http: httpx2.Client, caplog: pytest.LogCaptureFixture
) -> None:
    """An answer that cannot be sent is told in the log, without a word of what was asked."""
    headers = {"X": "can be sent"}
    hubspot.faults.add(Fault("answer", headers=headers))
    headers["X"] = "not latin-1: \U0001d518"
    answer = http.post(TOKEN, data={"client_secret": "canary-client-secret"})

    assert answer.status_code == 500
    assert [record.name for record in caplog.records] == ["portalkey_simulator.server"]
    assert "canary-client-secret" not in caplog.text


def test_body_in_chunks(hubspot: HubSpot) -> None:
    """A form may come in chunks."""
    host, kind = f"Host: localhost:{hubspot.port}", f"Content-Type: {FORM['Content-Type']}"
    body = b"18\r\ngrant_type=refresh_token\r\n0\r\n\r\n"
    answer = raw(
        hubspot, f"POST {TOKEN} HTTP/1.1", host, kind, "Transfer-Encoding: chunked", body=body
    )

    assert b"BAD_CLIENT_ID" in answer
