"""The nginx of docs/servers.md, which signs people in before the standalone app."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Flask, request

from portalkey.broker import Broker
from portalkey.cli.doctor.browser import open_browser
from portalkey.cli.doctor.public import check_public
from portalkey.cli.server import Listener
from portalkey.cli.server.app import create_app
from portalkey.cli.server.owners import named_by_proxy
from portalkey.model.findings import State
from portalkey.settings import Settings
from portalkey_simulator import App, HubSpot, running_hubspot
from support.guest import Guest
from support.nginx import running_nginx_with
from support.ports import free_port
from support.visitor import Visitor

PAGE = Path(__file__).parents[2] / "docs" / "servers.md"
PREFIX, OWNER = "/crm", "ada"
CLOSED = ("/connections/setup", "/auth/hubspot/install", "/api/hubspot/status", "/console/")
OPEN = {"invited": 403, "callback": 303, "complete": 404, "done": 404, "static/portalkey.css": 200}


@pytest.fixture
def hubspot(port: int) -> Iterator[HubSpot]:
    """A simulator that knows the app behind the proxy."""
    uri = f"http://localhost:{port}{PREFIX}/auth/hubspot/callback"
    app = App(client_id="proxied", client_secret="s" * 20, redirect_uris=(uri,))
    with running_hubspot(apps=[app]) as running:
        yield running


@pytest.fixture
def broker(
    settings: Settings, hubspot: HubSpot, make_broker: Callable[[Settings], Broker]
) -> Broker:
    """A broker below the prefix."""
    return make_broker(settings.model_copy(update={"redirect_uri": hubspot.app.redirect_uris[0]}))


@pytest.fixture
def address(broker: Broker, port: int, tmp_path: Path) -> Iterator[str]:
    """Where nginx lets people in whom a sign-in knows: those with a cookie that says who."""
    behind, asked = free_port(port), free_port()
    app = create_app(broker, owners=named_by_proxy("X-Forwarded-User", ["127.0.0.1"]))
    (block,) = re.findall(r"```nginx\n(.*?)```", PAGE.read_text(), re.DOTALL)
    for old, new in {
        "127.0.0.1:6001": f"127.0.0.1:{behind}",
        "127.0.0.1:4180": f"127.0.0.1:{asked}",
    }.items():
        assert old in block
        block = block.replace(old, new)
    server = f"server {{\n listen 127.0.0.1:{port};\n{block}\n}}"
    with (
        Listener(app, broker, host="127.0.0.1", port=behind),
        Listener(make_sign_in(), broker, host="127.0.0.1", port=asked),
        running_nginx_with(tmp_path, server, port),
    ):
        yield f"http://localhost:{port}{PREFIX}"


def make_sign_in() -> Flask:
    """What nginx asks, as oauth2-proxy answers."""
    app = Flask("sign-in")

    @app.get("/oauth2/auth")
    def find_user() -> tuple[str, int, dict[str, str]]:
        who = request.cookies.get("who")
        return ("", 202, {"X-Auth-Request-User": who}) if who else ("", 401, {})

    return app


def test_somebody_with_a_login_connects(address: str, hubspot: HubSpot, broker: Broker) -> None:
    """They are named on the way back, too, where the login is optional."""
    with Visitor(address, hubspot) as visitor:
        visitor.http.cookies.set("who", OWNER)
        assert "Connected to HubSpot" in visitor.connect().text
        assert visitor.owner == OWNER

    assert broker.access_token(OWNER)


def test_somebody_without_a_login_connects_by_a_link(
    address: str, hubspot: HubSpot, broker: Broker
) -> None:
    """All of its way is open, and nothing else is, whatever a request says of itself."""
    with Visitor(address, hubspot) as visitor:
        assert "Connected to" in Guest(visitor).connect(link_below(broker))
        for path in CLOSED:
            answer = visitor.get(path, x_forwarded_user=OWNER)
            assert answer.status_code == 302, path
            assert "/oauth2/sign_in?rd=" in answer.headers["location"]
        for path, status in OPEN.items():
            assert visitor.get(f"/auth/hubspot/{path}").status_code == status, path

    assert broker.access_token(OWNER)


def link_below(broker: Broker) -> str:
    """A link without the prefix, which the visitor lays before each path."""
    return broker.invite(OWNER).link.replace(f"{PREFIX}/", "/")


def test_the_doctor_comes_without_a_login(address: str, broker: Broker) -> None:
    """What the sign-in keeps from it is not judged."""
    settings = broker.settings
    assert address.startswith(settings.public_url)
    found = {each.name: each for each in check_public(settings, open_browser(settings.public_url))}

    assert {each.state for each in found.values()} == {State.OK, State.UNKNOWN}
    unseen = {name for name, each in found.items() if each.state is State.UNKNOWN}
    assert unseen == {"opener_policy", "cookies"}
    assert "a sign-in in front of the app answered" in found["opener_policy"].sentence
