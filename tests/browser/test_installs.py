"""Installs that begin in the marketplace, in a Chromium that blocks third-party cookies.

HubSpot is another site than the app: ``127.0.0.1`` and ``localhost``.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any
from urllib.parse import quote

import pytest
from flask import Response
from playwright.sync_api import Browser, BrowserContext, Page, Playwright, expect

from browser.axe import faults
from browser.places import OWNER, Place
from portalkey.broker import Broker
from portalkey.cli.server import Listener
from portalkey.settings import Settings
from portalkey_simulator import DEFAULT_APP, HubSpot, running_hubspot
from support.chromium import launched
from support.patience import MILLISECONDS

CONSENT = "button[value=approve]"
YES = "button[value=yes]"


@pytest.fixture(scope="module")
def strict_chromium(playwright: Playwright) -> Iterator[Browser]:
    """A Chromium in which no cookie goes along into a frame of another site."""
    browser = launched(playwright, flags=["--test-third-party-cookie-phaseout"])
    yield browser
    browser.close()


@pytest.fixture
def signs_in() -> bool:
    """False: without partner sign-in, where a test says nothing else."""
    return False


@pytest.fixture
def hubspot(port: int, signs_in: bool) -> Iterator[HubSpot]:  # noqa: FBT001 - a fixture
    """A simulator with the app in its marketplace, whose install URL is the callback."""
    callback = f"http://localhost:{port}/auth/hubspot/callback"
    app = replace(
        DEFAULT_APP,
        client_id="listed",
        redirect_uris=(callback,),
        install_url=callback,
        partner_sign_in=signs_in,
    )
    with running_hubspot(apps=[app]) as running:
        yield running


class Shop(Place):
    """A place that sets a cookie for every site's frames, to see whether one arrives."""

    def _lay_on(self, response: Response) -> Response:
        response.set_cookie("everywhere", "1", samesite="None", secure=True)
        return super()._lay_on(response)


@pytest.fixture
def place(
    settings: Settings, make_broker: Callable[[Settings], Broker], port: int
) -> Iterator[Shop]:
    """The app, for which HubSpot's pages are another site."""
    elsewhere = settings.app_url.replace("localhost", "127.0.0.1")
    broker = make_broker(settings.model_copy(update={"app_url": elsewhere}))
    shop = Shop(broker)
    # As security middleware of the host's does: ours has the last word.
    shop.headers = {"X-Frame-Options": "SAMEORIGIN"}
    with Listener(shop.app, broker, host="127.0.0.1", port=port):
        yield shop


@pytest.fixture
def remarks() -> list[str]:
    """What the pages complained of."""
    return []


@pytest.fixture
def person(strict_chromium: Browser, remarks: list[str]) -> Iterator[BrowserContext]:
    """Somebody with a new browser."""
    context = strict_chromium.new_context()
    context.set_default_timeout(MILLISECONDS)
    context.on("console", lambda message: remarks.append(message.text))
    yield context
    context.close()


def press_install(person: BrowserContext, place: Place) -> Page:
    """The window that the marketplace opens."""
    tab = person.new_page()
    tab.goto(f"{place.broker.settings.app_url}/marketplace/listed")
    with tab.expect_popup() as opened:
        tab.get_by_role("button", name="Install app").click()
    return opened.value


def test_without_partner_sign_in(person: BrowserContext, place: Shop, remarks: list[str]) -> None:
    """HubSpot has its person back at once; the app asks when it is opened, and attaches then."""
    window = press_install(person, place)
    window.click(CONSENT)
    expect(window.get_by_role("heading", name="is installed")).to_be_visible()
    assert place.broker.connections(OWNER) == []

    page = person.new_page()
    page.goto(f"{place.url}/connections/setup")
    page.get_by_role("link", name="Look at it").click()
    expect(page.get_by_text("Nothing is connected yet")).to_be_visible()
    assert faults(page) == ""
    page.click(YES)

    expect(page.get_by_role("heading", name="Connected to")).to_be_visible()
    page.get_by_role("link", name="Back to").click()
    expect(page.get_by_text("is connected.")).to_be_visible()
    assert len(place.broker.connections(OWNER)) == 1
    assert [one for one in remarks if "favicon" not in one] == []


