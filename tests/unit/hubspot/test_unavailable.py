"""Trouble on the way to HubSpot, told apart by where it arose: on this machine, or beyond."""

import resource
import socket
import ssl
import threading
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from threading import Event

import pytest

from portalkey.errors import BadAnswer, HubSpotUnavailable
from portalkey.hubspot.client import LONGEST_BODY, HubSpotClient
from portalkey.hubspot.deadline import Connector, resolve
from portalkey.hubspot.failures import LateConnection
from portalkey.hubspot.http import Request
from support.patience import PATIENCE, with_time_enough
from support.peer import Peer, Script, drip, http

Listen = Callable[..., Peer]
SOON = 0.3
"""Seconds of a deadline that a test lets pass."""
SILENCE = drip(b"", every=60)


def trouble_of(client: HubSpotClient, url: str, seconds: float | None = None) -> HubSpotUnavailable:
    """The trouble that a request to *url* meets."""
    with closing(client), pytest.raises(HubSpotUnavailable) as caught:
        client.send(Request("GET", f"{url}/x", seconds=seconds))
    return caught.value


def unresolved(host: str, port: int) -> list[str]:
    """What the system says of a name that nobody has."""
    raise socket.gaierror(socket.EAI_NONAME, f"{host}:{port}")


def never(host: str, port: int) -> list[str]:
    """A resolver that outlasts every deadline here."""
    time.sleep(3 * SOON)
    return []


def test_name_that_is_not_resolved() -> None:
    """No server of names, or no such name: nothing left this machine, and it says where to look."""
    trouble = trouble_of(HubSpotClient(resolve=unresolved), "http://api.hubapi.invalid")

    assert (trouble.is_local, trouble.is_timeout) == (True, False)
    assert str(trouble).startswith("This machine cannot reach HubSpot at api.hubapi.invalid: its ")
    assert "look at its name server" in str(trouble)


def test_name_that_takes_too_long() -> None:
    """A server of names that does not answer is this machine's as well."""
    trouble = trouble_of(HubSpotClient(deadline=SOON, resolve=never), "http://localhost:1")

    assert trouble.is_local


def test_name_that_takes_most_of_the_time() -> None:
    """Another machine may be waiting for the lease, so this has a part of the time only."""
    connector, start = Connector(PATIENCE, never, before_sending=SOON), time.monotonic()

    with pytest.raises(LateConnection):
        connector.connect("localhost", 1, start + PATIENCE)


def test_tls_that_takes_most_of_the_time(listen: Listen) -> None:
    """TLS gets what name and connection have left."""
    peer = listen(SILENCE)
    context, end = ssl.create_default_context(), time.monotonic() + PATIENCE

    def has_connected(seconds: float) -> bool:
        connector = Connector(PATIENCE, resolve, before_sending=seconds)
        try:
            opened = connector.connect("127.0.0.1", peer.port, end)
        except LateConnection:
            return False
        with closing(opened), pytest.raises(LateConnection):
            opened.start_tls(context, "localhost", end)
        return True

    assert with_time_enough(has_connected, lambda connected: not connected)


def test_connection_that_is_refused(port: int) -> None:
    """Nobody listens, or a firewall says no."""
    assert trouble_of(HubSpotClient(), f"http://localhost:{port}").is_local


def test_address_without_a_route() -> None:
    """A broadcast address takes no connection."""
    client = HubSpotClient(resolve=lambda _host, _port: ["255.255.255.255"])

    assert trouble_of(client, "http://localhost:9").is_local


