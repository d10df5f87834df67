"""When things go wrong underway: the network, the server, the clock, the page itself.

The numbers are those of the scenarios in ``docs/browsers.md``.
"""

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, Route, expect

from browser.hasty import Hasty
from browser.places import (
    STATE,
    Place,
    at_hubspot,
    attempt_of,
    decide,
    ends,
    wait_for_end,
)
from browser.states import have_asked
from portalkey.testing import Ahead

pytest_plugins = ("browser.surroundings",)

STATUS = "**/api/hubspot/status*"
ENDS = {"cancelled", "failed", "expired", "blocked"}


def test_t51_offline_and_back(
    tab: Page, person: BrowserContext, place: Place, remarks: list[str]
) -> None:
    """Without a network the page waits on; with it, the page asks at once and connects."""
    popup = at_hubspot(tab)
    with tab.expect_event("requestfailed"):
        person.set_offline(True)
        have_asked(tab)
    assert tab.evaluate(STATE) == "waiting"
    with tab.expect_response(re.compile("/status")):
        person.set_offline(False)
    decide(popup, "approve")
    wait_for_end(tab, "connected")

    assert remarks == []


def test_t51_offline_when_it_ends(tab: Page) -> None:
    """What ended while the page had no network is shown when the network is back."""
    popup = at_hubspot(tab)
    tab.route(STATUS, lambda route: route.abort("internetdisconnected"))
    decide(popup, "approve")
    popup.close()
    assert ends(tab) == []
    tab.unroute(STATUS)
    tab.evaluate("dispatchEvent(new Event('online'))")
    wait_for_end(tab, "connected")


def test_t51_offline_for_long(hasty: Hasty, person: BrowserContext) -> None:
    """Three questions without an answer are told, and no end; once answered, that goes too."""
    popup = at_hubspot(hasty.page)
    hasty.pause()
    person.set_offline(True)
    hasty.live(30)
    note = hasty.page.get_by_role("status")
    expect(note).to_contain_text("cannot reach the server")
    person.set_offline(False)
    hasty.live(2)
    expect(note).not_to_contain_text("cannot reach the server")
    assert not ENDS & set(hasty.page.evaluate("ear.states"))
    decide(popup, "approve")
    hasty.live(5)

    assert ends(hasty.page) == ["connected"]


def answer(**options: Any) -> Callable[[Route], None]:
    """Answers like this in the server's place."""
    return lambda route: route.fulfill(**options)


WRONG = {
    "500": answer(status=500, json={"error": "portalkey_error"}),
    "404-of-a-proxy": answer(status=404, content_type="text/html", body="<h1>Not Found</h1>"),
    "503": answer(status=503, body="upstream connect error"),
    "html": answer(status=200, content_type="text/html", body="<h1>Welcome to the Wi-Fi</h1>"),
    "other-json": answer(status=200, json={"attempt": None}),
    "another-attempt": answer(
        status=200, json={"attempt": {"id": "A" * 22, "status": "cancelled"}}
    ),
    "an-unknown-status": answer(status=200, json={"attempt": {"id": "?", "status": "gone"}}),
    "nothing": lambda route: route.abort("connectionreset"),
}


MORE_WRONG = {
    "401": answer(status=401, json={"error": "signed_out"}),
    "404": answer(status=404, json={"error": "not_found"}),
    "later": answer(status=429, headers={"Retry-After": "86400"}, json={}),
}


@pytest.mark.parametrize("wrong", WRONG.values(), ids=WRONG)
def test_t52_wrong_answers(
    hasty: Hasty, wrong: Callable[[Route], None], request: pytest.FixtureRequest
) -> None:
    """A server in trouble is asked ever less often, and is no cancellation; then all goes on."""
    popup = at_hubspot(hasty.page)
    hasty.pause()
    hasty.page.route(STATUS, wrong)
    first, second = hasty.live(30), hasty.live(60)
    is_taken_for_ours = request.node.callspec.id == "html"
    sentence = "answers in HubSpot" if is_taken_for_ours else "cannot reach the server"
    expect(hasty.page.get_by_role("status")).to_contain_text(sentence)
    assert 3 <= first <= 5
    assert 1 <= second <= 3
    assert_recovers(hasty, popup)


def assert_recovers(hasty: Hasty, popup: Page) -> None:
    """Nothing has ended; once the server answers again, the journey ends connected."""
    assert not ENDS & set(hasty.page.evaluate("ear.states"))
    assert ends(hasty.page) == []
    hasty.page.unroute(STATUS)
    hasty.live(60)
    assert hasty.page.get_by_role("status").inner_text().startswith("Still waiting")
    decide(popup, "approve")
    hasty.live(5)
    assert ends(hasty.page) == ["connected"]


def test_t52_signed_out(hasty: Hasty) -> None:
    """Who is signed out is told so, asked after ever less often, and goes on when back."""
    popup = at_hubspot(hasty.page)
    hasty.pause()
    hasty.page.route(STATUS, answer(status=401, json={"error": "signed_out"}))
    asked = hasty.live(60)
    expect(hasty.page.get_by_role("status")).to_contain_text("You are signed out")
    assert asked <= 6
    assert_recovers(hasty, popup)


