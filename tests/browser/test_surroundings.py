"""Where the page may find itself: tabs, frames, phones, no scripts, and other people's headers.

The numbers are those of the scenarios in ``docs/browsers.md``.
"""

import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from browser.places import (
    AGREE,
    CONNECT,
    OWNER,
    STATE,
    Place,
    at_hubspot,
    attempt_of,
    decide,
    ends,
    framed,
    front,
    open_popup,
    wait_for_end,
)

pytest_plugins = ("browser.surroundings",)

TALISMAN = {
    "Content-Security-Policy": "default-src 'self'; object-src 'none'",
    "X-Frame-Options": "SAMEORIGIN",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "strict-origin-when-cross-origin",
    "Permissions-Policy": "browsing-topics=()",
}
DJANGO = {
    "Cross-Origin-Opener-Policy": "same-origin",
    "X-Frame-Options": "DENY",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
}
HELMET = {
    "Content-Security-Policy": (
        "default-src 'self';base-uri 'self';font-src 'self' https: data:;form-action 'self';"
        "frame-ancestors 'self';img-src 'self' data:;object-src 'none';script-src 'self';"
        "script-src-attr 'none';style-src 'self' https: 'unsafe-inline'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Origin-Agent-Cluster": "?1",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-DNS-Prefetch-Control": "off",
    "X-Download-Options": "noopen",
    "X-Frame-Options": "SAMEORIGIN",
    "X-Permitted-Cross-Domain-Policies": "none",
    "X-XSS-Protection": "0",
}


def test_t25_two_tabs_at_once(person: BrowserContext, place: Place) -> None:
    """Each of two tabs hears of its own attempt alone, and each ends connected."""
    one, two = front(person, place), front(person, place)
    popup_of_one, popup_of_two = at_hubspot(one), at_hubspot(two)
    decide(popup_of_one, "approve")
    wait_for_end(one, "connected")
    assert ends(two) == []
    assert two.evaluate(STATE) == "waiting"
    decide(popup_of_two, "approve")
    wait_for_end(two, "connected")

    assert attempt_of(one) != attempt_of(two)
    for tab in (one, two):
        assert tab.evaluate("ear.results.map(({ attempt }) => attempt)") == [attempt_of(tab)]


def test_t43_in_a_frame_of_another_site(person: BrowserContext, place: Place, evil: str) -> None:
    """In a frame of another site the page gets no cookies: start asks first, the person can
    connect, and the page, in another session of the same owner, learns how it ended.
    """
    tab = person.new_page()
    tab.goto(evil)
    frame = framed(tab, place.url)
    frame.wait_for_selector("hubspot-connect[state=idle]")
    popup = open_popup(tab, frame)
    popup.get_by_role("link", name="Continue to HubSpot").click()
    popup.wait_for_selector(AGREE)
    with popup.expect_event("close"):
        decide(popup, "approve")

    expect(frame.get_by_role("status")).to_have_text("Connected to HubSpot")
    assert place.broker.access_token(OWNER)


@pytest.mark.parametrize("path", ["/", "/as/ada?back"])
def test_t44_no_scripts(new_person: Callable[..., BrowserContext], place: Place, path: str) -> None:
    """Without scripts the link leads through the journey in one tab, back to where the app said."""
    place.next = path
    tab = front(new_person(java_script_enabled=False), place)
    tab.click(CONNECT)
    tab.click(AGREE)

    expect(tab).to_have_url(place.url + path)
    assert place.broker.access_token(OWNER)


def test_t45_on_a_phone(new_person: Callable[..., BrowserContext], place: Place) -> None:
    """On a small screen under a finger, the journey goes through the tab."""
    phone = new_person(viewport={"width": 390, "height": 844}, is_mobile=True, has_touch=True)
    assert_in_this_tab(front(phone, place), place)


def test_t45_on_a_tablet(new_person: Callable[..., BrowserContext], place: Place) -> None:
    """On a large screen under a finger, there is a popup."""
    tablet = new_person(viewport={"width": 1180, "height": 820}, is_mobile=True, has_touch=True)

    at_hubspot(front(tablet, place))


def test_t45_as_an_app_of_its_own_on_ios(person: BrowserContext, place: Place) -> None:
    """In a window without an address bar, the journey goes through that window."""
    person.add_init_script("Object.defineProperty(navigator, 'standalone', { value: true })")

    assert_in_this_tab(front(person, place), place)


def test_t45_as_an_app_of_its_own(chromium: Browser, place: Place, tmp_path: Path) -> None:
    """In a window without an address bar, the journey goes through that window."""
    found = shutil.which("chromium") or shutil.which("google-chrome")
    person = chromium.browser_type.launch_persistent_context(
        tmp_path, executable_path=found, args=[f"--app={place.url}", "--no-sandbox"]
    )
    (tab,) = person.pages
    tab.wait_for_selector("hubspot-connect[state=idle]")
    assert tab.evaluate("matchMedia('(display-mode: standalone)').matches")
    assert_in_this_tab(tab, place)
    person.close()


def assert_in_this_tab(tab: Page, place: Place) -> None:
    """The journey goes through this *tab*, and ends connected."""
    tab.click(CONNECT)
    tab.wait_for_selector(AGREE)
    assert tab.context.pages == [tab]
    decide_here(tab)
    assert place.broker.access_token(OWNER)


def decide_here(tab: Page) -> None:
    """Agree in a journey that goes through this tab, and wait for where it leads."""
    tab.click(AGREE)
    tab.wait_for_function("document.querySelector('hubspot-connect, [role=status]') !== null")


def test_t45_inside_of_an_app(new_person: Callable[..., BrowserContext], place: Place) -> None:
    """Inside of an app the page says aloud to open it in a browser, and gives its address."""
    phone = new_person(
        viewport={"width": 390, "height": 844},
        user_agent="Mozilla/5.0 (iPhone; CPU iPhone OS 18_5) AppleWebKit/605.1 Instagram 400.0",
    )
    tab = front(phone, place)

    assert tab.evaluate(STATE) == "in_app"
    expect(tab.get_by_role("alert")).to_contain_text("Open this page in your browser")
    tab.get_by_role("button", name="Copy link").click()
    expect(tab.get_by_role("alert")).to_contain_text(re.compile(f"copied|{place.url}"))


def test_t46_under_talisman(person: BrowserContext, place: Place, remarks: list[str]) -> None:
    """Under Flask-Talisman's default headers everything works, and nothing is complained of."""
    place.headers = TALISMAN
    tab = front(person, place)
    assert_connects_by_itself(tab)

    assert remarks == []


@pytest.mark.parametrize(
    "headers", [{}, DJANGO, HELMET], ids=["bare-flask", "headers-of-django", "headers-of-helmet"]
)
def test_t47_default_headers(
    person: BrowserContext, place: Place, headers: dict[str, str], remarks: list[str]
) -> None:
    """Bare Flask, and Flask with the headers that Django's and Express's helmet's defaults lay on
    every response: the popup connects, and closes by itself. Django's skin itself is to come.
    """
    place.headers = headers
    tab = front(person, place)
    assert_connects_by_itself(tab, severed="Cross-Origin-Opener-Policy" in headers)

    assert remarks == []


def assert_connects_by_itself(tab: Page, *, severed: bool = False) -> None:
    """The popup opens, whether or not it is cut off; it connects, and closes by itself."""
    popup = at_hubspot(tab)
    assert tab.evaluate("ear.popup.closed") is severed
    assert popup.evaluate("opener === null") is severed
    with popup.expect_event("close"):
        decide(popup, "approve")
    wait_for_end(tab, "connected")
