"""When the popup closes by itself, by a clock in the test's hand."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, expect

BEGAN = datetime(2026, 11, 22, tzinfo=UTC)
STARTED = datetime(2026, 11, 22, 0, 0, 1, tzinfo=UTC)
# The window stays, so that it can be asked.
NOTE_CLOSING = "window.close = () => { window.tried = true; };"
MAY_CLOSE = "You can close this window."
Ended = Callable[..., Page]


@pytest.fixture
def ended(new_context: Callable[..., BrowserContext]) -> Ended:
    """Goes through the popup to its last page, with every clock standing still."""

    def ended(decision: str, account: int = 0, **options: Any) -> Page:
        context = new_context(**options)
        context.add_init_script(NOTE_CLOSING)
        context.clock.install(time=BEGAN)
        context.clock.pause_at(STARTED)
        page = context.new_page()
        page.goto("/connections/setup")
        with page.expect_popup() as opened:
            page.locator("hubspot-connect a").first.click()
        popup = opened.value
        popup.locator("input[name=hub_id]").nth(account).check()
        popup.click(f"button[value={decision}]")
        popup.wait_for_url("**/done?*")
        return popup

    return ended


def tries_after(popup: Page, milliseconds: int) -> bool:
    """Whether it has tried to close, so many *milliseconds* later."""
    popup.context.clock.run_for(milliseconds)
    return bool(popup.evaluate("window.tried ?? false"))


def note(popup: Page) -> str:
    """What the popup says of its closing."""
    return popup.get_by_role("status").inner_text()


def test_success_closes_after_two_seconds(ended: Ended) -> None:
    """And not before; it says so."""
    popup = ended("approve")

    assert note(popup) == "This window closes in 2 seconds."
    assert not tries_after(popup, 1_990)
    assert tries_after(popup, 20)


@pytest.mark.parametrize("account", [0, 2])
def test_hovering_holds_success(ended: Ended, account: int) -> None:
    """Over the sentence, or over what was not granted; it goes on once the pointer has left."""
    popup = ended("approve", account)
    popup.mouse.move(1, 1)
    popup.locator(".pk-missing" if account else ".pk-closing").hover()

    assert not tries_after(popup, 10_000)
    assert note(popup) == MAY_CLOSE
    popup.mouse.move(1, 1)
    assert not tries_after(popup, 1_990)
    assert tries_after(popup, 20)


def test_focus_holds_success(ended: Ended) -> None:
    """As long as it is there, wherever the pointer goes."""
    popup = ended("approve")
    button = popup.get_by_role("button", name="Close window")
    button.focus()
    button.hover()
    popup.mouse.move(1, 1)

    assert not tries_after(popup, 10_000)
    button.blur()
    assert tries_after(popup, 2_010)


@pytest.mark.parametrize("decision", ["approve", "deny"])
def test_reduced_motion_closes_nothing(ended: Ended, decision: str) -> None:
    """Who asked for calm closes the window; the button does it at once."""
    popup = ended(decision, reduced_motion="reduce")

    turn_away(popup)
    assert not tries_after(popup, 60_000)
    assert note(popup) == (MAY_CLOSE if decision == "approve" else "")
    popup.get_by_role("button", name="Close window").click()
    assert tries_after(popup, 0)


def turn_away(popup: Page) -> None:
    """Go to another window; the driver says of each that it has the focus."""
    popup.evaluate("() => { document.hasFocus = () => false; dispatchEvent(new Event('blur')); }")


def turn_back(popup: Page) -> None:
    """Come back to it."""
    popup.evaluate("() => { document.hasFocus = () => true; dispatchEvent(new Event('focus')); }")


def test_an_error_stays_while_it_is_in_front(ended: Ended) -> None:
    """Whoever has the window in front of them may be reading it, without touching anything."""
    popup = ended("deny")

    assert not tries_after(popup, 60_000)
    assert note(popup) == ""


def test_an_error_closes_once_the_person_has_turned_to_the_page(ended: Ended) -> None:
    """After fifteen seconds, as the page has acknowledged that it shows it as well."""
    popup = ended("deny")
    turn_away(popup)
    expect(popup.get_by_role("status")).to_have_text("This window closes in 15 seconds.")

    assert not tries_after(popup, 14_990)
    assert tries_after(popup, 20)


def test_an_error_that_somebody_comes_back_to_stays(ended: Ended) -> None:
    """They want to read it after all."""
    popup = ended("deny")
    turn_away(popup)
    expect(popup.get_by_role("status")).to_have_text("This window closes in 15 seconds.")
    turn_back(popup)

    assert not tries_after(popup, 60_000)
    assert note(popup) == MAY_CLOSE


def test_an_error_that_nobody_shows_stays(ended: Ended) -> None:
    """Without the opening page it would be lost."""
    popup = ended("deny")
    (page,) = [each for each in popup.context.pages if each != popup]
    page.close()
    popup.reload()
    turn_away(popup)

    assert note(popup) == ""
    assert not tries_after(popup, 60_000)


@pytest.mark.parametrize("touch", ["pointer", "key", "focus"])
def test_an_error_that_somebody_touches_stays(ended: Ended, touch: str) -> None:
    """Whoever is at it keeps it, though another window is in front."""
    popup = ended("deny")
    turn_away(popup)
    expect(popup.get_by_role("status")).to_have_text("This window closes in 15 seconds.")
    if touch == "pointer":
        popup.mouse.move(30, 30)
    elif touch == "key":
        popup.keyboard.press("Shift")
    else:
        popup.get_by_role("link", name="Back").focus()

    assert not tries_after(popup, 60_000)
    assert note(popup) == MAY_CLOSE