@pytest.mark.parametrize("signs_in", [True])
def test_with_partner_sign_in(person: BrowserContext, place: Shop, remarks: list[str]) -> None:
    """The last step is framed by HubSpot, without any cookie; the yes is given beside it."""
    asked: list[Any] = []
    person.on("request", lambda one: asked.append(one) if "step=finalize" in one.url else None)
    window = press_install(person, place)
    window.get_by_role("link", name="Continue to HubSpot").click()
    window.click(CONSENT)

    frame = window.frame_locator("iframe")
    expect(frame.get_by_role("heading", name="One step is left")).to_be_visible()
    assert "cookie" not in asked[0].all_headers()
    assert faults(window) == ""
    with window.expect_popup() as opened:
        frame.get_by_role("button", name="Go on in").click()
    beside = opened.value
    expect(beside.get_by_text("Nothing is connected yet")).to_be_visible()
    assert place.broker.connections(OWNER) == []
    expect(frame.get_by_role("heading", name="is installed")).to_be_visible()
    beside.click(YES)

    expect(beside.get_by_role("heading", name="Connected to")).to_be_visible()
    assert len(place.broker.connections(OWNER)) == 1
    assert [one for one in remarks if "favicon" not in one] == []


@pytest.mark.parametrize("signs_in", [True])
def test_a_state_brought_into_another_browser(
    person: BrowserContext, strict_chromium: Browser, place: Shop
) -> None:
    """A victim who agrees with an attacker's state connects nothing, to neither of them."""
    attacker = press_install(person, place)
    with attacker.expect_request("**/consent?state=*") as asked:
        attacker.get_by_role("link", name="Continue to HubSpot").click()
    victim = strict_chromium.new_context()
    victim.set_default_timeout(MILLISECONDS)
    page = victim.new_page()
    page.goto(f"{place.url}/as/victim")
    page.goto(asked.value.url)
    page.click(CONSENT)
    with page.expect_popup() as opened:
        page.frame_locator("iframe").get_by_role("button", name="Go on in").click()

    expect(opened.value.get_by_text("begun by somebody else")).to_be_visible()
    attacker.goto(f"{place.url}/auth/hubspot/install")
    expect(attacker.get_by_role("heading", name="No install waits here")).to_be_visible()
    assert place.broker.connections(OWNER) == place.broker.connections("victim") == []
    victim.close()


def test_an_attackers_code_opened_by_a_victim(
    person: BrowserContext, place: Shop, hubspot: HubSpot
) -> None:
    """It attaches nothing by itself; whoever goes to look is shown whose account it is."""
    install = hubspot.install_from_marketplace()
    page = person.new_page()
    elsewhere = quote(place.broker.settings.app_url, safe="")
    page.goto(install.start_url.replace(quote(hubspot.url, safe=""), elsewhere))

    page.goto(f"{place.url}/auth/hubspot/install")
    expect(page.get_by_text("maya@")).to_be_visible()
    expect(page.get_by_text("Go on only if you installed it yourself")).to_be_visible()
    assert place.broker.connections(OWNER) == []


@pytest.mark.parametrize("signs_in", [True])
def test_another_site_frames_nothing(
    person: BrowserContext, place: Shop, hubspot: HubSpot, remarks: list[str]
) -> None:
    """The page with the ticket is shown in HubSpot's frame only."""
    page = person.new_page()
    page.route(
        "http://evil.localhost/**",
        lambda route: route.fulfill(
            content_type="text/html",
            body=f"<iframe src='{place.url}/auth/hubspot/callback?step=finalize&code=x&state=y"
            f"&returnUrl={place.broker.settings.app_url}/'></iframe>",
        ),
    )
    page.goto("http://evil.localhost/")
    frame = page.frames[1]
    assert frame.url.startswith("chrome-error:")
    assert hubspot.requests == ()
