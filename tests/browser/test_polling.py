"""How often a page asks while somebody is at HubSpot, and how soon it knows that they are back.

By a clock in the test's hand: half a minute is half a minute on any machine.
"""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page

from browser.hasty import Hasty
from browser.journeys import DEAF
from browser.places import AGREE, STATE, Place, at_hubspot, ends
from portalkey_simulator import HubSpot

pytest_plugins = ("browser.surroundings",)

HALF_A_MINUTE = 30
AT_LAST = "main > h1"


def open_page(
    hasty: Hasty, place: Place, *, is_severed: bool = False, is_deaf: bool = False
) -> None:
    """The front page; if *is_deaf*, one that hears no message, channel or storage."""
    hasty.page.add_init_script(DEAF)
    policy = "same-origin" if is_severed else ""
    hasty.page.goto(f"{place.url}/?policy={policy}{'&deaf' if is_deaf else ''}")


def wait_at_hubspot(hasty: Hasty) -> Page:
    """The popup, at HubSpot; from here on time passes only as the test lets it."""
    popup = at_hubspot(hasty.page)
    hasty.live(1)
    hasty.pause()
    return popup


def test_while_the_popup_is_in_sight(hasty: Hasty, place: Place) -> None:
    """A page that sees its popup asks after ten seconds, and then every twenty."""
    open_page(hasty, place)
    wait_at_hubspot(hasty)
    hasty.live(HALF_A_MINUTE)

    assert hasty.page.evaluate(STATE) == "slow"
    assert 1 <= int(hasty.page.evaluate("asked")) <= 2
    assert 2 <= hasty.live(60) <= 3


def test_while_the_popup_is_out_of_sight(hasty: Hasty, place: Place) -> None:
    """A page whose popup was cut off may have to find out by asking: every two seconds at first."""
    open_page(hasty, place, is_severed=True)
    wait_at_hubspot(hasty)

    assert 13 <= hasty.live(HALF_A_MINUTE) <= 16
    assert 8 <= hasty.live(HALF_A_MINUTE) <= 14
    hasty.live(60)
    assert hasty.live(60) <= 8


def without_script(hasty: Hasty, place: Place, hubspot: HubSpot) -> None:
    """The last page may run no script, and its popup is in sight."""
    place.headers["Content-Security-Policy"] = "script-src 'self' 'unsafe-inline'"
    open_page(hasty, place)
    hasty.page.context.route("**/done.js", lambda route: route.abort())


def deaf_and_severed(hasty: Hasty, place: Place, hubspot: HubSpot) -> None:
    """The page cuts its popup off, and hears of nothing."""
    open_page(hasty, place, is_severed=True, is_deaf=True)


def deaf_and_severed_by_hubspot(hasty: Hasty, place: Place, hubspot: HubSpot) -> None:
    """HubSpot's page cuts the popup off, and the page hears of nothing."""
    hubspot.switches.consent_opener_policy = "same-origin"
    open_page(hasty, place, is_deaf=True)


def deaf(hasty: Hasty, place: Place, hubspot: HubSpot) -> None:
    """The page hears of nothing, but sees its popup."""
    open_page(hasty, place, is_deaf=True)


def severed_at_last(hasty: Hasty, place: Place, hubspot: HubSpot) -> None:
    """The way back cuts the popup off, and the page hears of nothing."""
    hubspot.switches.redirect_opener_policy = "same-origin"
    open_page(hasty, place, is_deaf=True)


@pytest.mark.parametrize(
    "lose", [without_script, deaf_and_severed, deaf_and_severed_by_hubspot, deaf, severed_at_last]
)
@pytest.mark.parametrize("seconds", [4, 25])
def test_it_knows_within_two_seconds(
    hasty: Hasty,
    place: Place,
    hubspot: HubSpot,
    lose: Callable[[Hasty, Place, HubSpot], None],
    seconds: int,
) -> None:
    """Of a popup that is back from HubSpot, whatever else is lost, in the first half minute."""
    lose(hasty, place, hubspot)
    popup = wait_at_hubspot(hasty)
    hasty.live(seconds)
    popup.click(AGREE)
    popup.wait_for_selector(AT_LAST)
    assert ends(hasty.page) == []
    live_two_seconds(hasty)

    assert ends(hasty.page) == ["connected"]


def live_two_seconds(hasty: Hasty) -> None:
    """Whatever is asked by the end of them is answered, and shown."""
    hasty.live(2)
    hasty.page.clock.run_for(1)


def test_a_reloaded_page_has_no_popup_to_look_at(hasty: Hasty, place: Place) -> None:
    """So it asks every two seconds, and knows as soon."""
    open_page(hasty, place, is_deaf=True)
    popup = wait_at_hubspot(hasty)
    hasty.page.reload()
    hasty.page.wait_for_function(f"{STATE} === 'waiting'")
    assert 8 <= hasty.live(20) <= 11
    popup.click(AGREE)
    popup.wait_for_selector(AT_LAST)
    live_two_seconds(hasty)

    assert ends(hasty.page) == ["connected"]
