"""The simulator's own pages: of the family of portalkey's, and not taken for HubSpot's."""

from collections.abc import Callable
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Browser, BrowserContext, expect

from browser.axe import faults
from portalkey_simulator import HubSpot

SCOPES = "oauth crm.objects.contacts.read crm.objects.companies.read"


@pytest.fixture
def chromium(shell: Browser) -> Browser:
    """The same engine without its windows."""
    return shell


@pytest.fixture
def app_url(hubspot: HubSpot) -> str:
    """The pages stand at the simulator's own address."""
    return hubspot.url


def authorize(client_id: str, redirect_uri: str) -> str:
    """The path of the consent page."""
    asked = {"client_id": client_id, "redirect_uri": redirect_uri, "scope": SCOPES}
    return f"/oauth/authorize?{urlencode(asked | {'optional_scope': 'crm.objects.deals.read'})}"


@pytest.mark.parametrize("name", ["consent", "stopped"])
def test_every_page(
    name: str, hubspot: HubSpot, new_context: Callable[..., BrowserContext]
) -> None:
    """Nothing is in the way of anybody, and each says that it is not HubSpot."""
    uri = hubspot.app.redirect_uris[0]
    page = new_context(reduced_motion="reduce").new_page()
    paths = {
        "consent": authorize(hubspot.app.client_id, uri),
        "stopped": authorize("unknown", uri),
    }
    page.goto(paths[name])

    expect(page.locator("header")).to_contain_text("Simulated HubSpot. This is not HubSpot")
    assert page.locator("img").count() == 0
    assert faults(page) == ""


def test_the_consent_fits_the_popup(
    hubspot: HubSpot, new_context: Callable[..., BrowserContext]
) -> None:
    """Both buttons are seen without scrolling."""
    page = new_context(viewport={"width": 600, "height": 700}).new_page()
    page.goto(authorize(hubspot.app.client_id, hubspot.app.redirect_uris[0]))

    for decision in ("approve", "deny"):
        expect(page.locator(f"button[value={decision}]")).to_be_in_viewport(ratio=1)
