"""htmx, which takes over the links of a page that asks for ``hx-boost``."""

import pytest
from playwright.sync_api import BrowserContext, expect

from browser.fronts import CONNECT_JS, element, open_app
from browser.places import AGREE, CONNECT, OWNER, Place, at_hubspot, decide, wait_for_end

pytest_plugins = ("browser.surroundings",)

BOOSTED = [
    pytest.param("htmx2", 'hx-boost="true"', id="htmx-2"),
    pytest.param("htmx.org", 'hx-boost:inherited="true"', id="htmx-4"),
]
LATE = """<script type="module">
  const loaded = new Promise((done) => addEventListener("load", done));
  if (document.readyState !== "complete") await loaded;
  await import("/auth/hubspot/static/connect.js");
</script>"""


def head_with(package: str, ours: str) -> str:
    """The two scripts."""
    return f'<script src="/npm/{package}/dist/htmx.min.js"></script>{ours}'


@pytest.mark.parametrize("ours", [CONNECT_JS, LATE], ids=["in-time", "late"])
@pytest.mark.parametrize(("package", "boost"), BOOSTED)
def test_a_popup_from_a_boosted_page(
    person: BrowserContext, place: Place, package: str, boost: str, ours: str
) -> None:
    """The popup opens, and the page stays itself, also where htmx took the link up first."""
    body = f"<body {boost}><h1>App</h1>{element('popup')}</body>"
    tab = open_app(person, place, head=head_with(package, ours), body=body)
    tab.wait_for_selector("hubspot-connect[state=idle]")
    popup = at_hubspot(tab)
    expect(tab.get_by_role("heading")).to_have_text("App")
    decide(popup, "approve")
    wait_for_end(tab, "connected")

    assert place.broker.access_token(OWNER)


@pytest.mark.parametrize("ours", [CONNECT_JS, "", LATE], ids=["in-time", "none", "late"])
@pytest.mark.parametrize(("package", "boost"), BOOSTED)
def test_a_boosted_link_in_this_tab(
    person: BrowserContext, place: Place, package: str, boost: str, ours: str
) -> None:
    """The tab goes to HubSpot and back; no page of ours is swapped into the app's."""
    body = f"<body {boost}><h1>App</h1>{element('redirect')}</body>"
    tab = open_app(person, place, head=head_with(package, ours), body=body)
    if ours:
        tab.wait_for_selector("hubspot-connect[state=idle]")
    tab.click(CONNECT)
    tab.click(AGREE)

    expect(tab).to_have_url(f"{place.url}/app")
    assert place.broker.access_token(OWNER)
