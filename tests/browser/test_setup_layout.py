"""Where things stand on the setup page: the app at one end, and what ends at the other."""

from playwright.sync_api import BrowserContext, FloatRect, Locator, ViewportSize, expect

from browser.places import AGREE, OWNER, Place, front
from portalkey.testing.account import connect
from portalkey_simulator import HubSpot

pytest_plugins = ("browser.surroundings",)

WIDE: ViewportSize = {"width": 1280, "height": 800}


def box(thing: Locator) -> FloatRect:
    """Where it stands, from the window's corner."""
    found = thing.bounding_box()
    assert found
    return found


def end_of(thing: Locator) -> float:
    """How far to the right it goes."""
    found = box(thing)
    return found["x"] + found["width"]


def test_the_name_stands_beside_its_sign(person: BrowserContext, place: Place) -> None:
    """Where nobody says who is signed in, the name is the last in the line, and no farther."""
    page = front(person, place, "connections/setup")
    sign, name = page.locator(".pk-top > .pk-tile"), page.locator(".pk-home")

    assert 0 < box(name)["x"] - end_of(sign) < 20


def test_disconnect_stays_at_the_end(
    person: BrowserContext, place: Place, hubspot: HubSpot
) -> None:
    """While a window is open for a reconnect, and its line takes all the width."""
    connect(place.broker, hubspot, OWNER)
    page = front(person, place, "connections/setup")
    page.set_viewport_size(WIDE)
    leave = page.locator(".pk-leave")
    before = end_of(leave)
    with page.expect_popup() as popup:
        page.locator("article hubspot-connect a").click()
    popup.value.wait_for_selector(AGREE)
    expect(page.locator("article hubspot-connect")).to_have_attribute("state", "waiting")

    assert abs(end_of(leave) - before) < 1
