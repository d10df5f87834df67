"""A popup that has to ask first, in front of a page that it was cut off from."""

from browser.engines.base import Engine
from browser.host import Host
from browser.journey import (
    AT_HUBSPOT,
    CONNECT,
    STATE,
    agree,
    assert_severed,
    in_chromium,
)

STALE = f"document.querySelector('{CONNECT}').href = '/auth/hubspot/start?t=stale'"
ASKING = "document.querySelector('a[href*=\"start?t=\"]') !== null"


@in_chromium
def test_a_popup_that_asks_first_is_not_cancelled(engine: Engine, host: Host) -> None:
    """It looks closed and nothing is begun, yet it says that it is there; then it connects."""
    host.opener_policy = "same-origin"
    page = engine.open(host.url)
    page.evaluate(STALE)
    popup = engine.opened_by(lambda: page.click(CONNECT))
    popup.wait_for(ASKING)
    assert_severed(page, popup)
    page.wait_for(f"{STATE} === 'unobservable'")
    popup.click("a[href*='start?t=']")
    popup.wait_for(AT_HUBSPOT)
    agree(page, popup)

    assert "cancelled" not in page.evaluate("ear.states")


@in_chromium
def test_a_popup_closed_while_it_asks_is_cancelled(engine: Engine, host: Host) -> None:
    """Nothing is begun, and nothing will be."""
    page = engine.open(host.url)
    page.evaluate(STALE)
    popup = engine.opened_by(lambda: page.click(CONNECT))
    popup.wait_for(ASKING)
    popup.close()
    page.wait_for(f"{STATE} === 'cancelled'")
