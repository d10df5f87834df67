"""The element's look and words, and pages that do with it what they like."""

from collections.abc import Callable
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import BrowserContext, Page, Route, expect

from browser.fronts import CONNECT_JS, element, open_app
from browser.places import (
    CONNECT,
    OWNER,
    STATE,
    Place,
    at_hubspot,
    decide,
    ends,
    open_popup,
    wait_for_end,
)
from browser.states import have_asked

pytest_plugins = ("browser.surroundings",)

MANAGED = """
<script type="module" src="/auth/hubspot/static/connect.js"></script>
<hubspot-connect data-mode="popup" data-manage-url="/connections/setup" data-offer-class="btn"
  {{ hubspot_connect_state() }}>
  <a class="btn-primary" href="{{ hubspot_connect_url(next='/app') }}">Go</a>
</hubspot-connect>
"""
SET = "([name, value]) => document.querySelector('hubspot-connect').setAttribute(name, value)"
ROWS = "[...document.querySelector('hubspot-connect').children].map(({ localName }) => localName)"


def open_element(person: BrowserContext, place: Place, markup: str = "") -> Page:
    """A tab on a page with the element, or with this *markup*."""
    body = f"<body><main>{markup or element('popup')}</main></body>"
    tab = open_app(person, place, head=CONNECT_JS, body=body)
    tab.wait_for_selector("hubspot-connect[state]", state="attached")
    return tab


def test_while_it_waits(person: BrowserContext, place: Place) -> None:
    """The link is hidden, and the first offer has its place and its focus."""
    tab = open_element(person, place)
    assert tab.evaluate(ROWS) == ["p", "a", "p"]
    tab.focus(CONNECT)
    at_hubspot(tab)
    offers = tab.locator("hubspot-connect > p > button")

    expect(tab.locator(CONNECT)).to_be_hidden()
    expect(tab.get_by_role("status")).to_have_text("Finish connecting in the HubSpot window.")
    expect(offers).to_have_text(["Show window", "Start again", "Cancel"])
    expect(offers.first).to_be_focused()


def test_connected_and_after_a_reload(person: BrowserContext, place: Place) -> None:
    """It names the account and leads to where it is managed; so it does when loaded anew."""
    tab = open_element(person, place, MANAGED)
    popup = at_hubspot(tab)
    expect(tab.locator("button.btn")).to_have_count(3)
    decide(popup, "approve")
    wait_for_end(tab, "connected")
    assert tab.evaluate("ear.results[0].account") == "harbourpine.example"
    for _ in range(2):
        expect(tab.get_by_role("status")).to_have_text("Connected to harbourpine.example")
        expect(tab.locator("[role=status] strong")).to_have_text("harbourpine.example")
        manage = tab.get_by_role("link", name="Manage")
        expect(manage).to_have_attribute("href", "/connections/setup")
        expect(manage).to_have_class("btn")
        expect(tab.locator(CONNECT)).to_be_hidden()
        tab.reload()
    manage.click()

    expect(tab).to_have_url(f"{place.url}/connections/setup")


def test_what_the_app_knows_may_change(person: BrowserContext, place: Place) -> None:
    """An app that asks the server itself sets the state when it knows, and takes it back."""
    tab = open_element(person, place)
    tab.evaluate(SET, ["data-account", "<b>.example"])
    tab.evaluate(SET, ["data-state", "connected"])
    expect(tab.get_by_role("status")).to_have_text("Connected to <b>.example")
    expect(tab.get_by_role("link")).to_have_count(0)
    tab.evaluate(SET, ["data-state", "needs_reconnect"])
    expect(tab.get_by_role("status")).to_contain_text("HubSpot ended this connection")
    tab.evaluate(SET, ["data-state", "idle"])
    expect(tab.get_by_role("status")).to_be_empty()
    decide(at_hubspot(tab), "approve")

    wait_for_end(tab, "connected")


def test_what_went_wrong_has_a_reference(person: BrowserContext, place: Place) -> None:
    """Small, after the sentence, as on the popup's own page."""
    tab = open_element(person, place)
    tab.route("**/api/hubspot/status*", fail)
    open_popup(tab)
    have_asked(tab)
    wait_for_end(tab, "failed")
    note = tab.get_by_role("status").locator("small")

    expect(note).to_have_text(" Reference " + str(tab.evaluate("ear.results[0].attempt")))
    expect(tab.locator(CONNECT)).to_be_visible()


