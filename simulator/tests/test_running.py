"""Starting, stopping, and walking through."""

import logging
import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress

import httpx2
import pytest

from portalkey_simulator import ACCOUNTS, App, HubSpot, StayedOnPage, running_hubspot
from portalkey_simulator.server import HOST, Server


def test_answers_inside_the_block_only() -> None:
    """It answers from the first line of the block, and nobody listens after the last."""
    with running_hubspot() as hubspot:
        assert httpx2.get(f"{hubspot.url}/isalive").status_code == 200

    with pytest.raises(httpx2.ConnectError):
        httpx2.get(f"{hubspot.url}/isalive")


def test_nothing_is_left() -> None:
    """After the block no thread is left, nor an entry in cheroot's registry."""
    threads = set(threading.enumerate())
    registered = set(getattr(logging, "statistics", {}))
    with running_hubspot() as hubspot:
        httpx2.get(f"{hubspot.url}/isalive")
        assert len(threading.enumerate()) > len(threads)

    assert threads == set(threading.enumerate())
    assert registered == set(getattr(logging, "statistics", {}))


def test_spare_connections_do_not_hold_it_up() -> None:
    """A browser keeps connections that say nothing; a stop does not wait for them."""
    hubspot = HubSpot()
    hubspot.start()
    with socket.create_connection(("127.0.0.1", hubspot.port)):
        httpx2.get(f"{hubspot.url}/isalive")
        begun = time.monotonic()
        hubspot.stop()

    assert time.monotonic() - begun < 2


def test_a_request_that_drips_ends_with_its_deadline() -> None:
    """Its thread is free again, though a byte comes now and then."""
    server = Server(lambda *_: [], 0, request_seconds=0.3)
    server.start()
    with socket.create_connection((HOST, server.port)) as slow:
        slow.settimeout(0.05)
        slow.sendall(b"GET / HTTP/1.1\r\nX: ")
        answer, until = b"", time.monotonic() + 60
        while not answer and time.monotonic() < until:
            with suppress(TimeoutError):
                answer = slow.recv(100)
            with suppress(OSError):
                slow.send(b"x")
    server.stop()

    assert b"408 Request Timeout" in answer


def test_several_at_once() -> None:
    """Simulators know nothing of one another."""
    with running_hubspot() as one, running_hubspot() as other:
        one.clock.move(100)

        assert one.port != other.port
        assert other.clock.now() < one.clock.now() - 50
        for hubspot in (one, other):
            assert httpx2.get(f"{hubspot.url}/isalive").status_code == 200


def test_port_can_be_named(hubspot: HubSpot) -> None:
    """A port that was free a moment ago can be asked for; one that is taken is refused."""
    hubspot.stop()
    with running_hubspot(port=hubspot.port) as named:
        assert hubspot.port == named.port

        threads = set(threading.enumerate())
        with pytest.raises(OSError, match="Address already in use"):
            HubSpot(port=named.port).start()
        assert set(threading.enumerate()) <= threads


def test_stopped_and_started_again(
    hubspot: HubSpot, authorize_url: Callable[..., str], http: httpx2.Client
) -> None:
    """It can go away for a while: port and all that it knows stay the same."""
    port = hubspot.port
    code = httpx2.URL(hubspot.approve(authorize_url())).params["code"]
    hubspot.stop()
    hubspot.stop()
    hubspot.start()
    hubspot.start()

    assert port == hubspot.port
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": hubspot.app.redirect_uris[0],
        "client_id": hubspot.app.client_id,
        "client_secret": hubspot.app.client_secret,
    }
    http.post("/oauth/2026-09/token", data=form).raise_for_status()


def test_its_own_apps_only() -> None:
    """It knows the apps that it was given; the first is the one at hand."""
    first = App(client_id="1", client_secret="s", redirect_uris=())
    second = App(client_id="2", client_secret="s", redirect_uris=())
    hubspot = HubSpot(apps=[first, second])

    assert first is hubspot.app
    assert hubspot.accounts == ACCOUNTS


def test_no_account() -> None:
    """Without an account nobody could connect, and it says so at once."""
    with pytest.raises(ValueError, match="accounts is empty"):
        HubSpot(accounts=())


def test_url_of_somebody_else(hubspot: HubSpot) -> None:
    """A walk never leaves the simulator."""
    for walk in (hubspot.approve, hubspot.deny):
        with pytest.raises(ValueError, match=hubspot.url):
            walk("https://app.hubspot.com/oauth/authorize?client_id=1")


def test_both_names_can_be_walked(hubspot: HubSpot, authorize_url: Callable[..., str]) -> None:
    """The simulator is ``localhost`` and ``127.0.0.1``."""
    url = authorize_url().replace("//localhost:", "//127.0.0.1:")

    assert "code=" in hubspot.approve(url)


def test_walk_tells_why_it_ended(hubspot: HubSpot) -> None:
    """The error of a walk is the page's sentence."""
    with pytest.raises(StayedOnPage) as stayed:
        hubspot.approve(f"{hubspot.url}/oauth/authorize")

    assert stayed.value.sentence == "an invalid or missing client_id was provided"
    assert str(stayed.value) == stayed.value.sentence


def test_clock_runs(hubspot: HubSpot) -> None:
    """The clock shows the time of day until it is moved, and goes both ways."""
    assert abs(hubspot.clock.now() - time.time()) < 5
    hubspot.clock.move(-86400)
    assert hubspot.clock.now() < time.time() - 80000


@pytest.mark.parametrize(
    "uri",
    [
        "http://127.0.0.1:6001/callback",
        "https://127.0.0.1/callback",
        "https://[::1]/callback",
        "http://app.localhost:6001/callback",
        "http://example.com/callback",
        "ftp://localhost/callback",
        "https:///callback",
        "/callback",
    ],
)
def test_redirect_uri_that_hubspot_refuses(uri: str) -> None:
    """HubSpot registers https with a domain name, and http for localhost only."""
    with pytest.raises(ValueError, match="HubSpot registers https"):
        App(client_id="c", client_secret="s", redirect_uris=(uri,))
