"""The setup page says once what has just happened, whichever window it happened in."""

from playwright.sync_api import Page, expect

from browser.states import AGREE, open_popup

NOTE = ".pk-note"
CONNECTED = "harbourpine.example is connected."


def test_what_has_connected_is_said_once(page: Page) -> None:
    """The page comes anew with it; the next visit does not say it again."""
    open_popup(page).click(AGREE)
    expect(page.locator(NOTE)).to_contain_text(CONNECTED)
    page.wait_for_url("**/connections/setup")
    page.reload()

    expect(page.locator("article")).to_have_count(1)
    assert page.locator(NOTE).count() == 0


def test_trying_again_in_the_popup_reaches_the_page_behind_it(page: Page) -> None:
    """Its element has ended with the first attempt, and waits for none."""
    popup = open_popup(page)
    popup.click("button[value=deny]")
    expect(page.get_by_role("status")).to_contain_text("nothing was changed")
    popup.get_by_role("link", name="Try again").click()
    with popup.expect_event("close"):
        popup.click(AGREE)

    expect(page.locator(NOTE)).to_contain_text(CONNECTED)


def test_another_tab_hears_of_it(page: Page) -> None:
    """One that stands on the page, and does nothing just then."""
    other = page.context.new_page()
    other.goto("/connections/setup")
    open_popup(page).click(AGREE)

    expect(other.locator(NOTE)).to_contain_text(CONNECTED)


def test_a_tab_that_waits_is_left_alone(page: Page) -> None:
    """Its element goes on, and says itself what comes of it."""
    other = page.context.new_page()
    other.goto("/connections/setup")
    theirs = open_popup(other)
    open_popup(page).click(AGREE)
    expect(page.locator(NOTE)).to_contain_text(CONNECTED)

    expect(other.locator("hubspot-connect").first).to_have_attribute("state", "waiting")
    theirs.click(AGREE)
    expect(other.locator(NOTE)).to_contain_text(CONNECTED)
