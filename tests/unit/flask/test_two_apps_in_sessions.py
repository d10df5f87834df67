"""Two HubSpot apps of one host, whose connections are in the visitor's session."""

import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from flask import Flask, session
from flask.testing import FlaskClient
from pydantic import SecretStr

from portalkey.broker import Broker
from portalkey.errors import NotConnected
from portalkey.flask import HubSpotAuth, forget_browser
from portalkey.settings import Settings
from portalkey_simulator import App, HubSpot, running_hubspot
from support.hosting import FIRST, SECOND, come_back, page_of
from support.session_cookies import CONNECTIONS, connections_of, cookies_of

CALLBACK = "/auth/hubspot/callback"
EU = "eu"


@dataclass(frozen=True)
class Two:
    """The host, its two brokers by their names, and the HubSpot of both."""

    app: Flask
    brokers: dict[str, Broker]
    hubspot: HubSpot

    def connect(self, client: FlaskClient, name: str, hub_id: int) -> str:
        """Connect an account from the setup page of the app *name*; where that ends."""
        prefix = f"/{name}" if name else ""
        link = page_of(client, f"{prefix}/connections/setup").select_one("[data-key=new] a")
        assert link is not None
        return come_back(client, self.hubspot, str(link["href"]), hub_id)


@pytest.fixture
def two(
    settings: Settings,
    make_broker: Callable[[Settings], Broker],
    tmp_path: Path,
) -> Iterator[Two]:
    """Such a host, whose ``/tokens`` says which of the two has one."""
    uris = {"": f"{settings.public_url}{CALLBACK}", EU: f"{settings.public_url}/{EU}{CALLBACK}"}
    apps = {name: App(f"app-{name}", secrets.token_hex(16), (uri,)) for name, uri in uris.items()}
    with running_hubspot(apps=list(apps.values())) as hubspot:
        brokers = {}
        for name, each in apps.items():
            changes = {
                "client_id": each.client_id,
                "client_secret": SecretStr(each.client_secret),
                "redirect_uri": uris[name],
                "app_url": hubspot.url,
                "api_url": hubspot.url,
            }
            brokers[name] = make_broker(settings.model_copy(update=changes))
        yield Two(make_host(brokers), brokers, hubspot)


def make_host(brokers: dict[str, Broker]) -> Flask:
    """The host."""
    app = Flask("host")
    app.secret_key = "of-the-host"

    def sign_in(name: str) -> str:
        session["user"] = name
        return "in"

    def sign_out() -> str:
        del session["user"]
        forget_browser()
        return "out"

    def has_token(name: str) -> bool:
        try:
            return bool(brokers[name].access_token(session["user"]))
        except NotConnected:
            return False

    def keep(size: int) -> str:
        session["kept"] = secrets.token_urlsafe(size)  # which cannot be compressed
        return "kept"

    for name, broker in brokers.items():
        HubSpotAuth(app, broker, owner=lambda: session.get("user"), store="session", name=name)
    app.add_url_rule("/as/<name>", "in", sign_in)
    app.add_url_rule("/out", "out", sign_out)
    app.add_url_rule("/tokens", "tokens", lambda: {name: has_token(name) for name in brokers})
    app.add_url_rule("/keep/<int:size>", "keep", keep)
    return app


def signed_in(two: Two, name: str = "ada") -> FlaskClient:
    """A browser in which *name* is signed in."""
    client = two.app.test_client()
    client.get(f"/as/{name}")
    return client


def test_each_has_its_own(two: Two) -> None:
    """Both are connected in one browser, and what ends one leaves the other."""
    client = signed_in(two)
    two.connect(client, "", FIRST)
    assert client.get("/tokens").json == {"": True, EU: False}

    two.connect(client, EU, SECOND)
    assert client.get("/tokens").json == {"": True, EU: True}
    status: Any = client.get(f"/{EU}/api/hubspot/status").json
    assert [each["hub_id"] for each in status["connections"]] == [SECOND]
    (connection,) = status["connections"]
    page = page_of(client, f"/{EU}/connections/setup/{connection['id']}/disconnect")
    fields = {str(each["name"]): str(each["value"]) for each in page.select("input")}
    for name, account in ((CONNECTIONS, FIRST), (f"{CONNECTIONS}_{EU}", SECOND)):
        (row,) = connections_of(client, name)["rows"]
        assert account in row
    client.post(f"/{EU}/api/hubspot/connections/{connection['id']}/disconnect", data=fields)
    assert client.get("/tokens").json == {"": True, EU: False}


def test_whoever_comes_next_finds_nothing(two: Two) -> None:
    """Another who signs in within the session, asked for by the host's own page first."""
    client = signed_in(two)
    two.connect(client, EU, FIRST)
    client.get("/as/eve")
    assert client.get("/tokens").json == {"": False, EU: False}
    client.get("/as/ada")
    assert client.get("/tokens").json == {"": False, EU: False}


def test_a_sign_out_forgets_those_of_both(two: Two) -> None:
    """Nothing of either is left in the session."""
    client = signed_in(two)
    two.connect(client, "", FIRST)
    two.connect(client, EU, FIRST)
    client.get("/out")

    assert cookies_of(client) == {}


def test_each_has_room_of_its_own(two: Two) -> None:
    """Beside what the host keeps; what has none is refused, and the other's connection stays."""
    client = signed_in(two)
    two.connect(client, "", FIRST)
    client.get("/keep/1400")
    done = two.connect(client, EU, SECOND)

    assert "browser would drop it" in client.get(done).text
    assert client.get("/tokens").json == {"": True, EU: False}
    client.get("/keep/700")
    two.connect(client, EU, SECOND)
    assert client.get("/tokens").json == {"": True, EU: True}


def test_all_of_them_pass_in_one_request(two: Two) -> None:
    """Servers take 8 KB of one header, and a browser sends the cookies of all apps in it."""
    client = signed_in(two)
    for name in ("us", "asia"):
        client.set_cookie(f"{CONNECTIONS}_{name}", "x" * 3000)
    done = two.connect(client, EU, SECOND)

    assert "browser would drop it" in client.get(done).text
    client.delete_cookie(f"{CONNECTIONS}_us")
    two.connect(client, EU, SECOND)
    assert client.get("/tokens").json == {"": False, EU: True}
