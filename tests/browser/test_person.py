"""What people do meanwhile: close, reload, click twice, change their mind, go back.

The numbers are those of the scenarios in ``docs/browsers.md``.
"""

import pytest

from browser.engines.base import Engine, Window
from browser.host import OWNER, Host
from browser.journey import (
    AGREE,
    AT_HUBSPOT,
    CONNECT,
    CONNECTED,
    DECLINE,
    HEADING,
    a_second,
    agree,
    assert_severed,
    attempt_of,
    in_chromium,
    offer,
    open_popup,
    starred,
    start_again,
    state_of,
    wait_for_state,
)
from portalkey.broker import Broker
from portalkey.model.attempt import AttemptStatus
from portalkey.model.events import EventName
from portalkey.testing import Ahead
from portalkey_simulator import HubSpot, OpenerPolicy

BAD_ENDS = {"cancelled", "failed", "expired", "blocked"}


def status_of(broker: Broker, page: Window) -> AttemptStatus:
    """Where the attempt that the page began last stands, says the store."""
    attempt = broker.vault.store.attempt(attempt_of(page))
    assert attempt is not None
    return attempt.status


def exchanges(hubspot: HubSpot) -> int:
    """How many codes HubSpot was asked to exchange."""
    return sum(asked.form.get("grant_type") == "authorization_code" for asked in hubspot.requests)


def begun(broker: Broker) -> int:
    """How many attempts there were."""
    names = [event.name for event in broker.vault.store.events()]
    return names.count(EventName.ATTEMPT_STARTED)


@starred
def test_t18_closed_at_hubspot(engine: Engine, host: Host, broker: Broker) -> None:
    """A popup closed at HubSpot is said to be out of sight within 2 s; the person starts again."""
    page = engine.open(host.url)
    open_popup(engine, page).close()
    wait_for_state(page, "unobservable", seconds=2 * a_second())
    assert status_of(broker, page) is AttemptStatus.AT_HUBSPOT

    agree(page, start_again(engine, page))
    assert broker.access_token(OWNER)
    assert not BAD_ENDS & set(page.evaluate("ear.states"))


@starred
def test_t19_closed_out_of_sight(
    engine: Engine, host: Host, hubspot: HubSpot, broker: Broker, ahead: Ahead
) -> None:
    """A popup that was cut off and then closed is nobody's fault: its attempt runs out."""
    hubspot.switches.consent_opener_policy = "same-origin"
    page = engine.open(f"{host.url}/?haste=10")
    popup = open_popup(engine, page)
    assert_severed(page, popup)
    popup.close()
    wait_for_state(page, "unobservable")
    assert not BAD_ENDS & set(page.evaluate("ear.states"))

    ahead.seconds = broker.settings.attempt_seconds + 1
    wait_for_state(page, "expired")
    assert page.evaluate("ear.results") == ["expired"]


@in_chromium
def test_t20_finished_in_another_window(
    engine: Engine, host: Host, hubspot: HubSpot, broker: Broker
) -> None:
    """Who lost a popup out of sight and starts again connects once; the lost one counts no more."""
    hubspot.switches.consent_opener_policy = "same-origin"
    page = engine.open(host.url)
    lost = open_popup(engine, page)
    assert_severed(page, lost)
    address = lost.evaluate("location.href")
    lost.close()
    wait_for_state(page, "unobservable")
    agree(page, start_again(engine, page))

    late = engine.open(address)
    late.click(AGREE)
    late.wait_for("document.body.innerText.includes('cancelled in the app')")
    assert exchanges(hubspot) == 1
    assert len(broker.connections(OWNER)) == 1
    assert state_of(page) == "connected"


@in_chromium
def test_t21_declined_without_a_word(engine: Engine, host: Host, hubspot: HubSpot) -> None:
    """Where HubSpot keeps a refusal to itself, the page waits, gives a hint, and can be told."""
    hubspot.switches.cancel_sends = "nothing"
    page = engine.open(f"{host.url}/?haste=10")
    popup = open_popup(engine, page)
    popup.click(DECLINE)
    popup.wait_for(f"{HEADING} === 'Not connected'")
    assert state_of(page) == "waiting"
    wait_for_state(page, "slow")
    page.click(offer("cancel"))
    wait_for_state(page, "cancelled")
    popup.wait_until_closed()


@starred
def test_t22_declined(engine: Engine, host: Host, broker: Broker) -> None:
    """A refusal that HubSpot reports is shown in both windows, without alarm; the popup stays."""
    page = engine.open(host.url)
    popup = open_popup(engine, page)
    popup.click(DECLINE)
    wait_for_state(page, "failed")
    assert page.evaluate("document.querySelector('hubspot-connect').matches('[declined]')")
    assert page.text("hubspot-connect [role=status]")

    # It is in front, and whoever has it there may be reading it.
    popup.click("h1")
    assert popup.evaluate(HEADING) == "Not connected"
    assert broker.connections(OWNER) == []


@starred
@pytest.mark.parametrize("how", ["double click", "enter"])
def test_t24_twice(engine: Engine, host: Host, broker: Broker, how: str) -> None:
    """A second click, or Enter again, begins nothing new: it turns to the popup that is open."""
    act = engine.click_twice if how == "double click" else engine.press_enter
    host.answers_start.clear()
    page = engine.open(host.url)
    act(page.handle, CONNECT)
    assert page.evaluate("ear.attempts.length") == 1
    assert page.evaluate("ear.focused") is True

    host.answers_start.set()
    popup = engine.until(lambda: next((each for each in engine.windows() if each != page), None))
    popup.wait_for(AT_HUBSPOT)
    agree(page, popup)
    assert engine.windows() == [page]
    assert begun(broker) == 1


