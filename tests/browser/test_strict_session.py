"""T34: a host whose session is SameSite=Strict, with HubSpot on another site."""

from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

import pytest
from flask import Flask, render_template_string, session
from playwright.sync_api import Browser, Response, expect

from browser.engines.base import Engine
from browser.journey import AGREE, STATE, open_popup, starred
from portalkey.broker import Broker
from portalkey.cli.server import Listener
from portalkey.flask import HubSpotAuth
from portalkey.settings import Settings
from portalkey_simulator import HubSpot

PAGE = """<p>{% if session.user %}Hello {{ session.user }}{% endif %}
<script type="module" src="{{ url_for('hubspot_auth.static', filename='connect.js') }}"></script>
<hubspot-connect data-mode="popup">
  <a href="{{ hubspot_connect_url(next='/') }}">Connect</a>
</hubspot-connect>"""


@pytest.fixture
def elsewhere(settings: Settings, hubspot: HubSpot) -> Settings:
    """HubSpot's pages on another *site* than the app: cookies tell ``localhost`` and this apart."""
    return settings.model_copy(update={"app_url": f"http://127.0.0.1:{hubspot.port}"})


@pytest.fixture
def strict_url(
    elsewhere: Settings, make_broker: Callable[[Settings], Broker], port: int
) -> Iterator[tuple[str, Broker]]:
    """The host, answering; and its broker."""
    broker, app = make_broker(elsewhere), Flask("strict")
    app.config.update(SECRET_KEY="x", SESSION_COOKIE_SAMESITE="Strict")
    app.add_url_rule("/login", "login", lambda: session.update(user="ada") or "in")
    app.add_url_rule("/", "front", page)
    HubSpotAuth(app, broker, owner=lambda: session.get("user"))
    with Listener(app, broker, host="127.0.0.1", port=port):
        yield elsewhere.public_url, broker


def page() -> str:
    """The host's own page."""
    return render_template_string(PAGE)


@pytest.mark.parametrize("has_scripts", [True, False])
def test_t34_a_strict_session_arrives_by_the_page_between(
    chromium: Browser,
    strict_url: tuple[str, Broker],
    has_scripts: bool,  # noqa: FBT001 - pytest passes it
) -> None:
    """The code waits until a page of our own has brought the session along."""
    url, broker = strict_url
    context = chromium.new_context(base_url=url, java_script_enabled=has_scripts)
    tab = context.new_page()
    seen: list[str] = []
    tab.on("response", lambda response: note(seen, response))
    tab.goto("/login")
    tab.goto("/")
    tab.goto(tab.get_by_role("link", name="Connect").get_attribute("href") or "")
    tab.locator("button[value=approve]").click()
    if not has_scripts:
        tab.get_by_role("button", name="Go on").click()

    expect(tab).to_have_url(f"{url}/")
    expect(tab.get_by_text("Hello ada")).to_be_visible()
    assert [each for each in seen if each.endswith("/complete")] == [
        "GET /auth/hubspot/complete",
        "POST /auth/hubspot/complete",
    ]
    assert broker.access_token("ada")
    context.close()


@starred
def test_t34_a_popup_of_a_strict_session(engine: Engine, strict_url: tuple[str, Broker]) -> None:
    """The popup passes the page between by itself, and the page shows *connected*."""
    url, broker = strict_url
    page = engine.open(f"{url}/login")
    page.evaluate("location.assign('/')")
    popup = open_popup(engine, page)
    popup.click(AGREE)
    page.wait_for(f"{STATE} === 'connected'")
    popup.wait_until_closed()

    assert broker.access_token("ada")


def note(seen: list[str], response: Response) -> None:
    """Keep method and path."""
    seen.append(f"{response.request.method} {urlsplit(response.url).path}")
