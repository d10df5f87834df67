"""Many journeys: one page that must not grow, and hundreds of mixed ones that must end right.

The numbers are those of the scenarios in ``docs/browsers.md``.
"""

from collections import Counter
from collections.abc import Callable

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from browser.journeys import SEED, Traveller, planned
from browser.places import Place, at_hubspot, front
from portalkey_simulator import HubSpot

pytest_plugins = ("browser.surroundings",)

BLOCK = 25
JOURNEYS = planned(SEED)
LANES = 8
"""So many people set out at once."""

# Counts what a page holds on to, from before its own scripts.
TALLY = """
window.tally = { intervals: new Set(), timers: new Set(), channels: new Set() };
{
  const { setInterval, clearInterval, setTimeout, clearTimeout } = window;
  const note = (set, id) => (set.add(id), id);
  window.setInterval = (...given) => note(tally.intervals, setInterval(...given));
  window.clearInterval = (id) => (tally.intervals.delete(id), clearInterval(id));
  window.setTimeout = (act, after, ...given) => {
    const id = setTimeout((...heard) => (tally.timers.delete(id), act(...heard)), after, ...given);
    return note(tally.timers, id);
  };
  window.clearTimeout = (id) => (tally.timers.delete(id), clearTimeout(id));
  window.BroadcastChannel = class extends BroadcastChannel {
    constructor(name) { super(name); tally.channels.add(this); }
    close() { super.close(); tally.channels.delete(this); }
  };
}
"""


@pytest.fixture
def chromium(shell: Browser) -> Browser:
    """The same engine without its windows: they cost more than the journeys do."""
    return shell


def held(page: Page) -> dict[str, int]:
    """What *page* holds on to, once all rubbish is gone."""
    page.wait_for_function("tally.timers.size === 0 && tally.intervals.size === 0")
    protocol = page.context.new_cdp_session(page)
    protocol.send("HeapProfiler.collectGarbage")
    counts = dict(
        page.evaluate(
            "Object.fromEntries(Object.entries(tally).map(([name, set]) => [name, set.size]))"
        )
    )
    for name in ("window", "document", "document.querySelector('hubspot-connect')"):
        found = protocol.send("Runtime.evaluate", {"expression": name})["result"]["objectId"]
        there = protocol.send("DOMDebugger.getEventListeners", {"objectId": found})
        counts[name] = len(there["listeners"])
    protocol.send("Performance.enable")
    metrics = protocol.send("Performance.getMetrics")["metrics"]
    wanted = {"JSEventListeners", "Documents", "Frames"}
    counts |= {each["name"]: each["value"] for each in metrics if each["name"] in wanted}
    protocol.detach()
    return counts


def test_t55_a_hundred_in_a_row(new_person: Callable[..., BrowserContext], place: Place) -> None:
    """After a hundred journeys a page holds on to no more than after the first."""
    person = new_person(reduced_motion="reduce")
    person.add_init_script(TALLY)
    page = front(person, place)
    for number in range(1, 101):
        popup = at_hubspot(page)
        popup.locator("button[value=approve]").dispatch_event("click")
        page.wait_for_function(f"ear.results.length === {number}")
        page.evaluate("document.querySelector('hubspot-connect').dataset.state = 'idle'")
        popup.close()
        if number == 1:
            first = held(page)

    assert set(page.evaluate("ear.results.map(({ status }) => status)")) == {"connected"}
    assert held(page) == first


def test_what_is_planned() -> None:
    """The seed gives at least twenty journeys of every end, and twenty that are cut off."""
    ends = Counter(each.end for each in JOURNEYS)

    assert len(JOURNEYS) == 200, SEED
    assert min(ends[end] for end in ("connected", "cancelled", "failed")) >= 20, ends
    assert sum(each.is_severed for each in JOURNEYS) >= 20
    assert sum(each.is_deaf for each in JOURNEYS) >= 20
    assert sum(each.reloads for each in JOURNEYS) >= 20


@pytest.mark.parametrize("block", range(len(JOURNEYS) // BLOCK))
def test_two_hundred_journeys(
    new_person: Callable[..., BrowserContext],
    place: Place,
    hubspot: HubSpot,
    block: int,
    remarks: list[str],
) -> None:
    """Whatever is cut off, late, closed, reloaded or lost, the page ends as the server has it."""
    mine = JOURNEYS[block * BLOCK : (block + 1) * BLOCK]
    # Calm pages: dozens that breathe at once are more than a machine without graphics can draw.
    people = [new_person(reduced_motion="reduce") for _ in range(LANES)]
    lanes = [Traveller(front(person, place), place, hubspot) for person in people]
    for start in range(0, len(mine), LANES):
        pairs = list(zip(lanes, mine[start : start + LANES], strict=False))
        for lane, journey in pairs:
            lane.set_out(journey)
        for lane, _ in pairs:
            lane.decide()
        for lane, _ in pairs:
            lane.arrive()

    assert remarks == [], f"seed {SEED}, block {block}"
