"""A journey enters few files: whoever follows it has few to read."""

import re
import secrets
from collections.abc import Callable
from pathlib import Path
from threading import Event
from urllib.parse import urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient

import portalkey
from architecture.rooms import rooms_of
from portalkey.broker.broker import Broker
from portalkey.flask import HubSpotAuth
from portalkey_simulator import HubSpot

PACKAGE = Path(portalkey.__file__).parent
MOST = {
    "click": 28,
    "callback": 46,
    "status": 17,
    "token, cold": 19,
    "token, cached": 1,
    "token, expired": 38,
    "disconnect": 29,
}
"""Only ever lowered, but for a guard that every journey passes: gates, breakers, deadlines and kept
connections on the way to HubSpot, walls, limits and turns on the way to the store, the count of who
took a token, and what is done once a minute on the side.
Disconnecting counts to HubSpot's answer, without what else is owed and goes on the side. A
connection to SQLite that is opened anew counts with the tokens."""
HEADERS = {"Sec-Fetch-Site": "same-origin"}


@pytest.fixture
def client(broker: Broker) -> FlaskClient:
    """A browser before an app in which Ada is signed in."""
    app = Flask("rooms")
    app.secret_key = secrets.token_hex(16)
    HubSpotAuth(app, broker, owner=lambda: "ada")
    client = app.test_client()
    client.environ_base["HTTP_HOST"] = urlsplit(broker.settings.public_url).netloc
    return client


@pytest.fixture
def start(client: FlaskClient) -> Callable[[], str]:
    """Clicks on the link of the page, and returns the address at HubSpot."""

    def click() -> str:
        page = client.get("/connections/setup", headers=HEADERS).text
        link = re.findall(r'href="(/auth/hubspot/start[^"]+)"', page)[0].replace("&amp;", "&")
        return f"{link}&attempt={secrets.token_urlsafe(16)}"

    return click


@pytest.fixture
def connected(client: FlaskClient, start: Callable[[], str], hubspot: HubSpot) -> str:
    """Ada's first connection; returns the callback's address that made it."""
    to_hubspot = client.get(start(), headers=HEADERS).headers["Location"]
    back = hubspot.approve(to_hubspot)
    assert client.get(back, headers=HEADERS).status_code == 303
    return back


def test_click(client: FlaskClient, start: Callable[[], str], connected: str) -> None:
    """From the request to the way to HubSpot."""
    link = start()

    assert_few("click", lambda: client.get(link, headers=HEADERS))


def test_callback(
    client: FlaskClient, start: Callable[[], str], hubspot: HubSpot, connected: str
) -> None:
    """From HubSpot's answer to a sealed row."""
    back = hubspot.approve(client.get(start(), headers=HEADERS).headers["Location"])

    assert_few("callback", lambda: client.get(back, headers=HEADERS))


def test_status(client: FlaskClient, connected: str) -> None:
    """What a page asks time and again."""
    client.get("/api/hubspot/status", headers=HEADERS)

    assert_few("status", lambda: client.get("/api/hubspot/status", headers=HEADERS))


def test_tokens(broker: Broker, hubspot: HubSpot, ahead: object, connected: str) -> None:
    """From the store, from the cache, and renewed at HubSpot."""
    broker._retry_at = float("inf")  # what a process does once a minute on the side
    broker.close()
    assert_few("token, cold", lambda: broker.access_token("ada"))
    assert_few("token, cached", lambda: broker.access_token("ada"))
    for _ in range(2):  # the first renewal of a process pays for what is made once
        broker.close()
        ahead.seconds += 1801  # type: ignore[attr-defined]
        hubspot.clock.move(1801)
        rooms = rooms_of(lambda: broker.access_token("ada"), PACKAGE)

    assert len(rooms) <= MOST["token, expired"], " ".join(rooms)


def test_disconnect(broker: Broker, connected: str) -> None:
    """From the owner's word to HubSpot's answer."""
    connection = broker.connections("ada")[0].id
    is_over = Event()
    broker._background.start("owed", is_over.wait)  # what else is owed goes on the side

    try:
        assert_few("disconnect", lambda: broker.disconnect("ada", connection))
    finally:
        is_over.set()
    assert broker.find_owed() == []  # HubSpot has answered


def assert_few(journey: str, act: Callable[[], object]) -> None:
    """No more rooms than today."""
    rooms = rooms_of(act, PACKAGE)

    assert 0 < len(rooms) <= MOST[journey], " ".join(rooms)
