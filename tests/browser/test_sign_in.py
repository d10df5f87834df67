"""Signed out at the click: the app's sign-in is in the popup, and the journey goes on there."""

from collections.abc import Callable, Iterator

import pytest
from flask import Flask, redirect, render_template_string, request, session
from playwright.sync_api import BrowserContext, Page
from werkzeug import Response

from browser.places import AGREE, PAGE, decide, open_popup, wait_for_end
from portalkey.broker import Broker
from portalkey.cli.server import Listener
from portalkey.flask import HubSpotAuth
from portalkey.settings import Settings

pytest_plugins = ("browser.surroundings",)

FORM = "<form method=post><input name=name><button>Sign in</button></form>"
ASKS = "a[href*='start?t=']"


def sign_in() -> str | Response:
    """The app's sign-in: a form, which leads on to where one was going."""
    if request.method == "GET":
        return FORM
    session["user"] = request.form["name"]
    return redirect(request.args["next"])


@pytest.fixture
def signed_out(
    settings: Settings, make_broker: Callable[[Settings], Broker], port: int
) -> Iterator[Broker]:
    """The broker of an app in which nobody is signed in; HubSpot is another site."""
    elsewhere = settings.app_url.replace("localhost", "127.0.0.1")
    broker, app = make_broker(settings.model_copy(update={"app_url": elsewhere})), Flask("app")
    app.secret_key = "of-the-app"
    app.add_url_rule("/", "front", lambda: render_template_string(PAGE, next="/"))
    app.add_url_rule("/login", "login", sign_in, methods=["GET", "POST"])
    HubSpotAuth(app, broker, owner=lambda: session.get("user"), login_url="/login")
    with Listener(app, broker, host="127.0.0.1", port=port):
        yield broker


@pytest.fixture
def front(person: BrowserContext, signed_out: Broker) -> Page:
    """The page of that app with the link."""
    page = person.new_page()
    page.goto(f"{signed_out.settings.public_url}/")
    return page


def fill_in(popup: Page) -> None:
    """Sign in as Ada, in the popup."""
    popup.fill("input[name=name]", "ada")
    popup.click("button")


def test_the_journey_goes_on_by_itself_after_the_sign_in(
    front: Page, person: BrowserContext, signed_out: Broker
) -> None:
    """A page of ours opened the popup, so nothing is asked; the page that waits is told the end."""
    popup = open_popup(front)
    popup.wait_for_selector("input[name=name]")
    assert "portalkey_return" in {str(each.get("name")) for each in person.cookies()}

    fill_in(popup)
    popup.wait_for_selector(AGREE)
    decide(popup, "approve")

    wait_for_end(front, "connected")
    assert [each.owner for each in signed_out.connections("ada")] == ["ada"]


def test_one_press_goes_on_where_the_cookie_is_gone(
    front: Page, person: BrowserContext, signed_out: Broker
) -> None:
    """A sign-in that took longer than it holds: asked once, and then it is the same journey."""
    popup = open_popup(front)
    popup.wait_for_selector("input[name=name]")
    person.clear_cookies(name="portalkey_return")

    fill_in(popup)
    popup.wait_for_selector(ASKS)
    popup.click(ASKS)
    popup.wait_for_selector(AGREE)
    decide(popup, "approve")

    wait_for_end(front, "connected")
    assert signed_out.connections("ada")


def test_a_link_from_elsewhere_through_the_sign_in_asks_first(
    person: BrowserContext, signed_out: Broker, evil: str
) -> None:
    """Whoever is led to the sign-in by another site has begun nothing here; no cookie is set."""
    page = person.new_page()
    page.goto(evil)
    url = f"{signed_out.settings.public_url}/auth/hubspot/start"
    page.evaluate(f"location.href = '{url}'")
    page.wait_for_selector("input[name=name]")
    assert "portalkey_return" not in {str(each.get("name")) for each in person.cookies()}

    fill_in(page)

    page.wait_for_selector(ASKS)
    assert page.locator(".pk-owner").inner_text() == "ada"
    assert signed_out.vault.store.events() == []
