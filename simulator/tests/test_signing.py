"""Requests that carry HubSpot's signature."""

from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Any

import pytest

from portalkey_simulator import DEFAULT_APP, HubSpot
from portalkey_simulator.signing import sign

PUBLISHED = replace(DEFAULT_APP, client_secret="yyyyyyyy-yyyy-yyyy-yyyy-yyyyyyyyyyyy")
OURS = replace(DEFAULT_APP, client_secret="11111111-2222-3333-4444-555555555555")
EVENT = (
    b'[{"eventId":1,"subscriptionId":12345,"portalId":62515,"occurredAt":1564113600000,'
    b'"subscriptionType":"contact.creation","attemptNumber":0,"objectId":123,'
    b'"changeSource":"CRM","changeFlag":"NEW","appId":54321}]'
)

PATIENCE = 60.0
"""Seconds that only what is broken takes."""
MOMENT = 1767225600000
HOOK = "https://app.example.com/hubspot/webhook?x=1"


def test_version_1() -> None:
    """The digest that HubSpot publishes."""
    assert sign(PUBLISHED, "v1", "POST", HOOK, body=EVENT, timestamp=0) == {
        "X-HubSpot-Signature": "232db2615f3d666fe21a8ec971ac7b5402d33b9a925784df3ca654d05f4817de",
        "X-HubSpot-Signature-Version": "v1",
    }


def test_version_2() -> None:
    """The digest that HubSpot publishes."""
    url = "https://www.example.com/webhook_uri"
    assert sign(PUBLISHED, "v2", "GET", url, body=b"", timestamp=0) == {
        "X-HubSpot-Signature": "eee2dddcc73c94d699f5e395f4b9d454a069a6855fbfa152e91e88823087200e",
        "X-HubSpot-Signature-Version": "v2",
    }


def test_version_3() -> None:
    """HubSpot publishes no digest; this one is by its formula."""
    assert sign(OURS, "v3", "POST", HOOK, body=b'[{"portalId":62515}]', timestamp=MOMENT) == {
        "X-HubSpot-Signature-v3": "/QvkpIFWNHkH0GeOSzHXbFErf2KKm8cxVgTM0mq0V5I=",
        "X-HubSpot-Request-Timestamp": "1767225600000",
    }


def test_escapes() -> None:
    """Version 3 decodes some escapes before it signs, whatever their case, and leaves others."""

    def signed(url: str) -> dict[str, str]:
        return sign(OURS, "v3", "GET", url, body=b"", timestamp=MOMENT)

    assert signed(f"{HOOK}&at=a%40b%2Fc%3a") == signed(f"{HOOK}&at=a@b/c:")
    assert signed(f"{HOOK}&at=a%20b%26") != signed(f"{HOOK}&at=a b&")


def test_no_such_version() -> None:
    """The message names those that there are."""
    with pytest.raises(ValueError, match="v1, v2, v3"):
        sign(OURS, "v4", "GET", HOOK, body=b"", timestamp=0)  # type: ignore[arg-type]


class Ear(HTTPServer):
    """An app that answers what it heard last."""

    heard: dict[str, Any]


class Handler(BaseHTTPRequestHandler):
    """Notes one request."""

    server: Ear

    def do_PUT(self) -> None:
        """Keep what came, and answer with its body."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.heard = {"path": self.path, "headers": dict(self.headers)}
        self.send_response(202)
        self.end_headers()
        self.wfile.write(body.upper())

    def log_message(self, *_: object) -> None:
        """Nothing."""


@pytest.fixture
def ear() -> Iterator[Ear]:
    """An app that listens for one request."""
    with Ear(("127.0.0.1", 0), Handler) as server:
        server.timeout = PATIENCE
        thread = Thread(target=server.handle_request)
        thread.start()
        yield server
        thread.join()


def test_sent(hubspot: HubSpot, ear: Ear) -> None:
    """The app gets the body, the signature, and the simulator's own time."""
    hubspot.clock.move(-600)
    url = f"http://localhost:{ear.server_port}/hook?x=1"

    answer = hubspot.send_signed(url, b"[]a", method="PUT")
    assert answer == (202, b"[]A")
    assert ear.heard["path"] == "/hook?x=1"
    headers = ear.heard["headers"]
    assert headers["Content-Type"] == "application/json"
    moment = int(headers["X-HubSpot-Request-Timestamp"])
    assert abs(moment / 1000 - hubspot.clock.now()) < 60
    expected = sign(hubspot.app, "v3", "PUT", url, body=b"[]a", timestamp=moment)
    assert expected.items() <= headers.items()


def test_sent_as_told(hubspot: HubSpot, ear: Ear) -> None:
    """Version, app and time can be another."""
    url = f"http://127.0.0.1:{ear.server_port}"
    hubspot.send_signed(url, b"", method="PUT", version="v3", app=OURS, timestamp=MOMENT)

    expected = sign(OURS, "v3", "PUT", url, body=b"", timestamp=MOMENT)
    assert expected.items() <= ear.heard["headers"].items()
    assert ear.heard["path"] == "/"


@pytest.mark.parametrize("url", ["http://app.example/", "https://localhost/", "http:///x", "hook"])
def test_only_this_machine(hubspot: HubSpot, url: str) -> None:
    """Nothing is ever sent elsewhere."""
    with pytest.raises(ValueError, match="http://localhost and http://127"):
        hubspot.send_signed(url, b"")
