"""What ends a popup's journey in the field, in three real engines.

HubSpot is on another *site* than the app, so that headers cut windows apart as in production. The
numbers are those of the scenarios in ``docs/browsers.md``.
"""

import pytest

from browser.engines.base import Engine
from browser.host import OWNER, Host
from browser.journey import (
    AGREE,
    AT_HUBSPOT,
    AT_LEISURE,
    CONNECT,
    NOTE,
    STATE,
    a_second,
    agree,
    assert_joined,
    assert_severed,
    open_popup,
)
from portalkey.broker import Broker
from portalkey_simulator import HubSpot

# The button's ground and the second text's colour, in a scheme; and what lies beyond the edge.
LOOKS = """((scheme) => {{
  const {{ style, scrollWidth, clientWidth }} = document.documentElement;
  style.colorScheme = scheme;
  const find = (selector, name) => getComputedStyle(document.querySelector(selector))[name];
  const [page, soft] = ["body", ".pk-soft"].map((each) => find(each, "color"));
  return [find(".pk-button", "backgroundColor"), page === soft, scrollWidth - clientWidth];
}})("{}")"""
IN_THIS_TAB = "document.querySelector('hubspot-connect [name=here]')"
# Notes when the page tries to close, and how many milliseconds later it says so.
WATCH_CLOSING = f"""(() => {{
  const close = window.close.bind(window);
  window.close = () => {{ window.tried = performance.now(); close(); }};
  new MutationObserver(() => {{
    if ({NOTE}.textContent.includes("can close")) window.took ??= performance.now() - window.tried;
  }}).observe({NOTE}, {{ childList: true }});
}})()"""


def test_t1_no_policy_anywhere(engine: Engine, host: Host) -> None:
    """The page shows *connected* within a second of HubSpot's redirect."""
    page = engine.open(host.url + AT_LEISURE)
    popup = open_popup(engine, page)
    assert_joined(page, popup)
    agree(page, popup)

    assert "message" in page.evaluate("ear.bells")
    assert page.evaluate("ear.ended") / 1000 - host.called_back < a_second()


def test_t2_the_page_severs(engine: Engine, host: Host) -> None:
    """A page under ``same-origin`` loses its popup, and hears by BroadcastChannel."""
    host.opener_policy = "same-origin"
    page = engine.open(host.url + AT_LEISURE)
    popup = open_popup(engine, page)
    assert_severed(page, popup)
    agree(page, popup)

    assert set(page.evaluate("ear.bells")) == {"channel"}


def test_t3_the_page_allows_popups(engine: Engine, host: Host) -> None:
    """A page under ``same-origin-allow-popups`` keeps its popup, and hears by message."""
    host.opener_policy = "same-origin-allow-popups"
    page = engine.open(host.url + AT_LEISURE)
    popup = open_popup(engine, page)
    assert_joined(page, popup)
    agree(page, popup)

    assert "message" in page.evaluate("ear.bells")


def test_t5_hubspot_severs(engine: Engine, host: Host, hubspot: HubSpot) -> None:
    """Twenty seconds on a page of HubSpot's that cut the popup off are no cancellation."""
    hubspot.switches.consent_opener_policy = "same-origin"
    page = engine.open(f"{host.url}/?haste=10")
    popup = open_popup(engine, page)
    assert_severed(page, popup)
    page.wait_for("window.Date.now() - ear.began > 20_000")
    ends = {"cancelled", "failed", "expired", "blocked"}
    assert not ends & set(page.evaluate("ear.states"))
    agree(page, popup)

    # In haste, the page may have asked before the popup rang.
    assert "message" not in page.evaluate("ear.bells")


@pytest.mark.parametrize("how", ["click-unasked", "no-windows"])
def test_t15_blocked(engine: Engine, host: Host, how: str, broker: Broker) -> None:
    """A blocked popup is told aloud, begins nothing, and leaves an offer that works in this tab."""
    page = engine.open(f"{host.url}/?{how}")
    if how == "no-windows":
        page.click(CONNECT)
    page.wait_for(f"{STATE} === 'blocked'", seconds=a_second())
    assert page.text("[role=alert]")
    assert broker.vault.store.events() == []
    page.evaluate(f"{IN_THIS_TAB}.click()")
    page.wait_for(AT_HUBSPOT)


def test_t17_closed_before_hubspot(engine: Engine, host: Host) -> None:
    """A popup closed before HubSpot's page came is a cancellation, shown within a second."""
    host.answers_start.clear()
    page = engine.open(host.url)
    engine.close_opened_by(lambda: page.click(CONNECT))
    page.wait_for("ear.popup.closed")
    page.wait_for(f"{STATE} === 'cancelled'", seconds=a_second())


def test_t41_the_window_may_not_close(engine: Engine, host: Host, broker: Broker) -> None:
    """A window that no script opened stays, and says at once that it can be closed."""
    page = engine.open(host.url)
    href = page.evaluate(f"document.querySelector('{CONNECT}').href")
    window = engine.open(f"{href}&attempt={'a' * 22}")
    window.click(AGREE)
    window.wait_for(f"{NOTE}?.textContent.includes('closes in')")
    window.evaluate(WATCH_CLOSING)
    window.wait_for("window.took")

    assert window.evaluate("window.took") / 1000 < a_second()
    assert window.is_listed
    assert broker.access_token(OWNER)


def test_t56_the_setup_page(engine: Engine, host: Host) -> None:
    """Our colours are there in light and dark, and nothing lies beyond the window's edge."""
    page = engine.open(f"{host.url}/connections/setup")

    assert page.evaluate(LOOKS.format("light")) == ["rgb(11, 93, 90)", False, 0]
    assert page.evaluate(LOOKS.format("dark")) == ["rgb(127, 211, 200)", False, 0]
