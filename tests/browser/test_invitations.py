"""A link for somebody without a login, in real browsers: a press, HubSpot, and the end."""

from collections.abc import Callable

from playwright.sync_api import BrowserContext, Page, expect

from browser.journey import AGREE, DECLINE
from portalkey.broker import Broker

NewContext = Callable[..., BrowserContext]
GO_ON = "button[value=yes]"


def open_link(new_context: NewContext, link: str) -> Page:
    """A browser of somebody's own, on the link's page."""
    page = new_context().new_page()
    page.goto(link)
    return page


def test_a_guest_connects_by_the_link(
    broker: Broker, new_context: NewContext, complaints: list[str]
) -> None:
    """One press leads to HubSpot and back: no policy of ours holds the form's way up."""
    invited = broker.invite("studio", name="Studio Lindqvist")
    page = open_link(new_context, invited.link)
    page.click(GO_ON)
    page.wait_for_selector(AGREE)
    page.click(AGREE)
    expect(page.locator("h1")).to_contain_text("Connected to ")

    assert broker.access_token("studio")
    assert complaints == []


def test_a_guest_without_scripts_connects_too(broker: Broker, new_context: NewContext) -> None:
    """Every step is a page, a form or a link."""
    invited = broker.invite("studio")
    page = new_context(java_script_enabled=False).new_page()
    page.goto(invited.link)
    page.click(GO_ON)
    page.wait_for_selector(AGREE)
    page.click(AGREE)
    expect(page.locator("h1")).to_contain_text("Connected to ")

    assert broker.access_token("studio")


def test_the_sender_looks_and_the_guest_goes_on(broker: Broker, new_context: NewContext) -> None:
    """Then the sender's browser is told so; the guest says no once, and yes again."""
    invited = broker.invite("studio")
    sender = open_link(new_context, invited.link)
    guest = open_link(new_context, invited.link)
    guest.click(GO_ON)
    guest.wait_for_selector(DECLINE)
    guest.click(DECLINE)
    expect(guest.locator("h1")).to_contain_text("Not connected")
    sender.click(GO_ON)
    expect(sender.locator("h1")).to_have_text("Opened elsewhere")
    guest.click("a[href*='go=1']")
    guest.wait_for_selector(AGREE)
    guest.click(AGREE)
    expect(guest.locator("h1")).to_contain_text("Connected to ")

    assert broker.access_token("studio")


def test_a_page_elsewhere_cannot_press(broker: Broker, new_context: NewContext) -> None:
    """A form of another site's, with the link in it, binds nothing."""
    invited = broker.invite("studio")
    address, _, secret = invited.link.partition("?link=")
    page = new_context().new_page()
    page.goto("about:blank")
    page.set_content(
        f"<form method=post action='{address}'><input name=link value='{secret}'>"
        "<button name=answer value=yes>Win</button></form>"
    )
    page.click(GO_ON)
    page.wait_for_url(address)

    row = broker.find_invitation(invited.invitation.id)
    assert row
    assert row.bound_at is None