def test_connection_that_does_not_come_about() -> None:
    """A queue that is full, or a firewall that drops: nobody has said a word."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as full:
        port = full.getsockname()[1]
        waiting = [socket.socket() for _ in range(4)]
        for each in waiting:
            each.settimeout(0)
            each.connect_ex(("127.0.0.1", port))
        trouble = trouble_of(HubSpotClient(connect=SOON), f"http://localhost:{port}")
        for each in waiting:
            each.close()

    assert (trouble.is_local, trouble.is_timeout) == (True, False)


@pytest.mark.parametrize("greeting", [b"220 ready\r\n", b""], ids=["refused", "hangs"])
def test_tls_that_is_not_agreed_on(greeting: bytes, listen: Listen) -> None:
    """The request is sent after that, so none was."""
    peer = listen(SILENCE, greeting=greeting)
    client = HubSpotClient(connect=SOON, ssl_context=ssl.create_default_context())

    assert trouble_of(client, peer.url.replace("http:", "https:")).is_local
    assert peer.requests == []


def test_no_time_before_the_request(listen: Listen) -> None:
    """A deadline that is over before anything is sent."""
    assert trouble_of(HubSpotClient(), listen(http()).url, seconds=0.0).is_local


def test_no_descriptor(listen: Listen) -> None:
    """A process without descriptors tells of itself, not of HubSpot."""
    peer, (soft, hard) = listen(http()), resource.getrlimit(resource.RLIMIT_NOFILE)
    with Path("/dev/null").open() as lowest_free:
        resource.setrlimit(resource.RLIMIT_NOFILE, (lowest_free.fileno(), hard))
        try:
            over_http = trouble_of(HubSpotClient(), peer.url)
            over_tls = trouble_of(HubSpotClient(), peer.url.replace("http:", "https:"))
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))

    assert over_http.is_local
    assert over_tls.is_local


def test_no_thread() -> None:
    """So does one that can start no more threads."""
    before = threading.stack_size(1 << 47)  # more than there are addresses
    try:
        trouble = trouble_of(HubSpotClient(), "http://localhost:1")
    finally:
        threading.stack_size(before)

    assert trouble.is_local


def hang_up(connection: socket.socket, stop: Event) -> None:
    """Takes the request, and hangs up without a word."""
    connection.shutdown(socket.SHUT_RDWR)


@pytest.mark.parametrize(
    ("script", "is_timeout"),
    [(SILENCE, True), (drip(b"HTTP/1.1 200 OK\r\nX: "), True), (hang_up, False)],
    ids=["silence", "drips", "hangs up"],
)
def test_request_without_an_answer(script: Script, listen: Listen, *, is_timeout: bool) -> None:
    """HubSpot has the request and may have acted on it: that is not this machine's trouble."""
    url = listen(script).url

    def ask(seconds: float) -> HubSpotUnavailable:
        return trouble_of(HubSpotClient(), url, seconds=seconds if is_timeout else None)

    trouble = with_time_enough(ask, lambda each: each.is_local)

    assert (trouble.is_local, trouble.is_timeout) == (False, is_timeout)
    assert str(trouble).startswith("HubSpot cannot be reached at localhost: ")


def test_seconds_of_a_request(listen: Listen) -> None:
    """A request may have less time than its client, and never more."""
    url, start = listen(SILENCE).url, time.monotonic()

    def ask(request: float) -> HubSpotUnavailable:
        return trouble_of(HubSpotClient(deadline=PATIENCE), url, seconds=request)

    def ask_by_client(client: float) -> HubSpotUnavailable:
        return trouble_of(HubSpotClient(deadline=client), url, seconds=PATIENCE)

    assert with_time_enough(ask, lambda each: each.is_local).is_timeout
    assert with_time_enough(ask_by_client, lambda each: each.is_local).is_timeout
    assert time.monotonic() - start < PATIENCE


@pytest.mark.parametrize("kind", ["text/html; charset=utf-8", "application/json"])
def test_answer_that_is_not_read(kind: str, listen: Listen, client: HubSpotClient) -> None:
    """A page that is too long comes from no API that is well; JSON is the operator's to look at."""
    peer = listen(http(200, b"x" * (LONGEST_BODY + 1), {"Content-Type": kind}))
    error = HubSpotUnavailable if "html" in kind else BadAnswer

    with pytest.raises(error, match="longer") as caught:
        client.send(Request("GET", peer.url))

    assert not getattr(caught.value, "is_local", False)
