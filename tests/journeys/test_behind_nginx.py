"""A proxy with the headers that it sends by itself: the journey needs none of them."""

import logging
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Flask

from portalkey.broker import Broker
from portalkey.cli.server import Listener
from portalkey.flask import HubSpotAuth
from portalkey.settings import Settings
from portalkey_simulator import App, HubSpot, running_hubspot
from support.hosting import FIRST
from support.nginx import running_nginx
from support.ports import free_port
from support.visitor import Visitor, query_of

PREFIX = "/crm"


@pytest.fixture
def hubspot(port: int) -> Iterator[HubSpot]:
    """A simulator that knows the app behind the proxy."""
    uri = f"http://localhost:{port}{PREFIX}/auth/hubspot/callback"
    app = App(client_id="proxied", client_secret="s" * 20, redirect_uris=(uri,))
    with running_hubspot(apps=[app]) as running:
        yield running


def test_nginx_keeps_the_prefix_to_itself(
    settings: Settings,
    hubspot: HubSpot,
    make_broker: Callable[[Settings], Broker],
    port: int,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """No X-Forwarded header, the upstream's Host: it connects, and one line says what lacks."""
    caplog.set_level(logging.WARNING, "portalkey")
    behind, uri = free_port(port), hubspot.app.redirect_uris[0]
    broker = make_broker(settings.model_copy(update={"redirect_uri": uri}))
    app = Flask("host")
    app.secret_key = "of-the-host"
    HubSpotAuth(app, broker, owner=lambda: "ada")
    with (
        Listener(app, broker, host="127.0.0.1", port=behind),
        running_nginx(tmp_path, port=port, behind=behind, prefix=PREFIX),
        Visitor(f"http://localhost:{port}", hubspot) as visitor,
    ):
        page = visitor.get(f"{PREFIX}/connections/setup").text
        start = page.partition(f'href="{PREFIX}/auth/hubspot/start?')[2].partition('"')[0]
        to_hubspot = visitor.get(f"{PREFIX}/auth/hubspot/start?{start}&attempt={'N' * 22}")
        assert to_hubspot.status_code == 303, to_hubspot.text
        assert query_of(to_hubspot.headers["location"])["redirect_uri"] == uri
        callback = visitor.get(visitor.agree(to_hubspot.headers["location"], FIRST))
        done = visitor.get(callback.headers["location"])

    assert "Connected to HubSpot" in done.text
    lines = [each for each in caplog.messages if each.startswith("mount_differs: ")]
    assert len(lines) == 1
    assert f"X-Forwarded-Prefix: {PREFIX}" in lines[0]
