"""The popup, in a real Chromium."""

import re
from collections.abc import Callable
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from portalkey.broker import Broker
from portalkey_simulator import HubSpot


def open_popup(page: Page) -> Page:
    """Click *Connect to HubSpot*; the popup, on HubSpot's consent page."""
    with page.expect_popup() as opened:
        page.get_by_role("link", name="Connect").click()
    opened.value.wait_for_selector("button[name=decision]")
    return opened.value


def decide(popup: Page, decision: str, account: int = 0) -> None:
    """Choose an account and press a button."""
    popup.locator("input[name=hub_id]").nth(account).check()
    popup.locator(f"button[name=decision][value={decision}]").click()


def owner_on(page: Page) -> str:
    """Who the page says is here."""
    return page.locator("[data-owner]").get_attribute("data-owner") or ""


def test_a_person_connects_in_the_popup(page: Page, broker: Broker, complaints: list[str]) -> None:
    """Click, agree, and the popup reports and closes by itself; the page shows the account."""
    popup = open_popup(page)
    with popup.expect_event("close"):
        decide(popup, "approve")

    expect(page.get_by_text("harbourpine.example").first).to_be_visible()
    assert broker.access_token(owner_on(page))
    assert complaints == []


def test_the_popup_has_the_promised_size(page: Page) -> None:
    """600 by 700, opened inside the click."""
    popup = open_popup(page)

    assert popup.evaluate("[innerWidth, innerHeight]") == [600, 700]


def test_the_opener_gets_no_secret(page: Page, hubspot: HubSpot) -> None:
    """No code, state or token in any message, address or storage of the opening page."""
    page.evaluate(
        "window.heard = []; addEventListener('message', e => heard.push(JSON.stringify(e.data)))"
    )
    popup = open_popup(page)
    state = urlsplit(popup.url).query.partition("state=")[2].partition("&")[0]
    page.locator("hubspot-connect").evaluate("element => element.removeAttribute('data-reload')")
    with popup.expect_event("close"):
        decide(popup, "approve")

    held = page.evaluate("heard.join() + JSON.stringify({...localStorage, ...sessionStorage})")
    held += page.url + page.content()
    secrets = {asked.form[name] for asked in hubspot.requests for name in asked.form}
    assert "result" in held
    assert state
    assert not [each for each in (*secrets, state) if len(each) > 20 and each in held]


def test_declining_shows_in_the_page(page: Page, broker: Broker) -> None:
    """Cancel at HubSpot ends the attempt, and the page says so."""
    popup = open_popup(page)
    decide(popup, "deny")

    expect(page.get_by_role("status")).to_contain_text("not given permission")
    expect(popup.get_by_role("heading", level=1)).to_be_visible()
    assert broker.connections(owner_on(page)) == []


def test_cancelling_in_the_page_refuses_a_late_consent(page: Page, broker: Broker) -> None:
    """The person changed their mind; agreeing afterwards connects nothing."""
    popup = open_popup(page)
    address = popup.url
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_role("status")).to_contain_text("Cancelled")
    late = page.context.new_page()
    late.goto(address)
    decide(late, "approve")

    expect(late.get_by_text("cancelled in the app")).to_be_visible()
    assert broker.connections(owner_on(page)) == []


def test_it_works_without_javascript(
    new_context: Callable[..., BrowserContext], broker: Broker
) -> None:
    """The link leads through the whole journey in one tab, and back to where it began."""
    page = new_context(java_script_enabled=False).new_page()
    page.goto("/connections/setup")
    page.get_by_role("link", name="Connect").click()
    decide(page, "approve")

    expect(page).to_have_url(re.compile(r"/connections/setup\?connected=[\w-]{22}$"))
    expect(page.locator(".pk-note")).to_contain_text("harbourpine.example is connected.")
    expect(page.get_by_text("harbourpine.example").first).to_be_visible()
    assert broker.access_token(owner_on(page))


def test_a_link_finished_in_a_foreign_browser_connects_nobody(
    page: Page, new_context: Callable[..., BrowserContext], broker: Broker, hubspot: HubSpot
) -> None:
    """An attacker's link cannot bind a victim's account to the attacker (R1)."""
    popup = open_popup(page)
    victim = new_context().new_page()
    victim.goto("/connections/setup")
    victim.goto(popup.url)
    decide(victim, "approve")

    expect(victim.get_by_text("start from the app")).to_be_visible()
    assert hubspot.requests == ()
    assert broker.connections(owner_on(page)) == []

    decide(popup, "deny")  # what a stranger did has ended nothing here
    expect(page.get_by_role("status")).to_contain_text("You did not agree")


def test_a_bare_link_asks_first(page: Page) -> None:
    """A visit of start that no page of ours led to shows whose account it is, and one link."""
    page.goto("/auth/hubspot/start")

    links = page.get_by_role("link")
    expect(links.first).to_have_attribute("href", re.compile(r"/auth/hubspot/start\?t="))


def test_disconnecting(page: Page, broker: Broker) -> None:
    """A page asks first; then the account is gone from the page and the store, and that is said."""
    popup = open_popup(page)
    with popup.expect_event("close"):
        decide(popup, "approve")
    page.get_by_role("link", name="Disconnect").first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Disconnect harbourpine.example?")
    page.get_by_role("button", name="Disconnect").click()

    expect(page.locator(".pk-note")).to_contain_text("harbourpine.example was disconnected.")
    expect(page.locator("article")).to_have_count(0)
    assert broker.connections(owner_on(page)) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pages_break_no_policy(
    new_context: Callable[..., BrowserContext], complaints: list[str], scheme: str
) -> None:
    """No inline script or style is even tried: the console stays empty."""
    page = new_context(color_scheme=scheme).new_page()
    for path in ("/connections/setup", "/auth/hubspot/start", "/auth/hubspot/done?attempt=x"):
        page.goto(path)

    assert complaints == []