def test_t52_signed_out_in_another_tab(hasty: Hasty, person: BrowserContext, place: Place) -> None:
    """The page says so at its next question, which the focus asks at once."""
    popup = at_hubspot(hasty.page)
    hasty.live(1)
    other = person.new_page()
    other.goto(f"{place.url}/as/")
    with hasty.page.expect_response(re.compile("/status")):
        hasty.page.evaluate("dispatchEvent(new Event('focus'))")
    expect(hasty.page.get_by_role("status")).to_contain_text("You are signed out")
    other.goto(f"{place.url}/as/ada")
    hasty.live(10)
    expect(hasty.page.get_by_role("status")).not_to_contain_text("You are signed out")
    assert not popup.is_closed()


@pytest.mark.parametrize("wrong", ["html", "500", "nothing", "401", "404", "later"])
def test_t53_no_word_by_the_end(hasty: Hasty, wrong: str) -> None:
    """When the attempt's time has passed, the page waits no more, whatever it is answered."""
    at_hubspot(hasty.page)
    hasty.pause()
    hasty.live(3)
    hasty.page.route(STATUS, WRONG.get(wrong) or MORE_WRONG[wrong])
    hasty.page.clock.fast_forward(580_000)
    hasty.live(1)
    assert ends(hasty.page) == []
    for _ in range(4):
        hasty.page.clock.fast_forward(60_000)
        hasty.live(1)
    assert hasty.page.evaluate("ear.results.map(({ status, error }) => [status, error])") == [
        ["unknown", "unheard"]
    ]
    note = hasty.page.locator("hubspot-connect > p").first
    expect(note).to_contain_text("We never heard how this ended. Please reload the page.")
    expect(hasty.page.locator("hubspot-connect > a")).to_be_visible()
    assert hasty.live(3) == 0


def test_t52_too_many_requests(hasty: Hasty) -> None:
    """``Retry-After`` is kept to, whatever rings meanwhile."""
    popup = at_hubspot(hasty.page)
    hasty.pause()
    hasty.page.route(STATUS, answer(status=429, headers={"Retry-After": "40"}, json={}))
    hasty.page.evaluate("() => { asked = 0; dispatchEvent(new Event('online')); }")
    hasty.live(5)
    assert hasty.page.evaluate("asked") == 1
    for _ in range(5):
        hasty.page.evaluate("dispatchEvent(new Event('online'))")
        assert hasty.live(5) == 0
    assert hasty.live(20) == 1
    assert_recovers(hasty, popup)


def test_t53_the_attempt_times_out(tab: Page, place: Place, ahead: Ahead) -> None:
    """An attempt that took too long ends for page and popup alike, and the next one is clean."""
    popup = at_hubspot(tab)
    late = attempt_of(tab)
    ahead.seconds = 700
    have_asked(tab)
    wait_for_end(tab, "expired")
    note = tab.locator("hubspot-connect > p").first
    expect(note).to_have_text("This attempt timed out. Please start again.")
    expect(note).to_have_attribute("aria-live", "assertive")
    decide(popup, "approve")
    expect(popup.get_by_text("took too long")).to_be_visible()
    assert place.broker.connections("ada") == []

    decide(at_hubspot(tab), "approve")
    tab.wait_for_function("ear.results.length === 2")
    assert ends(tab) == ["expired", "connected"]
    assert attempt_of(tab) != late


TAKE_OUT = "window.taken = document.querySelector('hubspot-connect'); taken.remove()"
PUT_BACK = "document.body.append(taken)"


def test_t54_taken_out_and_put_back(hasty: Hasty) -> None:
    """Out of the page the element asks nothing and hears nothing; put back, it waits on."""
    popup = at_hubspot(hasty.page)
    hasty.pause()
    hasty.page.evaluate(TAKE_OUT)
    assert hasty.live(30) == 0
    assert listeners(hasty.page) == {"message": 0, "storage": 0, "focus": 0, "online": 0}
    hasty.page.evaluate(PUT_BACK)
    assert hasty.live(3) > 0
    assert hasty.page.evaluate(STATE) in {"waiting", "slow"}
    decide(popup, "approve")
    hasty.live(5)

    assert ends(hasty.page) == ["connected"]


def listeners(page: Page) -> dict[str, int]:
    """How many listeners the window has that the element would add."""
    protocol = page.context.new_cdp_session(page)
    window = protocol.send("Runtime.evaluate", {"expression": "window"})["result"]["objectId"]
    found = protocol.send("DOMDebugger.getEventListeners", {"objectId": window})["listeners"]
    protocol.detach()
    types = [each["type"] for each in found]
    return {name: types.count(name) for name in ("message", "storage", "focus", "online")}


def test_t54_another_view_and_back(tab: Page) -> None:
    """What ended while an app showed another view is shown when it shows this one again."""
    popup = at_hubspot(tab)
    tab.evaluate(
        """() => {
          window.view = document.body.innerHTML;
          history.pushState(null, "", "/elsewhere");
          document.body.innerHTML = "<h1>Elsewhere</h1>";
        }"""
    )
    decide(popup, "approve")
    with popup.expect_event("close"):
        popup.close()
    assert ends(tab) == []
    tab.evaluate(
        """() => new Promise((done) => {
          onpopstate = () => { document.body.innerHTML = view; done(); };
          history.back();
        })"""
    )
    wait_for_end(tab, "connected")
