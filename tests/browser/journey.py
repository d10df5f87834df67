"""The journey through the popup, step by step, for the scenarios of every file."""

import os
from pathlib import Path

import pytest

from browser.engines.base import Engine, Window
from support.patience import PATIENCE

CONNECT = "hubspot-connect a"
AGREE = "button[value=approve]"
DECLINE = "button[value=deny]"
AT_HUBSPOT = f"document.querySelector('{AGREE}') !== null"
STATE = "document.querySelector('hubspot-connect').getAttribute('state')"
NOTE = "document.querySelector('[role=status]')"
HEADING = "document.querySelector('h1')?.textContent"
CONNECTED = f"{HEADING}?.startsWith('Connected to ')"
AT_LEISURE = "/?haste=0.1"
"""The page asks by itself so seldom that the popup rings first, however busy the machine."""

starred = pytest.mark.parametrize(
    "engine",
    ["chromium", pytest.param("firefox", marks=pytest.mark.every_engine)],
    indirect=True,
)
"""Runs in Chromium, and under ``make browsers`` in Firefox too."""
in_chromium = pytest.mark.parametrize("engine", ["chromium"], indirect=True)
"""Runs in Chromium alone."""


def a_second() -> float:
    """One second, and longer where the machine has more to do than it can, or just got it."""
    now = Path("/proc/loadavg")
    at_once = now.read_text().split()[3].partition("/")[0] if now.exists() else 0
    return max(1.0, max(os.getloadavg()[0], float(at_once)) / (os.cpu_count() or 1))


def open_popup(engine: Engine, page: Window) -> Window:
    """Click *Connect to HubSpot*; the popup, on HubSpot's consent page."""
    popup = engine.opened_by(lambda: page.click(CONNECT))
    popup.wait_for(AT_HUBSPOT)
    return popup


def assert_joined(page: Window, popup: Window) -> None:
    """Each window has the other."""
    assert page.evaluate("ear.popup.closed") is False
    assert popup.evaluate("opener !== null") is True


def assert_severed(page: Window, popup: Window) -> None:
    """Each window has lost the other, though the popup is open."""
    page.wait_for("ear.popup.closed")
    assert popup.evaluate("opener === null") is True
    assert popup.is_listed


def start_again(engine: Engine, page: Window) -> Window:
    """Press *Start again*; the new popup, on HubSpot's consent page."""
    popup = engine.opened_by(lambda: page.click(offer("again")))
    popup.wait_for(AT_HUBSPOT)
    return popup


def agree(page: Window, popup: Window) -> None:
    """Agree at HubSpot; the page hears of it once, and the popup closes by itself."""
    popup.click(AGREE)
    assert_told(page, popup)


def agree_and_be_severed(page: Window, popup: Window) -> None:
    """Agree at HubSpot, after which a page of ours cuts the popup off; the rest is the same."""
    popup.click(AGREE)
    popup.wait_for(CONNECTED)
    assert_severed(page, popup)
    assert_told(page, popup)


def assert_told(page: Window, popup: Window) -> None:
    """The page hears of the end once, and the popup closes by itself."""
    page.wait_for("ear.results.length > 0")
    popup.wait_until_closed()

    assert page.evaluate("ear.results") == ["connected"]
    assert page.evaluate(STATE) == "connected"


def state_of(page: Window) -> str:
    """The state that the page shows."""
    return str(page.evaluate(STATE))


def wait_for_state(page: Window, state: str, seconds: float = PATIENCE) -> None:
    """Wait until the page shows this *state*."""
    page.wait_for(f"{STATE} === '{state}'", seconds)


def attempt_of(page: Window) -> str:
    """The id of the attempt that the page began last."""
    return str(page.evaluate("ear.attempts.at(-1)"))


def offer(name: str) -> str:
    """The selector of a button that the page offers."""
    return f"hubspot-connect [name={name}]"
