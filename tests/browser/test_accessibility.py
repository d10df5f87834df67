"""What people need who do not use a mouse, eyes, or the browser as it comes: T48, T49 and T50."""

import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from browser.axe import faults
from browser.pages import PAGES, SETUP, pending
from browser.states import (
    AGREE,
    ENDS,
    IN_APP,
    STATES,
    answer,
    enter,
    expect_state,
    have_asked,
    open_popup,
    stay,
)
from portalkey.broker import Broker
from portalkey.cli.server import Listener, create_app
from portalkey.settings import Settings
from portalkey.testing import Ahead
from portalkey_simulator import HubSpot
from support.visitor import Visitor

HEAR = """() => {
  window.said = [];
  const region = document.querySelector("hubspot-connect [aria-live]");
  new MutationObserver(() => said.push(region.textContent)).observe(region, { childList: true });
}"""
RUNNING = "() => document.getAnimations().filter((each) => each.playState === 'running').length"
FOCUSED = """() => {
  const focused = document.activeElement;
  return focused.matches("hubspot-connect > a") ? "link" : focused.name ?? focused.localName;
}"""
FINISH: dict[str, Callable[[Page, Page], None]] = {
    "connected": lambda page, _: answer(page, "connected"),
    "cancelled": lambda page, _: page.keyboard.press("Escape"),
    "expired": lambda page, _: answer(page, "expired"),
    "failed": lambda page, _: answer(page, "failed", "wrong_account"),
    "declined": lambda _, popup: popup.click("button[value=deny]"),
}
"""How a wait comes to each of its ends, by no click on this page."""
OFFERED = ("show", "again", "cancel")
EVERYWHERE = """([name, value]) => {
  for (const element of document.querySelectorAll(`[${name}]`)) element.setAttribute(name, value);
}"""
OUTLINE = """() => {
  const { outlineStyle, outlineWidth } = getComputedStyle(document.activeElement);
  return outlineStyle !== "none" && parseFloat(outlineWidth) >= 2;
}"""

VISIBLE = """selector => {
  const { color, stroke } = getComputedStyle(document.querySelector(selector));
  const paper = getComputedStyle(document.body).backgroundColor;
  return (stroke === "none" ? color : stroke) !== paper;
}"""
GAPS = """() => {
  const around = document.querySelector("hubspot-connect").getBoundingClientRect();
  const region = document.querySelector("hubspot-connect [aria-live]");
  const range = document.createRange();
  range.selectNodeContents(region);
  const [text, line] = [range.getBoundingClientRect(), region.getBoundingClientRect()];
  const isRight = around.right - line.right < line.left - around.left;
  const isDotRight = line.right - text.right > 10;
  return { start: isRight ? "right" : "left", dot: isDotRight ? "right" : "left" };
}"""


@pytest.fixture
def chromium(shell: Browser) -> Browser:
    """The same engine without its windows: axe looks at pages."""
    return shell


@pytest.fixture
def calm(new_context: Callable[..., BrowserContext]) -> BrowserContext:
    """A browser in which nothing moves, so that no colour is seen half-way."""
    context = new_context(reduced_motion="reduce")
    # A page that looks again by itself would be gone in the middle of it.
    context.route("**/look-again.js", lambda route: route.abort())
    return context


@pytest.fixture
def see(calm: BrowserContext) -> Callable[[Visitor, str], Page]:
    """Shows a page to this visitor, in a browser."""

    def see(visitor: Visitor, path: str) -> Page:
        for each in visitor.http.cookies.jar:
            name, value = each.name, each.value or ""
            calm.add_cookies(
                [{"name": name, "value": value, "domain": "localhost", "path": each.path}]
            )
        page = calm.new_page()
        page.goto(path)
        return page

    return see


@pytest.fixture
def held_back(
    chromium: Browser, settings: Settings, make_broker: Callable[[Settings], Broker], port: int
) -> Iterator[Page]:
    """The page that brings a Strict session along, held there as its script does not come."""
    elsewhere = settings.app_url.replace("localhost", "127.0.0.1")
    broker = make_broker(settings.model_copy(update={"app_url": elsewhere}))
    app = create_app(broker)
    app.config["SESSION_COOKIE_SAMESITE"] = "Strict"
    with Listener(app, broker, host="127.0.0.1", port=port):
        context = chromium.new_context(base_url=settings.public_url, reduced_motion="reduce")
        context.route("**/complete.js", lambda route: route.abort())
        popup = open_popup(on_setup(context))
        popup.click(AGREE)
        popup.wait_for_url("**/auth/hubspot/complete?*")
        yield popup
        context.close()


def on_setup(context: BrowserContext) -> Page:
    """A tab on the setup page."""
    page = context.new_page()
    page.goto(SETUP)
    return page


@pytest.mark.parametrize("state", STATES)
def test_t48_every_state_of_the_element(calm: BrowserContext, state: str) -> None:
    """Nothing is in the way of anybody, in light and dark, at 320 pixels and with large text."""
    page = on_setup(calm)
    enter(page, state)

    assert faults(page) == ""


def test_t48_inside_of_an_app(new_context: Callable[..., BrowserContext]) -> None:
    """Nothing is in the way of anybody, in light and dark, at 320 pixels and with large text."""
    page = on_setup(new_context(user_agent=IN_APP, reduced_motion="reduce"))
    expect_state(page, "in_app")

    assert faults(page) == ""


@pytest.mark.parametrize("name", PAGES)
def test_t48_every_page(name: str, visitor: Visitor, see: Callable[[Visitor, str], Page]) -> None:
    """Nothing is in the way of anybody, in light and dark, at 320 pixels and with large text."""
    page = see(visitor, PAGES[name](visitor))

    assert faults(page) == ""


