"""Turbo, which shows pages that it kept, and changes the one that is there."""

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from browser.fronts import CONNECT_JS, element, open_app
from browser.places import (
    AGREE,
    CONNECT,
    OWNER,
    STATE,
    Place,
    at_hubspot,
    decide,
    wait_for_end,
)

pytest_plugins = ("browser.surroundings",)

HEAD = f"""\
<meta name="turbo-refresh-method" content="morph">
<meta name="turbo-refresh-scroll" content="preserve">
<script src="/npm/@hotwired/turbo/dist/turbo.es2017-umd.js"></script>
{CONNECT_JS}"""
BODY = "<body><h1>App</h1>{}<a id=away href='/elsewhere'>Away</a></body>"
ELSEWHERE = f"""\
<!doctype html>
<html lang="en"><head><title>Elsewhere</title>{HEAD}</head><body><h1>Elsewhere</h1></body></html>
"""


def open_turbo(person: BrowserContext, place: Place, mode: str = "popup") -> Page:
    """A tab on a page under Turbo, which has another beside it."""
    place.app.add_url_rule("/elsewhere", "elsewhere", lambda: ELSEWHERE)
    tab = open_app(person, place, head=HEAD, body=BODY.format(element(mode)))
    tab.wait_for_selector("hubspot-connect[state=idle]")
    return tab


def go_away_and_back(tab: Page) -> None:
    """By Turbo, which puts a copy of the page there on the way back."""
    tab.click("#away")
    expect(tab.get_by_role("heading")).to_have_text("Elsewhere")
    tab.go_back()
    expect(tab.get_by_role("heading")).to_have_text("App")


def refresh(tab: Page) -> None:
    """Load the page again and change what is there into it, as a broadcast refresh does."""
    tab.evaluate(
        """() => new Promise((done) => {
          addEventListener("turbo:load", done, { once: true });
          Turbo.visit(location.href, { action: "replace" });
        })"""
    )


def assert_one_row(tab: Page) -> None:
    """There is one line of status and one row of buttons."""
    expect(tab.locator("hubspot-connect > [role=status]")).to_have_count(1)
    expect(tab.locator("hubspot-connect > [data-row]")).to_have_count(2)


def test_in_this_tab(person: BrowserContext, place: Place) -> None:
    """As on phones: the tab goes to HubSpot and back."""
    tab = open_turbo(person, place, "redirect")
    tab.click(CONNECT)
    tab.click(AGREE)

    expect(tab).to_have_url(f"{place.url}/app")
    assert place.broker.access_token(OWNER)


def test_back_to_a_page_that_was_kept(person: BrowserContext, place: Place) -> None:
    """However often, there is one row, and it lives."""
    tab = open_turbo(person, place)
    for _ in range(3):
        go_away_and_back(tab)
        assert_one_row(tab)
    decide(at_hubspot(tab), "approve")
    wait_for_end(tab, "connected")

    assert_one_row(tab)
    expect(tab.get_by_role("status")).to_contain_text("Connected to")


def test_back_while_it_waits(person: BrowserContext, place: Place) -> None:
    """The copy goes on with what was begun, and its buttons work."""
    tab = open_turbo(person, place)
    at_hubspot(tab)
    go_away_and_back(tab)
    expect(tab.get_by_role("status")).to_contain_text("Finish connecting")
    assert_one_row(tab)
    tab.get_by_role("button", name="Cancel").click()
    wait_for_end(tab, "cancelled")

    expect(tab.locator(CONNECT)).to_be_visible()


def test_a_refresh_while_it_waits(person: BrowserContext, place: Place) -> None:
    """The server's page has neither state nor rows; both are put back, and the wait goes on."""
    tab = open_turbo(person, place)
    popup = at_hubspot(tab)
    for _ in range(2):
        refresh(tab)
        assert_one_row(tab)
        assert tab.evaluate(STATE) == "waiting"
        expect(tab.get_by_role("button", name="Show window")).to_be_visible()
    decide(popup, "approve")
    wait_for_end(tab, "connected")
    refresh(tab)

    expect(tab.get_by_role("status")).to_contain_text("Connected to")
    assert_one_row(tab)
    assert tab.evaluate(f"document.querySelector('{CONNECT}').dataset.turbo") == "false"


def test_a_script_shows_the_page_that_asks(person: BrowserContext, place: Place) -> None:
    """Turbo is told to open it, and it is a page of its own then."""
    tab = open_turbo(person, place)
    tab.evaluate("Turbo.visit('/auth/hubspot/start')")
    tab.get_by_role("link", name="Continue to HubSpot").click()

    expect(tab.locator(AGREE)).to_be_visible()


@pytest.mark.parametrize(
    "act", ["document.body.prepend(it)", "it.replaceWith(it)", "section.append(it)"]
)
def test_it_is_moved_while_it_waits(person: BrowserContext, place: Place, act: str) -> None:
    """It keeps its window and its row."""
    tab = open_turbo(person, place)
    popup = at_hubspot(tab)
    tab.evaluate(f"""() => {{
      const it = document.querySelector("hubspot-connect");
      const section = document.body.appendChild(document.createElement("section"));
      {act};
    }}""")
    assert_one_row(tab)
    expect(tab.get_by_role("button", name="Show window")).to_be_visible()
    decide(popup, "approve")
    wait_for_end(tab, "connected")


def test_a_copy_of_one_that_waits(person: BrowserContext, place: Place) -> None:
    """It has one row, and a link that works."""
    tab = open_turbo(person, place)
    at_hubspot(tab)
    tab.evaluate("""() => {
      const it = document.querySelector("hubspot-connect");
      it.after(it.cloneNode(true));
    }""")
    copy = tab.locator("hubspot-connect").last

    expect(copy.locator("[aria-live]")).to_have_count(1)
    expect(copy).to_have_attribute("state", "idle")
    expect(copy.locator("> a")).to_be_visible()
    expect(tab.locator(CONNECT).first).to_be_hidden()