@starred
@pytest.mark.parametrize("policy", [None, "same-origin"])
def test_t26_the_page_is_reloaded(
    engine: Engine, host: Host, hubspot: HubSpot, policy: OpenerPolicy | None
) -> None:
    """A reloaded page goes on waiting for the popup that it opened before, and hears of its end."""
    hubspot.switches.consent_opener_policy = policy
    page = engine.open(host.url)
    popup = open_popup(engine, page)
    page.reload()
    wait_for_state(page, "waiting")
    assert page.evaluate("ear.attempts") == []
    agree(page, popup)


@in_chromium
@pytest.mark.parametrize(
    ("policy", "query", "why_loaded_anew"),
    [
        (None, "", "non-trivial-browsing-context-group"),
        ("same-origin", "", "broadcastchannel-message"),
        ("same-origin", "?no-channel", None),
    ],
)
def test_t27_away_and_back(
    engine: Engine, host: Host, policy: str | None, query: str, why_loaded_anew: str | None
) -> None:
    """Who leaves, agrees, and comes back finds it connected, from the browser's cache or not."""
    host.opener_policy = policy
    page = engine.open(f"{host.url}/{query}")
    popup = open_popup(engine, page)
    page.handle.goto(f"{host.url}/connections/setup")
    popup.click(AGREE)
    popup.wait_until_closed()
    # Playwright would wait for a load, and a page out of the cache has none.
    page.evaluate("history.back()")
    page.wait_for("ear.persisted !== undefined")
    wait_for_state(page, "connected")

    assert page.evaluate("ear.results") == ["connected"]
    assert page.evaluate("ear.persisted") is (why_loaded_anew is None)
    reasons = page.evaluate(
        "performance.getEntriesByType('navigation')[0].notRestoredReasons?.reasons[0].reason"
    )
    assert reasons == why_loaded_anew


@in_chromium
def test_t28_the_page_is_closed(engine: Engine, host: Host, broker: Broker) -> None:
    """Without its page the popup finishes alone, says so, and closes."""
    page = engine.open(host.url)
    popup = open_popup(engine, page)
    page.close()
    popup.click(AGREE)
    popup.wait_for(CONNECTED)
    assert "window" in popup.text("[role=status]")
    popup.wait_until_closed()

    assert broker.access_token(OWNER)


def hidden_page(engine: Engine, host: Host) -> tuple[Window, Window]:
    """A page without the focus, whose timers stopped six minutes after the click; its popup."""
    host.forced["/auth/hubspot/done"]["Content-Security-Policy"] = "script-src 'none'"
    page = engine.open("about:blank")
    page.handle.clock.install()
    page.handle.goto(host.url)
    popup = open_popup(engine, page)
    # The driver lets every page believe that it has the focus.
    session = page.handle.context.new_cdp_session(page.handle)
    session.send("Emulation.setFocusEmulationEnabled", {"enabled": False})
    engine.open("about:blank").handle.bring_to_front()
    page.wait_for("!document.hasFocus()")
    page.handle.clock.pause_at(page.evaluate("window.Date.now() + 6 * 60_000"))
    wait_for_state(page, "slow")
    return page, popup


@in_chromium
@pytest.mark.parametrize("bell", ["focus", "visibilitychange"])
def test_t29_hidden_for_minutes(engine: Engine, host: Host, bell: str) -> None:
    """A page that was out of sight for minutes asks at once when it is looked at again."""
    page, popup = hidden_page(engine, host)
    popup.click(AGREE)
    popup.wait_for(CONNECTED)
    assert state_of(page) == "slow"

    if bell == "focus":
        page.handle.bring_to_front()
    else:
        page.evaluate("document.dispatchEvent(new Event('visibilitychange', { bubbles: true }))")
    wait_for_state(page, "verifying")
    # The popup is given a second to ring.
    page.handle.clock.run_for(1_000)
    assert page.evaluate("ear.results") == ["connected"]


@in_chromium
def test_t30_cancelled_then_agreed(
    engine: Engine, host: Host, hubspot: HubSpot, broker: Broker
) -> None:
    """Who cancels in the page and then agrees at HubSpot is told why nothing was connected."""
    hubspot.switches.consent_opener_policy = "same-origin"
    page = engine.open(host.url)
    popup = open_popup(engine, page)
    assert_severed(page, popup)
    page.click(offer("cancel"))
    wait_for_state(page, "cancelled")
    # Whoever was cut off cannot be closed from here.
    assert popup.is_listed
    popup.click(AGREE)
    popup.wait_for("document.body.innerText.includes('cancelled in the app')")

    assert exchanges(hubspot) == 0
    assert broker.connections(OWNER) == []
    assert page.evaluate("ear.results") == ["cancelled"]


@in_chromium
def test_t31_the_callback_again(
    engine: Engine, host: Host, hubspot: HubSpot, broker: Broker
) -> None:
    """A callback asked for again, or returned to by the back button, leads to the same result."""
    page = engine.open(host.url)
    href = page.evaluate(f"document.querySelector('{CONNECT}').href")
    # A window that no script opened may not close itself.
    window = engine.open(f"{href}&attempt={'a' * 22}")
    window.click(AGREE)
    window.wait_for(CONNECTED)
    window.handle.goto(host.callbacks[0])
    window.wait_for(CONNECTED)
    window.handle.reload()
    window.wait_for(CONNECTED)
    window.evaluate("history.go(-2)")
    window.click(AGREE)
    window.wait_for(CONNECTED)

    assert len(host.callbacks) == 3
    assert exchanges(hubspot) == 1
    assert len(broker.connections(OWNER)) == 1
