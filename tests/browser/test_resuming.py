"""Going on after a reload, in another tab, in another session; and when that is nobody's."""

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from browser.places import OWNER, Place, at_hubspot, decide, ends, front, wait_for_end

pytest_plugins = ("browser.surroundings",)

STORED_KEYS = "() => Object.keys(localStorage).filter((key) => key.startsWith('portalkey:'))"
SOMETHING_BEGAN_LONG_AGO = """(minutes) => {
  const attempt = "A".repeat(22);
  localStorage["portalkey:/:0"] = `${attempt}${Date.now() - minutes * 60_000}`;
}"""


def state(page: Page) -> str | None:
    """The state of the element."""
    return page.locator("hubspot-connect").get_attribute("state")


def test_another_tab_goes_on(person: BrowserContext, place: Place) -> None:
    """Its page waits for the attempt that the first tab began, and both show its end."""
    first = front(person, place)
    popup = at_hubspot(first)
    second = front(person, place)
    expect(second.locator("hubspot-connect")).to_have_attribute("state", "waiting")
    decide(popup, "approve")
    wait_for_end(first, "connected")
    wait_for_end(second, "connected")

    assert [ends(first), ends(second)] == [["connected"], ["connected"]]
    assert first.evaluate(STORED_KEYS) == []


def test_another_person_begins_afresh(person: BrowserContext, place: Place) -> None:
    """What somebody else began in this browser is none of theirs: nothing is said of it."""
    front(person, place).goto(f"{place.url}/as/ada")
    page = front(person, place)
    at_hubspot(page).close()
    page.evaluate(SOMETHING_BEGAN_LONG_AGO, 5)
    page.close()
    other = front(person, place, "as/eve")
    other.goto(place.url)
    expect(other.locator("hubspot-connect")).to_have_attribute("state", "idle")
    with other.expect_popup():
        other.get_by_role("link", name="Connect").click()

    assert ends(other) == []


@pytest.mark.parametrize("policy", ["", "same-origin"])
def test_whoever_signed_in_again_starts_once_more(
    person: BrowserContext, place: Place, policy: str
) -> None:
    """The attempt is of the session before: the page waits on, and the return ends it."""
    page = front(person, place, f"?policy={policy}")
    popup = at_hubspot(page)
    page.wait_for_function("ear.states.length > 0")
    expect(page.get_by_role("status")).to_contain_text("HubSpot window")
    with page.expect_response("**/api/hubspot/status*"):
        page.evaluate("dispatchEvent(new Event('focus'))")
    person.clear_cookies(name="session")
    with page.expect_response("**/api/hubspot/status*") as answer:
        page.evaluate("dispatchEvent(new Event('focus'))")
    assert answer.value.json()["attempt"]["status"] == "pending"
    decide(popup, "approve")
    expect(popup.get_by_text("You signed in again meanwhile; start once more.")).to_be_visible()
    wait_for_end(page, "failed")

    assert ends(page) == ["failed"]
    assert place.broker.connections(OWNER) == []


def test_an_error_is_acknowledged_once_it_is_shown(person: BrowserContext, place: Place) -> None:
    """While the server does not say what came of it, the popup keeps the reason."""
    page = front(person, place)
    popup = at_hubspot(page)
    page.route("**/api/hubspot/status*", lambda route: route.fulfill(status=500, body="oops"))
    decide(popup, "deny")
    expect(popup.get_by_role("status")).to_have_text("")
    popup.evaluate("() => { document.hasFocus = () => false; }")  # the page is in front
    with page.expect_response("**/api/hubspot/status*"):
        page.evaluate("dispatchEvent(new Event('focus'))")
    expect(popup.get_by_role("status")).to_have_text("")
    page.unroute("**/api/hubspot/status*")
    page.evaluate("dispatchEvent(new Event('focus'))")
    expect(popup.get_by_role("status")).to_contain_text("closes in 15 seconds")
