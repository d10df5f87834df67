"""*Try again* in the popup: the page behind it goes on with the new attempt."""

from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from browser.places import (
    AGREE,
    OWNER,
    STATE,
    Place,
    at_hubspot,
    attempt_of,
    decide,
    ends,
    front,
    status_calls,
    wait_for_end,
)

pytest_plugins = ("browser.surroundings",)

SAY = """said => {
  const channel = new BroadcastChannel(`portalkey:${said.attempt}`);
  channel.postMessage({ source: "portalkey", v: 1, type: "again", ...said });
  channel.close();
}"""
POLICY = "Cross-Origin-Opener-Policy"


def declined(tab: Page) -> Page:
    """The popup, at the end of an attempt that was not agreed to; the page shows it as well."""
    popup = at_hubspot(tab)
    decide(popup, "deny")
    wait_for_end(tab, "failed")
    return popup


def try_again(popup: Page) -> str:
    """Press *Try again*; the new attempt's id."""
    link = popup.get_by_role("link", name="Try again")
    attempt = str(link.evaluate("it => new URL(it.href).searchParams.get('attempt')"))
    link.click()
    popup.wait_for_selector(AGREE)
    return attempt


@pytest.mark.parametrize("severed", [False, True])
def test_the_element_follows(
    person: BrowserContext,
    place: Place,
    severed: bool,  # noqa: FBT001 - pytest passes it
) -> None:
    """It waits for the new attempt, cut off or not, and shows how that ends; the popup closes."""
    if severed:
        place.headers = {POLICY: "same-origin"}
    tab = front(person, place)
    popup = declined(tab)
    again = try_again(popup)

    expect(tab.locator("hubspot-connect")).to_have_attribute("state", "waiting")
    with popup.expect_event("close"):
        decide(popup, "approve")
    tab.wait_for_function("ear.results.length > 1")
    assert ends(tab) == ["failed", "connected"]
    assert tab.evaluate(STATE) == "connected"
    assert tab.evaluate("ear.results[1].attempt") == again
    assert place.broker.access_token(OWNER)


def test_the_element_follows_twice(tab: Page) -> None:
    """As often as somebody tries."""
    popup = declined(tab)
    for number in (2, 3):
        try_again(popup)
        decide(popup, "deny")
        tab.wait_for_function(f"ear.results.length === {number}")

    assert ends(tab) == ["failed"] * 3


def test_it_can_be_cancelled(tab: Page, place: Place) -> None:
    """The page's own Cancel ends the new attempt, and closes the popup."""
    popup = declined(tab)
    try_again(popup)
    with popup.expect_event("close"):
        tab.click("button[name=cancel]")
    tab.wait_for_function("ear.results.length > 1")

    assert ends(tab) == ["failed", "cancelled"]
    assert place.broker.connections(OWNER) == []


def test_a_reload_goes_on_with_the_new_one(tab: Page) -> None:
    """As with every attempt."""
    popup = declined(tab)
    again = try_again(popup)
    expect(tab.locator("hubspot-connect")).to_have_attribute("state", "waiting")
    tab.reload()
    expect(tab.locator("hubspot-connect")).to_have_attribute("state", "waiting")
    with popup.expect_event("close"):
        decide(popup, "approve")
    wait_for_end(tab, "connected")

    assert tab.evaluate("ear.results[0].attempt") == again


def test_whoever_began_anew_in_the_page_stays_with_that(tab: Page) -> None:
    """The page's newest attempt is the person's; the old popup moves it no more."""
    old = declined(tab)
    newer = at_hubspot(tab)
    try_again(old)
    with newer.expect_event("close"):
        decide(newer, "approve")
    tab.wait_for_function("ear.results.length > 1")

    assert tab.evaluate("ear.results[1].attempt") == attempt_of(tab)


@pytest.mark.parametrize(
    "said",
    [
        {"next": "x"},
        {"next": None},
        {},
        {"next": "a" * 22, "v": 2},
        {"next": "a" * 22, "type": "x"},
    ],
    ids=str,
)
def test_what_is_malformed_moves_nothing(tab: Page, said: dict[str, object]) -> None:
    """Nor does what another popup said."""
    popup = declined(tab)
    calls = status_calls(tab)
    tab.evaluate(SAY, {"attempt": attempt_of(tab), **said})
    tab.evaluate(SAY, {"attempt": "b" * 22, "next": "a" * 22})
    again = try_again(popup)
    expect(tab.locator("hubspot-connect")).to_have_attribute("state", "waiting")
    decide(popup, "deny")
    tab.wait_for_function("ear.results.length > 1")

    assert {parse_qs(urlsplit(url).query)["attempt"][0] for url in calls} == {again}


def test_what_another_site_says_moves_nothing(
    person: BrowserContext, place: Place, evil: str
) -> None:
    """A message that does not come from the popup, or not from its origin."""
    tab = front(person, place)
    popup = declined(tab)
    calls = status_calls(tab)
    said = {"source": "portalkey", "v": 1, "type": "again", "next": "a" * 22}
    tab.evaluate("said => postMessage(said)", {**said, "attempt": attempt_of(tab)})
    popup.evaluate("url => location.assign(url)", evil)
    popup.wait_for_function("document.title === 'Evil'")
    popup.evaluate("said => opener.postMessage(said, '*')", {**said, "attempt": attempt_of(tab)})
    tab.evaluate("() => new Promise((done) => { onmessage = done; postMessage(0); })")

    assert calls == []
    assert tab.evaluate(STATE) == "failed"
