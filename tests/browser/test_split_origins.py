"""T42: the front end on one origin, the API on another, and both on one site."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Flask, Response, render_template_string, send_from_directory

import portalkey.web
from browser.engines.base import Engine
from browser.journey import (
    AGREE,
    AT_HUBSPOT,
    CONNECT,
    DECLINE,
    STATE,
    assert_joined,
    assert_severed,
    in_chromium,
    open_popup,
)
from portalkey.broker import Broker
from portalkey.cli.server import Listener
from portalkey.flask import HubSpotAuth
from portalkey.settings import Settings
from portalkey_simulator import HubSpot
from support.ports import free_port

STATIC = Path(portalkey.web.__file__).parent / "static"
PAGE = (Path(__file__).parent / "front.html").read_text()
AFTER = "document.body?.innerText === 'after'"


class Front:
    """A front end that serves its page and our bridge; ``opener_policy`` is its page's."""

    def __init__(self, api: str, port: int) -> None:
        self.url = f"http://localhost:{port}"
        self.opener_policy: str | None = None
        self.app = Flask("front", static_folder=None)
        self.app.add_url_rule("/", "page", lambda: self._page(api))
        self.app.add_url_rule("/after", "after", lambda: "after")
        self.app.add_url_rule(
            "/portalkey/<name>", "ours", lambda name: send_from_directory(STATIC, name)
        )

    def _page(self, api: str) -> Response:
        response = Response(render_template_string(PAGE, api=api))
        if self.opener_policy is not None:
            response.headers["Cross-Origin-Opener-Policy"] = self.opener_policy
        return response


@pytest.fixture
def front_port(port: int) -> int:
    """Another port of ``localhost``: another origin of the same site."""
    return free_port(port)


@pytest.fixture
def api(
    settings: Settings,
    hubspot: HubSpot,
    make_broker: Callable[[Settings], Broker],
    front_port: int,
    port: int,
) -> Iterator[Broker]:
    """The API, whose HubSpot is on another site."""
    changes = {
        "app_url": f"http://127.0.0.1:{hubspot.port}",
        "allowed_origins": (settings.public_url, f"http://localhost:{front_port}"),
    }
    broker, app = make_broker(settings.model_copy(update=changes)), Flask("api")
    app.secret_key = "of-the-api"
    HubSpotAuth(app, broker, owner=lambda: "ada")
    with Listener(app, broker, host="127.0.0.1", port=port):
        yield broker


@pytest.fixture
def front(api: Broker, front_port: int) -> Iterator[Front]:
    """The front end, answering."""
    front = Front(api.settings.public_url, front_port)
    with Listener(front.app, api, host="127.0.0.1", port=front_port):
        yield front


@in_chromium
def test_t42_the_bridge_rings_for_a_severed_popup(
    engine: Engine, front: Front, api: Broker
) -> None:
    """A page of the front end's own origin rings there, where the API's pages cannot."""
    front.opener_policy = "same-origin"
    page = engine.open(front.url)
    popup = open_popup(engine, page)
    assert_severed(page, popup)
    popup.click(AGREE)
    page.wait_for("ear.results.length > 0")
    popup.wait_until_closed()
    page.wait_for("ear.bells.length > 0")

    assert page.evaluate("ear.results") == ["connected"]
    assert page.evaluate(STATE) == "connected"
    assert set(page.evaluate("ear.bells")) == {"channel"}
    assert api.access_token("ada")


@in_chromium
def test_t42_a_reload_goes_on(engine: Engine, front: Front) -> None:
    """The link comes from the API, after the element; what was begun waits for it."""
    page = engine.open(front.url)
    popup = open_popup(engine, page)
    page.reload()
    page.wait_for(f"{STATE} === 'waiting'")
    popup.click(AGREE)
    page.wait_for("ear.results.length > 0")

    assert page.evaluate("ear.results") == ["connected"]


@in_chromium
def test_t42_an_opener_is_told_directly(engine: Engine, front: Front, api: Broker) -> None:
    """Where nothing cut the windows apart, the API's page rings at the front end's exact origin."""
    page = engine.open(front.url)
    popup = open_popup(engine, page)
    assert_joined(page, popup)
    popup.click(AGREE)
    page.wait_for("ear.results.length > 0")
    popup.wait_until_closed()

    assert page.evaluate("ear.results") == ["connected"]
    assert page.evaluate("ear.bells") == [api.settings.public_url]


@in_chromium
def test_t42_trying_again_in_the_popup(engine: Engine, front: Front) -> None:
    """The front end's page goes on with the attempt that the API's page has begun."""
    page = engine.open(front.url)
    popup = open_popup(engine, page)
    popup.click(DECLINE)
    page.wait_for(f"{STATE} === 'failed'")
    popup.click("a[href*=attempt]")
    page.wait_for(f"{STATE} === 'waiting'")
    popup.click(AGREE)
    page.wait_for("ear.results.length > 1")

    assert page.evaluate("ear.results") == ["failed", "connected"]


@in_chromium
def test_t42_in_one_tab_the_journey_ends_on_the_front_end(
    engine: Engine, front: Front, api: Broker
) -> None:
    """The link leads through HubSpot and back to where the front end asked."""
    page = engine.open(front.url)
    page.wait_for(f"!document.querySelector('{CONNECT}').hidden")
    page.evaluate(f"location.assign(document.querySelector('{CONNECT}').href)")
    page.wait_for(AT_HUBSPOT)
    page.click(AGREE)
    page.wait_for(AFTER)

    assert page.evaluate("location.origin") == front.url
    assert api.access_token("ada")


@in_chromium
def test_t42_cancelling_from_the_front_end(engine: Engine, front: Front, api: Broker) -> None:
    """The cancel crosses origins, by the one token that may, and the server says so."""
    front.opener_policy = "same-origin"
    page = engine.open(front.url)
    open_popup(engine, page)
    page.click("button[name=cancel]")
    page.wait_for(f"{STATE} === 'cancelled'")

    assert [each.name for each in api.vault.store.events()][-1] == "attempt_cancelled"
