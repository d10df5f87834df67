"""Journeys of every skin, in a real Chromium."""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Playwright, expect, sync_playwright

from browser.places import AGREE, CONNECT, decide, open_popup, wait_for_end
from contract.skins.conftest import Open
from contract.skins.plan import Host, Plan
from portalkey.settings import Settings
from support.chromium import launched
from support.patience import MILLISECONDS

pytest_plugins = ("browser.surroundings",)

NewPerson = Callable[..., BrowserContext]
OpenElsewhere = Callable[[Plan], Host]


@pytest.fixture(scope="module")
def playwright() -> Iterator[Playwright]:
    """What drives Chromium, for these tests alone: its loop would stay in the thread of others."""
    expect.set_options(timeout=MILLISECONDS)
    with sync_playwright() as playwright:
        yield playwright


@pytest.fixture(scope="module")
def chromium(playwright: Playwright) -> Iterator[Browser]:
    """Chromium, headless."""
    browser = launched(playwright)
    yield browser
    browser.close()


@pytest.fixture
def open_elsewhere(open_host: Open, settings: Settings) -> OpenElsewhere:
    """Serves an app whose HubSpot is another site to a browser."""
    elsewhere = settings.app_url.replace("localhost", "127.0.0.1")
    return lambda plan: open_host(plan, app_url=elsewhere)


def front(person: BrowserContext, host: Host, name: str | None = "ada") -> Page:
    """A tab on the page of the host's, in which *name* is signed in."""
    tab = person.new_page()
    if name is not None:
        tab.goto(f"{host.url}/as/{name}")
    tab.goto(f"{host.url}/")
    return tab


@pytest.mark.parametrize("policy", [None, "same-origin"])
def test_a_click_ends_connected(
    open_elsewhere: OpenElsewhere, person: BrowserContext, remarks: list[str], policy: str | None
) -> None:
    """The popup closes by itself and the page says so, also under a policy on every page."""
    laid_on = {} if policy is None else {"Cross-Origin-Opener-Policy": policy}
    host = open_elsewhere(Plan(lays_on=laid_on))
    tab = front(person, host)
    popup = open_popup(tab)
    popup.wait_for_selector(AGREE)
    with popup.expect_event("close"):
        decide(popup, "approve")
    wait_for_end(tab, "connected")

    assert host.broker.access_token("ada")
    assert remarks == []


@pytest.mark.parametrize("samesite", ["Lax", "Strict"])
def test_without_scripts(
    open_elsewhere: OpenElsewhere, new_person: NewPerson, samesite: str
) -> None:
    """One tab leads through and back; a Strict session is brought along by a press."""
    host = open_elsewhere(Plan(samesite=samesite))
    tab = front(new_person(java_script_enabled=False), host)
    tab.click(CONNECT)
    tab.click(AGREE)
    if samesite == "Strict":
        tab.get_by_role("button", name="Go on").click()

    expect(tab).to_have_url(f"{host.url}/")
    assert host.broker.access_token("ada")


def test_a_strict_session_in_a_popup(open_elsewhere: OpenElsewhere, person: BrowserContext) -> None:
    """The page between brings it along by itself."""
    host = open_elsewhere(Plan(samesite="Strict"))
    tab = front(person, host)
    popup = open_popup(tab)
    popup.wait_for_selector(AGREE)
    with popup.expect_event("close"):
        popup.click(AGREE)
    wait_for_end(tab, "connected")

    assert host.broker.access_token("ada")


def test_the_sign_in_is_on_the_way(open_elsewhere: OpenElsewhere, person: BrowserContext) -> None:
    """Signed out at the click: the app's sign-in is in the popup, and the journey goes on there."""
    host = open_elsewhere(Plan(has_login=True))
    tab = front(person, host, None)
    popup = open_popup(tab)
    popup.fill("input[name=name]", "ada")
    popup.click("button")
    popup.wait_for_selector(AGREE)
    decide(popup, "approve")
    wait_for_end(tab, "connected")

    assert host.broker.access_token("ada")


def test_declining(open_elsewhere: OpenElsewhere, person: BrowserContext) -> None:
    """The page and the popup say so, and nothing is connected."""
    host = open_elsewhere(Plan())
    tab = front(person, host)
    popup = open_popup(tab)
    popup.wait_for_selector(AGREE)
    decide(popup, "deny")
    wait_for_end(tab, "failed")

    expect(popup.get_by_role("heading", level=1)).to_be_visible()
    assert host.broker.connections("ada") == []
