"""A service worker between the page and the server, as apps that work offline have one."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Response
from playwright.sync_api import BrowserContext, Page, expect

from browser.places import (
    CONNECT,
    OWNER,
    Place,
    at_hubspot,
    decide,
    framed,
    front,
    open_popup,
    wait_for_end,
)

pytest_plugins = ("browser.surroundings",)

PASSES_ON = """
addEventListener("install", () => skipWaiting());
addEventListener("activate", (event) => event.waitUntil(clients.claim()));
addEventListener("fetch", (event) => event.respondWith(fetch(event.request)));
"""
ANSWERS_ALL = PASSES_ON.replace(
    "fetch(event.request)",
    'event.request.mode === "navigate" ? fetch("/?shell") : fetch(event.request)',
)
MANUAL = Path(__file__).parents[2] / "docs" / "browsers.md"
ASKING = "a[href*='start?t=']"


def front_behind(browser: BrowserContext, place: Place, worker: str) -> Page:
    """A tab on the front page, whose requests go through *worker* from here on."""
    script = Response(worker, mimetype="text/javascript")
    place.app.add_url_rule("/worker.js", "worker", lambda: script)
    tab = front(browser, place)
    tab.evaluate(
        """async () => {
          const controlled = new Promise((done) => {
            navigator.serviceWorker.oncontrollerchange = done;
          });
          await navigator.serviceWorker.register("/worker.js");
          await controlled;
        }"""
    )
    return tab


@pytest.fixture
def tab(person: BrowserContext, place: Place) -> Page:
    """A tab on the front page, behind a worker that passes everything on."""
    return front_behind(person, place, PASSES_ON)


def link_of(tab: Page) -> str:
    """The address that the page's link leads to."""
    return str(tab.evaluate(f"document.querySelector('{CONNECT}').href"))


def test_a_worker_passes_the_start_on(tab: Page, place: Place) -> None:
    """The click begins at once, though the worker's request says that it is for nothing."""
    popup = at_hubspot(tab)
    decide(popup, "approve")
    wait_for_end(tab, "connected")

    assert place.broker.access_token(OWNER)


def test_another_sites_link_through_a_worker(tab: Page, evil: str) -> None:
    """It asks first: the worker does not hide where the visit comes from."""
    link, other = link_of(tab), tab.context.new_page()
    other.goto(evil)
    other.evaluate("link => { location = link }", link)

    expect(other.locator(ASKING)).to_be_visible()


def test_another_sites_frame_through_a_worker(tab: Page, place: Place, evil: str) -> None:
    """Nothing is begun."""
    link, other = link_of(tab), tab.context.new_page()
    other.goto(evil)
    framed(other, link)

    assert cookies_of_attempts(tab, place) == []


def test_an_own_frame_without_a_token_through_a_worker(tab: Page, place: Place) -> None:
    """Nothing is begun, though the worker makes it look like a page of its own."""
    framed(tab, f"{place.url}/auth/hubspot/start")

    assert cookies_of_attempts(tab, place) == []


def test_a_script_fetches_the_start_through_a_worker(tab: Page, place: Place) -> None:
    """It gets the page that asks first."""
    text = tab.evaluate("async link => (await fetch(link)).text()", link_of(tab))

    assert "Continue to HubSpot" in text
    assert cookies_of_attempts(tab, place) == []


INTERCEPTED = "Something in this app answers in HubSpot"


def test_an_app_shell_answers_the_popup(person: BrowserContext, place: Place) -> None:
    """The page says so, begins nothing, and what it offers still works."""
    tab = front_behind(person, place, ANSWERS_ALL)
    popup = open_popup(tab)
    expect(tab.get_by_role("status")).to_contain_text(INTERCEPTED)
    expect(popup.get_by_role("status")).to_contain_text(INTERCEPTED)
    tab.get_by_role("button", name="Cancel").click()
    wait_for_end(tab, "cancelled")

    assert cookies_of_attempts(tab, place) == []


def test_an_app_shell_answers_this_tab(
    new_person: Callable[..., BrowserContext], place: Place
) -> None:
    """The shell's own element says what came instead of HubSpot."""
    phone = new_person(viewport={"width": 390, "height": 844}, is_mobile=True, has_touch=True)
    tab = front_behind(phone, place, ANSWERS_ALL)
    tab.click(CONNECT)

    expect(tab.get_by_role("status")).to_contain_text(INTERCEPTED)


def test_an_app_shell_that_leaves_our_paths_out(person: BrowserContext, place: Place) -> None:
    """With the line of the manual in it, the worker is in nobody's way."""
    (line,) = re.findall(r"^  (if .*return;)", MANUAL.read_text(), re.MULTILINE)
    worker = re.sub(r"(event\.respondWith\(.*\))\);", rf"{{ {line} \1; }});", ANSWERS_ALL)
    tab = front_behind(person, place, worker)
    decide(at_hubspot(tab), "approve")

    wait_for_end(tab, "connected")


def cookies_of_attempts(tab: Page, place: Place) -> list[str]:
    """The names of the cookies that attempts have set."""
    cookies = tab.context.cookies(f"{place.url}/auth/hubspot/done")
    return [each["name"] for each in cookies if "attempt" in each["name"]]