def fail(route: Route) -> None:
    """The server says that another account came back."""
    (attempt,) = parse_qs(urlsplit(route.request.url).query)["attempt"]
    said = {"id": attempt, "status": "failed", "error": "wrong_account", "message": "Another."}
    route.fulfill(json={"attempt": said})


def test_in_german(new_person: Callable[..., BrowserContext], place: Place) -> None:
    """Where the reader's browser speaks it, a part of the page in German is, too."""
    tab = open_element(new_person(locale="de-AT"), place)
    tab.evaluate("document.documentElement.lang = 'de-AT'")
    popup = at_hubspot(tab)
    expect(tab.get_by_role("button").first).to_have_text("Fenster zeigen")
    decide(popup, "approve")

    expect(tab.get_by_role("status")).to_have_text("Verbunden mit harbourpine.example")


AT_ANY_MOMENT = {
    "clone": "it.after(it.cloneNode(true))",
    "move": "document.body.append(it)",
    "hide": "it.hidden = true",
    "hide the link": "if (link) link.hidden = true",
    "change the link": "if (link) link.href += '&x=y'",
    "take the link away": "link?.remove()",
    "take all of it away": "it.replaceChildren()",
    "write it anew": "it.innerHTML = it.innerHTML",
    "put another link in": "it.innerHTML = '<a href=/elsewhere>Elsewhere</a>'",
    "out and in again": "it.remove(); await null; document.body.append(it)",
    "into a frame's page and back": "document.implementation.createHTMLDocument().body.append(it);"
    "document.body.append(it)",
}
DO = """async (act) => {
  const it = document.querySelector("hubspot-connect");
  const link = it.querySelector("a");
  await new (async () => {}).constructor("it", "link", act)(it, link);
}"""


@pytest.mark.parametrize("act", AT_ANY_MOMENT.values(), ids=AT_ANY_MOMENT)
def test_a_page_that_changes_it(
    person: BrowserContext, place: Place, act: str, remarks: list[str]
) -> None:
    """Before it begins and while it waits: nothing breaks, and what was begun ends once."""
    tab = open_element(person, place)
    tab.evaluate(DO, "it.parentNode.append(it)")
    popup = at_hubspot(tab)
    tab.evaluate(DO, act)
    tab.evaluate(DO, act.replace("document.body", "document.querySelector('main')"))
    assert tab.locator("hubspot-connect").first.locator("> [role=status]").count() == 1
    decide(popup, "approve")
    tab.wait_for_function("ear.results.length > 0")

    assert ends(tab) == ["connected"]
    assert place.broker.access_token(OWNER)
    assert remarks == []


@pytest.mark.parametrize("act", AT_ANY_MOMENT.values(), ids=AT_ANY_MOMENT)
def test_a_page_that_changed_it(
    person: BrowserContext, place: Place, act: str, remarks: list[str]
) -> None:
    """Before anything is begun, nothing breaks; a link to the start works as long as it is seen."""
    tab = open_element(person, place)
    tab.evaluate(DO, act)
    link = tab.locator("hubspot-connect > a[href*=start]").first
    if link.count() and link.is_visible():
        decide(at_hubspot(tab), "approve")
        wait_for_end(tab, "connected")

    assert remarks == []


def test_without_a_link(person: BrowserContext, place: Place, remarks: list[str]) -> None:
    """It says nothing and offers nothing; Escape and clicks do nothing."""
    tab = open_element(person, place, "<hubspot-connect tabindex=0>Soon</hubspot-connect>")
    tab.click("hubspot-connect")
    tab.keyboard.press("Escape")

    assert tab.evaluate(STATE) == "idle"
    assert tab.locator("hubspot-connect button").count() == 0
    assert remarks == []


