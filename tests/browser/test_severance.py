"""Headers that cut the popup off from its page, wherever in the chain they come.

The numbers are those of the scenarios in ``docs/browsers.md``.
"""

from browser.engines.base import Engine, Window
from browser.host import Host
from browser.journey import (
    AT_HUBSPOT,
    AT_LEISURE,
    CONNECT,
    agree,
    agree_and_be_severed,
    assert_joined,
    assert_severed,
    in_chromium,
    open_popup,
    starred,
)
from portalkey_simulator import HubSpot

COOP = "Cross-Origin-Opener-Policy"
CHAIN = ("/auth/hubspot/start", "/auth/hubspot/callback", "/auth/hubspot/done")


def assert_heard_by_channel(page: Window) -> None:
    """No message came: who reports over a cut has the channel only."""
    assert set(page.evaluate("ear.bells")) == {"channel"}


@starred
def test_t4_a_proxy_lays_a_policy_on_all(engine: Engine, host: Host) -> None:
    """A ``same-origin-allow-popups`` that a proxy forces on every page cuts, and connects."""
    host.opener_policy = "same-origin-allow-popups"
    for path in CHAIN:
        host.forced[path][COOP] = "same-origin-allow-popups"
    page = engine.open(host.url + AT_LEISURE)
    popup = open_popup(engine, page)
    # A page that allows popups keeps one that a mere redirect led to HubSpot: the way back cuts.
    assert_joined(page, popup)
    agree_and_be_severed(page, popup)

    assert_heard_by_channel(page)


@starred
def test_t6_hubspot_allows_popups(engine: Engine, host: Host, hubspot: HubSpot) -> None:
    """HubSpot's own ``same-origin-allow-popups`` cuts its opener off; that is no cancellation."""
    hubspot.switches.consent_opener_policy = "same-origin-allow-popups"
    page = engine.open(f"{host.url}/?haste=10")
    popup = open_popup(engine, page)
    assert_severed(page, popup)
    page.wait_for("window.Date.now() - ear.began > 20_000")
    assert not {"cancelled", "failed", "expired", "blocked"} & set(page.evaluate("ear.states"))
    agree(page, popup)

    assert "message" not in page.evaluate("ear.bells")


@starred
def test_t7_hubspot_wants_no_opener(engine: Engine, host: Host, hubspot: HubSpot) -> None:
    """``noopener-allow-popups`` cuts where the engine knows it, and connects everywhere."""
    hubspot.switches.consent_opener_policy = "noopener-allow-popups"
    page = engine.open(host.url)
    popup = open_popup(engine, page)
    # Firefox does not know the value.
    (assert_joined if engine.name == "firefox" else assert_severed)(page, popup)
    agree(page, popup)


@in_chromium
def test_t8_a_policy_only_reported(engine: Engine, host: Host, hubspot: HubSpot) -> None:
    """A policy that HubSpot only wants reported cuts nothing."""
    hubspot.switches.consent_opener_policy = "same-origin"
    hubspot.switches.opener_policies_report_only = True
    page = engine.open(host.url + AT_LEISURE)
    popup = open_popup(engine, page)
    assert_joined(page, popup)
    agree(page, popup)

    assert "message" in page.evaluate("ear.bells")


@starred
def test_t9_another_provider_signs_in(engine: Engine, host: Host, hubspot: HubSpot) -> None:
    """A sign-in elsewhere under ``same-origin`` cuts for good, though HubSpot sends no policy."""
    hubspot.switches.sign_in = True
    hubspot.switches.sign_in_opener_policy = "same-origin"
    page = engine.open(host.url + AT_LEISURE)
    popup = engine.opened_by(lambda: page.click(CONNECT))
    popup.wait_for("document.querySelector('a') !== null")
    assert_joined(page, popup)
    popup.click("main a")
    popup.wait_for("location.pathname.startsWith('/sign-in/')")
    assert_severed(page, popup)
    popup.click("button")
    popup.wait_for(AT_HUBSPOT)
    assert_severed(page, popup)
    agree(page, popup)

    assert_heard_by_channel(page)


@in_chromium
def test_t10_a_redirect_severs(engine: Engine, host: Host) -> None:
    """The policy of a redirect counts: one on our way to HubSpot cuts, and connects."""
    host.forced["/auth/hubspot/start"][COOP] = "same-origin"
    page = engine.open(host.url + AT_LEISURE)
    popup = open_popup(engine, page)
    assert_severed(page, popup)
    agree(page, popup)

    assert_heard_by_channel(page)


@in_chromium
def test_t14_our_last_page_severs(engine: Engine, host: Host) -> None:
    """A result page that is cut off itself is still heard by BroadcastChannel."""
    host.forced["/auth/hubspot/done"][COOP] = "same-origin"
    page = engine.open(host.url + AT_LEISURE)
    popup = open_popup(engine, page)
    assert_joined(page, popup)
    agree_and_be_severed(page, popup)

    assert_heard_by_channel(page)
