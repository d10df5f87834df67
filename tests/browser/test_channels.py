"""What rings where a browser lacks or forbids a way to ring.

The page is under ``same-origin`` wherever a message has to be excluded. The numbers are those of
the scenarios in ``docs/browsers.md``.
"""

from browser.engines.base import Engine
from browser.host import Host
from browser.journey import (
    AGREE,
    AT_HUBSPOT,
    CONNECT,
    CONNECTED,
    NOTE,
    STATE,
    a_second,
    agree,
    assert_severed,
    assert_told,
    in_chromium,
    open_popup,
    state_of,
    wait_for_state,
)

# Before any script of a page runs: the browser has no such channel, and forbids its storage.
WITHOUT_CHANNEL_AND_STORAGE = """
delete window.BroadcastChannel;
for (const name of ["localStorage", "sessionStorage"])
  Object.defineProperty(window, name, { get() { throw new DOMException("no", "SecurityError"); } });
"""


@in_chromium
def test_t11_no_channel_in_the_page(engine: Engine, host: Host) -> None:
    """Without BroadcastChannel, the storage event makes the page ask."""
    host.opener_policy = "same-origin"
    page = engine.open("about:blank")
    clock = page.handle.clock
    clock.install()
    page.handle.goto(f"{host.url}/?no-channel")
    popup = open_popup(engine, page)
    assert_severed(page, popup)
    # Or it might ask by itself.
    clock.pause_at(page.evaluate("window.Date.now() + 5_000"))
    popup.click(AGREE)
    wait_for_state(page, "verifying")
    clock.run_for(3_000)
    assert_told(page, popup)

    assert page.evaluate("ear.bells") == []


@in_chromium
def test_t12_no_channel_and_no_storage(engine: Engine, host: Host) -> None:
    """Without BroadcastChannel and storage, asking the server connects within two seconds."""
    host.opener_policy = "same-origin"
    page = engine.open("about:blank")
    page.handle.context.add_init_script(WITHOUT_CHANNEL_AND_STORAGE)
    page.handle.goto(f"{host.url}/?no-channel")
    popup = open_popup(engine, page)
    assert_severed(page, popup)
    agree(page, popup)

    assert page.evaluate("ear.bells.concat(ear.stored)") == []
    assert page.evaluate("ear.ended") / 1000 - host.called_back < 2 + a_second()


@in_chromium
def test_t13_our_script_is_blocked(engine: Engine, host: Host) -> None:
    """A result page whose script a policy blocks rings nobody: it speaks for itself, we ask."""
    host.forced["/auth/hubspot/done"]["Content-Security-Policy"] = "script-src 'none'"
    page = engine.open(host.url)
    popup = open_popup(engine, page)
    popup.click(AGREE)
    wait_for_state(page, "connected")

    assert page.evaluate("ear.results") == ["connected"]
    assert page.evaluate("ear.bells.concat(ear.stored)") == []
    assert popup.is_listed
    assert popup.evaluate(CONNECTED)
    assert popup.evaluate(f"{NOTE}.textContent") == "You can close this window."
    assert popup.evaluate("document.querySelector('button').hidden")


@in_chromium
def test_t16_our_server_is_slow(engine: Engine, host: Host) -> None:
    """The window opens inside the click, though our server takes three seconds to answer it."""
    host.answers_start.clear()
    page = engine.open(f"{host.url}/?haste=10")
    page.click(CONNECT)
    assert page.evaluate("ear.within") == "click"
    assert page.evaluate("ear.popup.closed") is False
    page.wait_for("window.Date.now() - ear.began > 3_000")
    assert state_of(page) == "waiting"

    popup = engine.opened_by(host.answers_start.set)
    popup.wait_for(AT_HUBSPOT)
    # Nothing of ours stood between the blank window and HubSpot's page.
    assert popup.evaluate("history.length") == 1
    agree(page, popup)
    assert page.evaluate(STATE) == "connected"
