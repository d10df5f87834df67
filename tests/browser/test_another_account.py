"""Another account than last time comes back to the popup, in a real Chromium."""

import pytest
from playwright.sync_api import Page, expect

from browser.places import AGREE, OWNER, STATE, Place, at_hubspot, wait_for_end
from portalkey.testing.account import connect
from portalkey_simulator import HubSpot
from support.hosting import FIRST, SECOND

pytest_plugins = ("browser.surroundings",)


@pytest.fixture
def asked(tab: Page, place: Place, hubspot: HubSpot) -> Page:
    """The popup, on the page that asks: Ada has the first account, and chose the second."""
    connect(place.broker, hubspot, OWNER, FIRST)
    popup = at_hubspot(tab)
    popup.locator(f"input[name=hub_id][value='{SECOND}']").check()
    popup.click(AGREE)
    popup.wait_for_selector("button[value=yes]")
    return popup


def hub_ids(place: Place) -> list[int]:
    """The accounts that Ada has."""
    return [each.hub_id for each in place.broker.connections(OWNER)]


def test_the_page_waits_until_the_person_says_yes(asked: Page, tab: Page, place: Place) -> None:
    """Both accounts are named, nothing is attached; after the yes the popup closes by itself."""
    expect(asked.get_by_role("heading")).to_have_text("Connect nordlicht.example?")
    for account in (FIRST, SECOND):
        expect(asked.locator("main")).to_contain_text(str(account))
    assert hub_ids(place) == [FIRST]
    expect(tab.get_by_role("status")).to_have_text("Confirm the account in the HubSpot window.")
    assert tab.evaluate(STATE) in {"waiting", "slow"}

    with asked.expect_event("close"):
        asked.click("button[value=yes]")

    wait_for_end(tab, "connected")
    assert hub_ids(place) == [FIRST, SECOND]


def test_not_this_account(asked: Page, tab: Page, place: Place, hubspot: HubSpot) -> None:
    """The page hears that it was cancelled, and HubSpot has forgotten the grant."""
    asked.click("button[value=no]")

    wait_for_end(tab, "cancelled")
    place.broker._background.join()
    assert hub_ids(place) == [FIRST]
    assert [each.path for each in hubspot.requests][-1].endswith("/revoke")


def test_cancelling_where_the_page_waits(
    asked: Page, tab: Page, place: Place, hubspot: HubSpot
) -> None:
    """The parent's Cancel gives the grant back as well."""
    tab.click("button[name=cancel]")

    wait_for_end(tab, "cancelled")
    place.broker._background.join()
    assert hub_ids(place) == [FIRST]
    assert [each.path for each in hubspot.requests][-1].endswith("/revoke")