def test_t48_the_page_between(held_back: Page) -> None:
    """Nothing is in the way of anybody, in light and dark, at 320 pixels and with large text."""
    assert faults(held_back) == ""


def test_t48_an_attempt_that_took_too_long(
    visitor: Visitor, see: Callable[[Visitor, str], Page], ahead: Ahead
) -> None:
    """Nothing is in the way of anybody, in light and dark, at 320 pixels and with large text."""
    path = pending(visitor)
    ahead.seconds = 700
    page = see(visitor, path)
    expect(page.get_by_text("too long")).to_be_visible()

    assert faults(page) == ""


def test_t48_what_is_read_out(page: Page, hubspot: HubSpot) -> None:
    """One live region says each thing once, and was there before it said anything."""
    hubspot.next_token_answer(delay=3)
    stay(page)
    page.evaluate(HEAR)
    open_popup(page).click(AGREE)
    expect_state(page, "connected")

    assert page.locator("[aria-live], [role=status], [role=alert]").count() == 1
    assert page.evaluate("said") == [
        "Finish connecting in the HubSpot window.",
        "Checking your connection…",
        "Connected to harbourpine.example",
    ]


def tab_to(page: Page, name: str) -> None:
    """Press Tab until what is called *name* has the focus."""
    for _ in range(30):
        page.keyboard.press("Tab")
        if page.evaluate(FOCUSED) == name:
            return
    raise AssertionError(f"no Tab leads to {name}")


def test_t49_the_keyboard_alone(page: Page, broker: Broker) -> None:
    """Tab, Enter and Space lead through everything, and Escape ends the wait from inside of it."""
    stay(page)
    page.locator("body").press("Home")
    tab_to(page, "link")
    with page.expect_popup():
        page.keyboard.press("Enter")
    expect_state(page, "waiting")
    seen = [page.evaluate(FOCUSED)]
    for _ in range(2):
        page.keyboard.press("Tab")
        seen.append(page.evaluate(FOCUSED))
    page.keyboard.press("Space")
    expect_state(page, "cancelled")

    assert seen == ["show", "again", "cancel"]
    assert page.evaluate(FOCUSED) == "link"
    assert broker.connections(page.locator("[data-owner]").get_attribute("data-owner") or "") == []


def test_t49_escape(page: Page) -> None:
    """Escape cancels with the focus inside of the element, and nowhere else."""
    stay(page)
    open_popup(page)
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("Escape")
    expect_state(page, "waiting")
    page.get_by_role("button", name="Show window").focus()
    page.keyboard.press("Escape")
    expect_state(page, "cancelled")

    assert page.evaluate(FOCUSED) == "link"


@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize("held", ["show", "cancel"])
def test_t49_the_focus_after_an_end(page: Page, held: str, end: str) -> None:
    """Whatever had the focus, it is on the link at the end, and never lost to the page.

    Where it is connected there is no link, and the sentence has it.
    """
    stay(page)
    popup = open_popup(page)
    page.locator(f"hubspot-connect [name={held}]").focus()
    FINISH[end](page, popup)
    have_asked(page)
    expect_state(page, STATES[end][0])

    assert page.evaluate(FOCUSED) == ("p" if end == "connected" else "link")


def test_t50_nothing_moves(new_context: Callable[..., BrowserContext]) -> None:
    """Somebody who asked for less motion sees none while waiting; others see a dot breathe."""
    moving = {}
    for wish in ("reduce", "no-preference"):
        page = on_setup(new_context(reduced_motion=wish))
        enter(page, "waiting")
        moving[wish] = page.evaluate(RUNNING)

    assert moving["reduce"] == 0
    assert moving["no-preference"] > 0


def test_t50_colours_of_the_persons_own(new_context: Callable[..., BrowserContext]) -> None:
    """Under forced colours the focus has an outline, and buttons and marks can be told apart."""
    context = new_context(forced_colors="active")
    page = on_setup(context)
    enter(page, "waiting")
    page.evaluate("document.activeElement.blur()")  # a click leaves no outline
    for name in OFFERED:
        tab_to(page, name)
        assert page.evaluate(OUTLINE), name
    page.goto("/auth/hubspot/start")

    assert page.evaluate(VISIBLE, "a[href*=start]")
    assert page.evaluate(VISIBLE, ".pk-joint .pk-icon")


def test_t50_from_right_to_left(page: Page) -> None:
    """A page that is read from the right has the element from the right."""
    page.evaluate(EVERYWHERE, ["dir", "rtl"])
    enter(page, "waiting")
    boxes = [page.locator(f"hubspot-connect [name={each}]").bounding_box() for each in OFFERED]
    places = [box["x"] for box in boxes if box]

    assert places == sorted(places, reverse=True)
    assert len(places) == len(OFFERED)
    assert page.evaluate(GAPS) == {"start": "right", "dot": "right"}


def test_t50_in_german(new_context: Callable[..., BrowserContext]) -> None:
    """A page in German has the element in German, and so are the popup's own pages."""
    page = on_setup(new_context(locale="de-DE"))
    page.evaluate(EVERYWHERE, ["lang", "de"])
    popup = open_popup(page)
    expect(page.get_by_role("status")).to_have_text(
        "Schließen Sie die Verbindung im HubSpot-Fenster ab."
    )
    popup.click(AGREE)
    expect(popup).to_have_title(re.compile("^Mit HubSpot verbunden · "))

    assert popup.locator("html").get_attribute("lang") == "de"
