import io
import logging
import os
import secrets
import signal
import socket
import ssl
import time
import traceback
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from threading import Barrier, Event
from typing import cast

import pytest
from pydantic import SecretStr
from rich.console import Console
from rich.traceback import Traceback

from portalkey.errors import BadAnswer, HubSpotUnavailable, HubSpotUnreachable, PortalkeyError
from portalkey.hubspot.client import LONGEST_BODY, HubSpotClient
from portalkey.hubspot.connections import ConnectionPool, HTTPConnection
from portalkey.hubspot.deadline import (
    Connector,
    TimedSocket,
    has_come_by_poll,
    has_come_by_select,
    resolve,
)
from portalkey.hubspot.failures import Crowded
from portalkey.hubspot.http import Request
from support.certificates import certificate, serves
from support.forking import in_child, in_silent_child
from support.patience import PATIENCE
from support.peer import Peer, drip, http

Listen = Callable[..., Peer]
CANARY = secrets.token_hex(16)
"""In no source, so that it can be looked for in crash reports, which quote sources."""
SOON = 0.3
"""Seconds of a deadline that a test lets pass."""
LATE = 8.0
"""Seconds that only a broken deadline takes."""


def get(url: str) -> Request:
    """A request without secrets."""
    return Request("GET", f"{url}/x")


def secret(url: str) -> Request:
    """A request with a canary in every place that can hold a secret."""
    form = {"client_secret": f"{CANARY}&f", "code": CANARY}
    return Request("POST", f"{url}/oauth/2026-03/token", form, SecretStr(f"{CANARY}-b"))


def test_form_and_bearer(listen: Listen, client: HubSpotClient) -> None:
    """A form goes into the body, a bearer into the header, and neither into the address."""
    peer = listen(http(200, '{"a": 1}', {"X-Y": "Z"}))

    response = client.send(secret(peer.url))

    head, _, body = peer.requests[0].partition(b"\r\n\r\n")
    assert head.startswith(b"POST /oauth/2026-03/token HTTP/1.1\r\n")
    assert body == f"client_secret={CANARY}%26f&code={CANARY}".encode()
    assert f"Authorization: Bearer {CANARY}-b".encode() in head
    assert b"Content-Type: application/x-www-form-urlencoded" in head
    assert (response.status, response.body, response.headers["x-y"]) == (200, b'{"a": 1}', "Z")


def test_json_and_a_link_that_opens_by_itself(listen: Listen, client: HubSpotClient) -> None:
    """What opens the link goes into the target, and is shown nowhere."""
    peer = listen(http(200, "{}"))
    request = Request("POST", f"{peer.url}/x", json='{"a": []}', query=SecretStr(f"k={CANARY}"))

    client.send(request)

    head, _, body = peer.requests[0].partition(b"\r\n\r\n")
    assert head.startswith(f"POST /x?k={CANARY} HTTP/1.1\r\n".encode())
    assert b"Content-Type: application/json" in head
    assert body == b'{"a": []}'
    assert CANARY not in repr(request)


@pytest.mark.parametrize("coding", ["gzip", "br"])
def test_a_file_may_be_long_and_packed(coding: str, listen: Listen, client: HubSpotClient) -> None:
    """As long as is said, by gzip alone; whatever type it was stored with."""
    headers = {"Content-Encoding": coding}
    peer = listen(http(200, b"x" * (LONGEST_BODY + 1), headers))
    file = Request("GET", f"{peer.url}/x", longest=LONGEST_BODY + 1)

    if coding == "gzip":
        assert len(client.send(file).body) == LONGEST_BODY + 1
        file = Request("GET", f"{peer.url}/x", longest=LONGEST_BODY)
    with pytest.raises(BadAnswer):
        client.send(file)


