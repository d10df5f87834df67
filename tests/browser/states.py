"""The states of ``<hubspot-connect>``, each brought about as it comes about for a person."""

from collections.abc import Callable
from urllib.parse import parse_qs, urlsplit

from playwright.sync_api import Page, Route, expect

LINK = "hubspot-connect > a"
AGREE = "button[value=approve]"
STATUS = "**/api/hubspot/status*"
SLOW = 31_000
"""Milliseconds after which a wait is slow."""
IN_APP = "Mozilla/5.0 (Linux; Android 16; Pixel 9) AppleWebKit/537.36 Chrome/156.0 Instagram 400"


def open_popup(page: Page) -> Page:
    """Click the link; the popup, on HubSpot's consent page."""
    with page.expect_popup() as opened:
        page.locator(LINK).click()
    opened.value.wait_for_selector(AGREE)
    return opened.value


def expect_state(page: Page, state: str) -> None:
    """Wait until the element is in this *state*."""
    expect(page.locator("hubspot-connect")).to_have_attribute("state", state)


def answer(page: Page, status: str, error: str | None = None) -> None:
    """Let the server say from now on that the attempt's status is this one."""

    def fulfill(route: Route) -> None:
        (attempt,) = parse_qs(urlsplit(route.request.url).query)["attempt"]
        said = {"id": attempt, "status": status, "error": error, "message": None}
        route.fulfill(json={"authenticated": False, "attempt": said})

    page.route(STATUS, fulfill)


def have_asked(page: Page) -> None:
    """Let the page ask the server now, as it does when it is looked at again."""
    page.evaluate("dispatchEvent(new Event('focus'))")


def stay(page: Page) -> None:
    """Show the end in place: this page would reload once it is connected."""
    page.locator("hubspot-connect").evaluate("element => { delete element.dataset.reload; }")


def wait(page: Page) -> None:
    """HubSpot's page is open."""
    open_popup(page)


def wait_long(page: Page) -> None:
    """It has been open for half a minute."""
    page.clock.install()
    open_popup(page)
    page.clock.fast_forward(SLOW)


def lose_sight(page: Page) -> None:
    """The window is closed; to the page it might as well have been cut off."""
    open_popup(page).close()


def verify(page: Page) -> None:
    """HubSpot has agreed, and the server is at work."""
    answer(page, "exchanging")
    open_popup(page)
    have_asked(page)


def connect(page: Page) -> None:
    """It has worked."""
    answer(page, "connected")
    open_popup(page).close()


def fail(page: Page) -> None:
    """It has not."""
    answer(page, "failed", "wrong_account")
    open_popup(page).close()


def decline(page: Page) -> None:
    """The person did not agree."""
    answer(page, "failed", "declined")
    open_popup(page).close()


def expire(page: Page) -> None:
    """It took too long."""
    answer(page, "expired")
    open_popup(page).close()


def cancel(page: Page) -> None:
    """The person changed their mind."""
    open_popup(page)
    page.get_by_role("button", name="Cancel").click()


def block(page: Page) -> None:
    """The browser lets no window open."""
    page.evaluate("window.open = () => null")
    page.locator(LINK).click()


def stand(page: Page) -> None:
    """Nothing has happened yet."""
    expect(page.locator(LINK)).to_be_visible()


def know_better(page: Page) -> None:
    """The server knows already that HubSpot honours the connection no more."""
    page.locator("hubspot-connect").evaluate(
        "element => { element.dataset.state = 'needs_reconnect'; element.replaceWith(element); }"
    )


STATES: dict[str, tuple[str, Callable[[Page], None]]] = {
    "idle": ("idle", stand),
    "needs reconnect": ("needs_reconnect", know_better),
    "waiting": ("waiting", wait),
    "slow": ("slow", wait_long),
    "unobservable": ("unobservable", lose_sight),
    "verifying": ("verifying", verify),
    "connected": ("connected", connect),
    "cancelled": ("cancelled", cancel),
    "blocked": ("blocked", block),
    "expired": ("expired", expire),
    "failed": ("failed", fail),
    "declined": ("failed", decline),
}
"""By name: the attribute's value, and the way there."""
ENDS = ("connected", "cancelled", "expired", "failed", "declined")
"""Those in which nothing is open any more."""


def enter(page: Page, name: str) -> None:
    """Bring the element into the state of this *name*."""
    state, act = STATES[name]
    stay(page)
    act(page)
    expect_state(page, state)