@pytest.mark.parametrize("mode", ["popup", "redirect"])
def test_an_app_may_say_no(person: BrowserContext, place: Place, mode: str) -> None:
    """It hears of each beginning first; where it prevents one, nothing opens and nothing moves."""
    tab = open_element(person, place, element(mode))
    tab.evaluate(
        "addEventListener('hubspot-connect:begin', (event) => { event.preventDefault(); no = 1; })"
    )
    tab.click(CONNECT)

    assert tab.evaluate("no") == 1
    assert tab.evaluate("ear.opened") == []
    assert tab.evaluate(STATE) == "idle"
    assert tab.url.endswith("/app")


@pytest.mark.parametrize("mode", ["popup", "redirect"])
@pytest.mark.parametrize("by", ["aria-disabled", "the page", "no address"])
def test_a_dead_link_stays_dead(person: BrowserContext, place: Place, mode: str, by: str) -> None:
    """What the app has switched off begins nothing."""
    acts = {
        "aria-disabled": "link.setAttribute('aria-disabled', 'true')",
        "the page": "addEventListener('click', (event) => event.preventDefault(), true)",
        "no address": "link.removeAttribute('href')",
    }
    tab = open_element(person, place, element(mode))
    tab.evaluate(DO, acts[by])
    tab.click(CONNECT, force=True)  # the driver itself would wait until it is enabled

    assert tab.evaluate("ear.opened") == []
    assert tab.evaluate(STATE) == "idle"
    assert tab.url.endswith("/app")


def test_the_link_goes_while_it_waits(person: BrowserContext, place: Place) -> None:
    """What needs it is offered no more."""
    tab = open_element(person, place)
    at_hubspot(tab)
    tab.evaluate("document.querySelector('hubspot-connect > a').remove()")
    expect(tab.locator("hubspot-connect button")).to_have_text(["Show window", "Cancel"])
    tab.get_by_role("button", name="Cancel").click()

    wait_for_end(tab, "cancelled")


def test_two_of_one_key(person: BrowserContext, place: Place) -> None:
    """They share what was begun: after a reload both wait, and both end."""
    one = element("popup").replace("<hubspot-connect", '<hubspot-connect data-key="crm"')
    tab = open_element(person, place, one * 2)
    popup = at_hubspot(tab.locator("hubspot-connect").first.page)
    expect(tab.locator("hubspot-connect").last).to_have_attribute("state", "idle")
    tab.reload()
    expect(tab.locator("hubspot-connect[state=waiting]")).to_have_count(2)
    decide(popup, "approve")
    expect(tab.locator("hubspot-connect[state=connected]")).to_have_count(2)

    assert ends(tab) == ["connected", "connected"]
    assert len(place.broker.connections(OWNER)) == 1


def test_a_double_click_that_falls_on_an_offer(person: BrowserContext, place: Place) -> None:
    """The second click ends nothing and begins nothing, wherever it falls by then."""
    tab = open_element(person, place)
    style = "hubspot-connect { display: block } hubspot-connect * { position: absolute; top: 0 }"
    tab.add_style_tag(content=f"{style} [name=cancel], a {{ left: 0; top: 3em; z-index: 1 }}")
    popup = open_popup(tab)
    box = tab.get_by_role("button", name="Cancel").bounding_box()
    assert box is not None
    tab.mouse.move(box["x"] + 5, box["y"] + 5)
    tab.mouse.down(click_count=2)
    tab.mouse.up(click_count=2)

    assert tab.evaluate(STATE) == "waiting"
    assert len(tab.evaluate("ear.opened")) == 1
    assert not popup.is_closed()


@pytest.mark.parametrize("mode", ["redirect", "popup"])
@pytest.mark.parametrize("policy", ["no-referrer", "same-origin"])
def test_under_another_name_of_the_app(
    person: BrowserContext, place: Place, mode: str, policy: str
) -> None:
    """Before HubSpot is asked a page names the right address, in a window or in this tab."""
    place.headers = {"Referrer-Policy": policy}
    tab = open_app(person, place, head=CONNECT_JS, body=f"<body>{element(mode)}</body>")
    tab.goto(tab.url.replace("localhost", "127.0.0.1"))
    tab.wait_for_selector("hubspot-connect[state=idle]")
    if mode == "popup":
        window = open_popup(tab)
    else:
        window = tab
        tab.click(CONNECT)

    there = window.get_by_role("link", name=f"Go to {place.url}")
    expect(there).to_have_attribute("href", f"{place.url}/connections/setup")