def test_what_is_said_of_us(listen: Listen, client: HubSpotClient) -> None:
    """HubSpot learns who asks, and that the answer must not be compressed."""
    peer = listen(http())

    client.send(get(peer.url))

    head = peer.requests[0].lower()
    assert b"user-agent: portalkey/" in head
    assert b"accept-encoding: identity" in head
    assert f"host: localhost:{peer.port}".encode() in head
    assert b"content-length" not in head


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirect_is_not_followed(status: int, listen: Listen, client: HubSpotClient) -> None:
    """A redirect is an answer like any other: secrets are not sent twice."""
    elsewhere = listen(http())
    peer = listen(http(status, "", {"Location": elsewhere.url}))

    assert client.send(secret(peer.url)).status == status
    assert elsewhere.requests == []


def test_cookies_are_not_kept(listen: Listen, client: HubSpotClient) -> None:
    """What HubSpot sets for one connection is not sent with another's."""
    peer = listen(http(200, "{}", {"Set-Cookie": "a=b; Path=/"}))

    client.send(get(peer.url))
    client.send(get(peer.url))

    assert b"cookie" not in peer.requests[1].lower()


def test_environment_has_no_say(
    listen: Listen, client: HubSpotClient, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A proxy or a .netrc that was set for others sees nothing."""
    proxy, peer = listen(http()), listen(http())
    netrc = tmp_path / "netrc"
    netrc.write_text("machine localhost login canary password canary")
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "HTTPS_PROXY"):
        monkeypatch.setenv(name, proxy.url)
    monkeypatch.setenv("NETRC", str(netrc))

    client.send(get(peer.url))

    assert proxy.connections == 0
    assert b"authorization" not in peer.requests[0].lower()


def test_connection_is_kept(listen: Listen, client: HubSpotClient) -> None:
    """A second request needs no second connection."""
    peer = listen(http())

    client.send(get(peer.url))
    client.send(get(peer.url))

    assert (peer.connections, len(peer.requests)) == (1, 2)


def test_many_threads(listen: Listen, client: HubSpotClient) -> None:
    """Threads share a client, more of them than there are connections."""
    peer = listen(http(200, "{}"))

    with ThreadPoolExecutor(40) as threads:
        statuses = list(threads.map(lambda _: client.send(get(peer.url)).status, range(200)))

    assert statuses == [200] * 200


def test_what_comes_unasked_is_no_answer(listen: Listen, client: HubSpotClient) -> None:
    """Bytes behind an answer would be taken for the next one: their connection is used no more."""
    peer = listen(http(200, "first") + http(200, "unasked"))

    assert [client.send(get(peer.url)).body for _ in range(2)] == [b"first", b"first"]
    assert peer.connections == 2


def test_what_comes_later_is_no_answer_either(listen: Listen, client: HubSpotClient) -> None:
    """As above, where it comes while the connection is at rest."""
    later = Event()

    def answer(connection: socket.socket, _: Event) -> None:
        connection.sendall(http(200, "first"))
        later.wait(PATIENCE)
        connection.sendall(http(200, "unasked"))

    peer = listen(answer)
    client.send(get(peer.url))
    (resting,) = client._pools["http"]._all
    assert resting.is_quiet
    later.set()
    until = time.monotonic() + PATIENCE
    while resting.is_quiet and time.monotonic() < until:
        time.sleep(0.001)

    assert client.send(get(peer.url)).body == b"first"
    assert peer.connections == 2


def test_an_answer_without_a_length_ends_its_connection(
    listen: Listen, client: HubSpotClient
) -> None:
    """It ends with the connection, so the next request has another."""

    def answer(connection: socket.socket, _: Event) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\n\r\nwhole")
        connection.shutdown(socket.SHUT_RDWR)

    peer = listen(answer)

    assert [client.send(get(peer.url)).body for _ in range(2)] == [b"whole", b"whole"]
    assert peer.connections == 2


@pytest.mark.parametrize(("seconds", "opened"), [(-1.0, 3), (PATIENCE, 1)])
def test_who_has_rested_for_too_long_is_let_go(seconds: float, opened: int, listen: Listen) -> None:
    """A server closes what lies idle, and a request must not meet with that."""
    peer, connector = listen(http()), Connector(PATIENCE, resolve)
    pool = ConnectionPool(
        lambda host, until: HTTPConnection(connector.connect(*host, until)), 1, seconds
    )
    for _ in range(3):
        connection = pool.take(("localhost", peer.port), time.monotonic() + PATIENCE)
        connection.send(get(peer.url), time.monotonic() + PATIENCE)
        connection.receive_head(time.monotonic() + PATIENCE)
        assert b"".join(connection.receive_body(time.monotonic() + PATIENCE)) == b"{}"
        pool.give_back(("localhost", peer.port), connection)
    pool.close()

    assert peer.connections == opened


def test_who_lies_below_is_let_go_as_well(listen: Listen) -> None:
    """The one that was used last is used next: the others would rest for ever."""
    peer, connector = listen(http()), Connector(PATIENCE, resolve)
    pool = ConnectionPool(
        lambda host, until: HTTPConnection(connector.connect(*host, until)), 2, -1.0
    )
    host, until = ("localhost", peer.port), time.monotonic() + PATIENCE
    both = [pool.take(host, until) for _ in range(2)]
    for each in both:
        each.send(get(peer.url), until)
        each.receive_head(until)
        assert b"".join(each.receive_body(until)) == b"{}"
        pool.give_back(host, each)

    assert [each.is_quiet for each in both] == [False, True]
    pool.close()


@pytest.mark.parametrize("has_come", [has_come_by_poll, has_come_by_select])
def test_what_has_come_is_seen(has_come: Callable[[socket.socket], bool]) -> None:
    """Bytes, and the end."""
    here, there = socket.socketpair()
    with here:
        assert not has_come(here)
        there.sendall(b"x")
        assert has_come(here)
        assert here.recv(1) == b"x"
        assert not has_come(here)
        there.close()
        assert has_come(here)


def test_an_interrupted_handshake_leaves_nothing_open() -> None:
    """Whatever ends it."""

    class Interrupting:
        def wrap_socket(self, *_: object, **__: object) -> None:
            raise Interrupted

    here, there = socket.socketpair()
    opened = TimedSocket(here, PATIENCE, time.monotonic() + PATIENCE)
    with there, pytest.raises(Interrupted):
        opened.start_tls(cast("ssl.SSLContext", Interrupting()), "x", time.monotonic() + PATIENCE)

    assert not opened.is_quiet()
    assert here.fileno() == -1


def test_nobody_waits_for_a_connection_for_ever() -> None:
    """Where all are at work until the deadline, nothing was sent."""
    pool = ConnectionPool(lambda _host, _until: pytest.fail("there is no room"), 0, PATIENCE)

    with pytest.raises(Crowded):
        pool.take(("localhost", 1), time.monotonic() + SOON)


def test_close(listen: Listen) -> None:
    """A closed client opens new connections."""
    peer, client = listen(http()), HubSpotClient()

    with closing(client):
        client.send(get(peer.url))
        client.close()
        assert client.send(get(peer.url)).status == 200

    assert peer.connections == 2


def test_many_threads_send_at_once(listen: Listen, client: HubSpotClient) -> None:
    """None waits for another's connection: it may hold a lease, which runs on."""
    threads = 64
    together = Barrier(threads)

    def answer(connection: socket.socket, _: Event) -> None:
        together.wait(timeout=PATIENCE)
        connection.sendall(http())

    peer = listen(answer)
    with ThreadPoolExecutor(threads) as pool:
        answers = list(pool.map(client.send, [get(peer.url)] * threads))

    assert {each.status for each in answers} == {200}


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork")
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
@pytest.mark.parametrize("forks", [in_child, in_silent_child])
def test_fork(
    listen: Listen, client: HubSpotClient, forks: Callable[[Callable[[], object]], bool]
) -> None:
    """A child neither uses its parent's connection nor closes it, and waits for no lock."""
    peer = listen(http())
    client.send(get(peer.url))

    with client._lock:
        is_well = forks(lambda: client.send(get(peer.url)).status == 200)
    client.send(get(peer.url))

    assert is_well
    assert (peer.connections, len(peer.requests)) == (2, 3)


def test_what_a_child_does(listen: Listen, client: HubSpotClient) -> None:
    """What was kept is given up without waiting, and everything is made anew."""
    peer = listen(http())
    client.send(get(peer.url))

    with client._lock:  # held for ever, in a child, by a thread that it does not have
        client._renew()

    assert client._pools == {}
    assert client.send(get(peer.url)).status == 200
    assert peer.connections == 2


# Deadlines


SLOW = {
    "silence": drip(b"", every=60),
    "head": drip(b"HTTP/1.1 200 OK\r\nX-Slow: "),
    "body": drip(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n"),
    "body without end": drip(b"HTTP/1.1 200 OK\r\n\r\n"),
    "informational answers": drip(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 102 "),
}


@pytest.mark.parametrize("script", SLOW.values(), ids=SLOW)
def test_slow_answer(script: Callable[..., None], listen: Listen, client: HubSpotClient) -> None:
    """However slowly an answer drips, the exchange ends in time."""
    peer, start = listen(script), time.monotonic()

    with pytest.raises(HubSpotUnavailable, match="in time"):
        client.send(get(peer.url), deadline=SOON)

    assert time.monotonic() - start < LATE


def test_deadline_of_the_wire(listen: Listen) -> None:
    """Without a word about it, an exchange has the client's own deadline."""
    peer, start = listen(SLOW["body"]), time.monotonic()

    with (
        closing(HubSpotClient(deadline=SOON)) as client,
        pytest.raises(HubSpotUnavailable, match="in time"),
    ):
        client.send(get(peer.url))

    assert time.monotonic() - start < LATE


def test_no_time_at_all(listen: Listen, client: HubSpotClient) -> None:
    """A deadline that is over sends nothing."""
    peer = listen(http())

    with pytest.raises(HubSpotUnavailable, match="in time"):
        client.send(get(peer.url), deadline=0)

    assert peer.requests == []


def test_slow_resolver() -> None:
    """The system's resolver knows no deadline, and is not waited for."""
    done, start = Event(), time.monotonic()

    def never(host: str, port: int) -> list[str]:
        done.wait(PATIENCE)
        return []

    with (
        closing(HubSpotClient(resolve=never)) as client,
        pytest.raises(HubSpotUnavailable, match="in time"),
    ):
        client.send(get("http://localhost:1"), deadline=SOON)

    assert time.monotonic() - start < LATE
    done.set()


def test_slow_tls(listen: Listen, trust: ssl.SSLContext) -> None:
    """A handshake that does not come to an end is part of the exchange."""
    peer, start = listen(drip(b"", every=60)), time.monotonic()
    url = peer.url.replace("http:", "https:")

    with (
        closing(HubSpotClient(ssl_context=trust)) as client,
        pytest.raises(HubSpotUnavailable, match="in time"),
    ):
        client.send(get(url), deadline=SOON)

    assert time.monotonic() - start < LATE


def test_address_that_does_not_answer() -> None:
    """One address gets its share of the time only."""
    start = time.monotonic()
    with socket.create_server(("127.0.0.1", 0), backlog=0) as full:
        port = full.getsockname()[1]
        # A queue that is full lets nobody in.
        waiting = [socket.socket() for _ in range(4)]
        for each in waiting:
            each.settimeout(0)
            each.connect_ex(("127.0.0.1", port))
        with (
            closing(HubSpotClient(connect=SOON)) as client,
            pytest.raises(HubSpotUnavailable, match="no connection came about"),
        ):
            client.send(get(f"http://localhost:{port}"))
        for each in waiting:
            each.close()

    assert time.monotonic() - start < LATE


def test_second_address(listen: Listen) -> None:
    """Where one address does not take a connection, the next one may."""
    peer = listen(http())

    with closing(HubSpotClient(resolve=lambda _host, _port: ["127.0.0.9", "127.0.0.1"])) as client:
        assert client.send(get(peer.url)).status == 200


def test_resolve() -> None:
    """Every address stands there once."""
    assert resolve("127.0.0.1", 80) == ["127.0.0.1"]


# Answers that are refused


@pytest.mark.parametrize("coding", ["gzip", "br", "deflate", "gzip, identity", "x"])
def test_compressed_answer(coding: str, listen: Listen, client: HubSpotClient) -> None:
    """What was not asked for is not unpacked: a few bytes could become any number."""
    with pytest.raises(BadAnswer, match="compressed"):
        client.send(get(listen(http(200, b"\x1f\x8b", {"Content-Encoding": coding})).url))


def test_identity_answer(listen: Listen, client: HubSpotClient) -> None:
    """Saying that nothing was done is fine."""
    peer = listen(http(200, "{}", {"Content-Encoding": " Identity "}))

    assert client.send(get(peer.url)).body == b"{}"


@pytest.mark.parametrize("excess", [0, 1])
def test_length_of_an_answer(excess: int, listen: Listen, client: HubSpotClient) -> None:
    """An answer is bounded, to the byte."""
    peer = listen(http(200, b"x" * (LONGEST_BODY + excess)))

    if excess:
        with pytest.raises(BadAnswer, match="longer"):
            client.send(get(peer.url))
    else:
        assert len(client.send(get(peer.url)).body) == LONGEST_BODY


def test_answer_without_end(listen: Listen, client: HubSpotClient) -> None:
    """The rest of an endless answer is not waited for, and its connection is dropped."""
    broken = Event()

    def flood(connection: socket.socket, stop: Event) -> None:
        try:
            connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n")
            connection.sendall(b"Content-Type: application/json\r\n\r\n")
            while not stop.is_set():
                connection.sendall(b"1000\r\n" + b"x" * 0x1000 + b"\r\n")
        except OSError:
            broken.set()

    with pytest.raises(BadAnswer, match="longer"):
        client.send(get(listen(flood).url))

    assert broken.wait(PATIENCE)


# Trouble on the way


def closes(connection: socket.socket, stop: Event) -> None:
    """Hangs up without a word."""
    connection.shutdown(socket.SHUT_RDWR)


def resets(connection: socket.socket, stop: Event) -> None:
    """Breaks the connection off in the middle."""
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    connection.close()


def truncates(connection: socket.socket, stop: Event) -> None:
    """Ends before it said it would."""
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")
    connection.shutdown(socket.SHUT_RDWR)


def echoes(connection: socket.socket, stop: Event) -> None:
    """Says back in a broken head what it was told."""
    connection.sendall(f"HTTP/1.1 200 OK\r\n{CANARY} {CANARY}\r\n\r\n".encode())


BROKEN = {
    "closes": (closes, "did not speak HTTP"),
    "resets": (resets, "broke off"),
    "truncates": (truncates, "broke off in the middle"),
    "no http": (b"SSH-2.0-OpenSSH_9.9\r\n\r\n", "did not speak HTTP"),
    "endless head": (b"HTTP/1.1 200 OK\r\nX: " + b"x" * 200_000, "did not speak HTTP"),
    "echoes": (echoes, "did not speak HTTP"),
    "hangs": (SLOW["body"], "in time"),
}


@pytest.mark.parametrize(("answer", "words"), BROKEN.values(), ids=BROKEN)
def test_broken_answer(answer: bytes, words: str, listen: Listen, client: HubSpotClient) -> None:
    """Half an answer is none, and the message says what is wrong and where."""
    with pytest.raises(HubSpotUnavailable, match=words) as caught:
        client.send(get(listen(answer).url), deadline=SOON if words == "in time" else None)

    assert "at localhost:" in str(caught.value)


def test_refused_connection(port: int, client: HubSpotClient) -> None:
    """Nobody listens there: without TLS that is a simulator, which is to be started."""
    with pytest.raises(HubSpotUnavailable, match=f"portalkey simulate --port {port}`") as refused:
        client.send(get(f"http://localhost:{port}/secret"))
    assert str(refused.value).startswith(f"No simulator answers at http://localhost:{port};")
    assert refused.value.is_local


def unresolved(host: str, port: int) -> list[str]:
    """What the system says of a name that nobody has."""
    raise socket.gaierror(socket.EAI_NONAME, f"{host}:{port}")


def test_unknown_host() -> None:
    """A name that nobody has is not waited for."""
    with (
        closing(HubSpotClient(resolve=unresolved)) as client,
        pytest.raises(HubSpotUnavailable, match=r"at api\.hubapi\.invalid: .* cannot be resolved"),
    ):
        client.send(get("http://api.hubapi.invalid"))


def test_unreachable_address() -> None:
    """A broadcast address takes no connection."""
    with (
        closing(HubSpotClient(resolve=lambda _host, _port: ["255.255.255.255"])) as client,
        pytest.raises(HubSpotUnavailable, match="cannot be connected to"),
    ):
        client.send(get("http://localhost:9"))


@pytest.mark.parametrize(
    "request_",
    [Request("GET", "http://localhost:1/", bearer=SecretStr("a\r\nb")), Request("GET", "ftp://x/")],
)
def test_request_that_cannot_be_sent(
    request_: Request, listen: Listen, client: HubSpotClient
) -> None:
    """What is no request does not get out."""
    peer = listen(http())
    url = request_.url.replace("localhost:1", f"localhost:{peer.port}")

    with pytest.raises(HubSpotUnavailable, match="cannot be sent"):
        client.send(Request(request_.method, url, bearer=request_.bearer))

    assert peer.requests == []


# TLS


@pytest.fixture
def localhost(tmp_path: Path) -> Path:
    """A certificate of localhost."""
    return certificate("localhost", tmp_path)


@pytest.fixture
def trust(localhost: Path) -> ssl.SSLContext:
    """Trusts the certificate of localhost and no other."""
    return ssl.create_default_context(cafile=str(localhost))


def test_tls(listen: Listen, localhost: Path, trust: ssl.SSLContext) -> None:
    """A certificate that is trusted opens the way, once for all requests."""
    peer = listen(http(), serves(localhost))

    with closing(HubSpotClient(ssl_context=trust)) as client:
        assert client.send(secret(peer.url)).status == 200
        assert client.send(get(peer.url)).status == 200

    assert peer.connections == 1


def test_slow_answer_over_tls(listen: Listen, localhost: Path, trust: ssl.SSLContext) -> None:
    """The deadline reaches through TLS."""
    peer, start = listen(SLOW["body"], serves(localhost)), time.monotonic()

    with (
        closing(HubSpotClient(ssl_context=trust)) as client,
        pytest.raises(HubSpotUnavailable, match="in time"),
    ):
        client.send(get(peer.url), deadline=SOON)

    assert time.monotonic() - start < LATE


def test_certificate_of_nobody(listen: Listen, localhost: Path, client: HubSpotClient) -> None:
    """A certificate that no authority of the system signed is not trusted."""
    peer = listen(http(), serves(localhost))

    with pytest.raises(HubSpotUnreachable, match="cannot be trusted"):
        client.send(secret(peer.url))

    assert peer.requests == []


def test_authorities_of_the_environment(
    listen: Listen, localhost: Path, client: HubSpotClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody adds an authority by a variable of the environment."""
    for name in ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.setenv(name, str(localhost))

    with pytest.raises(HubSpotUnreachable, match="cannot be trusted"):
        client.send(secret(listen(http(), serves(localhost)).url))


@pytest.mark.parametrize(("host", "days"), [("other.example", 1), ("localhost", -1)])
def test_certificate_that_does_not_fit(
    host: str, days: int, listen: Listen, tmp_path: Path
) -> None:
    """The name and the time have to fit even where the signer is trusted."""
    path = certificate(host, tmp_path, days=days)
    peer = listen(http(), serves(path))

    with (
        closing(HubSpotClient(ssl_context=ssl.create_default_context(cafile=str(path)))) as client,
        pytest.raises(HubSpotUnreachable, match="cannot be trusted"),
    ):
        client.send(secret(peer.url))

    assert peer.requests == []


def test_no_tls_at_all(listen: Listen, trust: ssl.SSLContext) -> None:
    """A server that does not speak TLS is not spoken to without it."""
    peer = listen(http(), greeting=b"220 ready\r\n")

    with (
        closing(HubSpotClient(ssl_context=trust)) as client,
        pytest.raises(HubSpotUnavailable, match="TLS could not be agreed on"),
    ):
        client.send(secret(peer.url.replace("http:", "https:")))


# Canaries


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """Everything that any library logs."""
    stream, root = io.StringIO(), logging.getLogger()
    handler, level = logging.StreamHandler(stream), root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield stream
    root.removeHandler(handler)
    root.setLevel(level)


def told(error: BaseException) -> str:
    """All that a crash report could tell of *error*."""
    ours = "".join(traceback.TracebackException.from_exception(error, capture_locals=True).format())
    rich = Console(file=io.StringIO(), width=200, record=True)
    rich.print(Traceback.from_exception(type(error), error, error.__traceback__, show_locals=True))
    return ours + rich.export_text() + f"{error!r} {vars(error)}"


FAILURES: dict[str, Callable[[Listen], str]] = {
    **{
        name: lambda listen, answer=answer: str(listen(answer).url)  # type: ignore[misc]
        for name, (answer, _) in BROKEN.items()
    },
    "refused": lambda _listen: "http://localhost:1",
    "unknown": lambda _listen: "http://api.hubapi.invalid",
    "no tls": lambda listen: str(listen(http(), greeting=b"220 ready").url).replace(
        "http:", "https:"
    ),
    "too long": lambda listen: str(listen(http(200, b"x" * 70_000)).url),
    "compressed": lambda listen: str(listen(http(200, "", {"Content-Encoding": "gzip"})).url),
}


@pytest.mark.parametrize("provoke", FAILURES.values(), ids=FAILURES)
def test_canary(
    provoke: Callable[[Listen], str], listen: Listen, client: HubSpotClient, log: io.StringIO
) -> None:
    """Whatever fails, no secret gets into a log, a message or a crash report."""
    request = secret(provoke(listen))

    with pytest.raises(PortalkeyError) as caught:
        client.send(request, deadline=SOON)

    assert CANARY not in told(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None
    assert traceback.extract_tb(caught.value.__traceback__)[-1].name == "send"
    assert not [line for line in log.getvalue().splitlines() if CANARY in line]


def test_canary_of_a_success(listen: Listen, client: HubSpotClient, log: io.StringIO) -> None:
    """A success logs no secret either."""
    answer = http(200, f'{{"access_token": "{CANARY}"}}', {"Set-Cookie": CANARY})

    client.send(secret(listen(answer).url))

    assert CANARY not in log.getvalue()


class Interrupted(BaseException):
    """What a worker's time limit or Ctrl-C raises anywhere."""


def test_canary_of_an_interruption() -> None:
    """A foreign exception passes through frames that hold no secret."""

    class Interrupts(list[str]):
        def __iter__(self) -> Iterator[str]:
            raise Interrupted

    with (
        closing(HubSpotClient(resolve=lambda _host, _port: Interrupts())) as interrupted,
        pytest.raises(Interrupted) as caught,
    ):
        interrupted.send(secret("http://localhost:1"))

    report = told(caught.value)
    assert "_exchange" in report
    assert CANARY not in report


def test_canary_of_an_interruption_while_waiting(listen: Listen, client: HubSpotClient) -> None:
    """Most of an exchange is waiting: whoever is interrupted there shows nothing that was sent."""

    def interrupt(*_: object) -> None:
        raise Interrupted

    def signal_it(_connection: socket.socket, stop: Event) -> None:
        signal.raise_signal(signal.SIGUSR1)  # of the process, whose main thread waits
        stop.wait(PATIENCE)

    before = signal.signal(signal.SIGUSR1, interrupt)
    try:
        with pytest.raises(Interrupted) as caught:
            client.send(secret(listen(signal_it).url))
    finally:
        signal.signal(signal.SIGUSR1, before)

    report = told(caught.value)
    assert "receive" in report
    assert CANARY not in report
