"""The table scenario x engine in the docs, from what the tests themselves found."""

import re
from collections import defaultdict
from pathlib import Path
from typing import NamedTuple

import pytest

ENGINES = {"chromium": "Chromium", "firefox": "Firefox", "webkit": "WebKitGTK"}
_SCENARIO = re.compile(r"test_t(\d+)_")
_HEAD = """\
# Browsers

The popup's journey, scenario by scenario, in real browsers on Debian.
`make browsers` runs them all and writes this page.
The app is on `localhost` and its HubSpot on `127.0.0.1`, which to a browser is another site.

*yes*: the test passes.
*not yet*: the test is written, and has to fail until what it asks for is built.
*cannot*: the engine or its driver cannot do it.
Empty: this is run in the other engines only.
"""
_TAIL = """
## The oldest browsers

Our pages take their colours by `light-dark()` and `color-mix()`: Chrome and Edge 123, Firefox 120,
Safari 17.5, all of 2023 and 2024.
An older one shows them without colours, and everything works.
The element needs Chrome and Edge 103, Firefox 100 or Safari 16.
In an older one it stays a link that leads through the journey in the tab, as without scripts.
What a browser knows follows from its maker's notes; tried are the three above.

## Apps of one page, and their service workers

A service worker may pass our requests on.
One that answers navigations with the app's own page, as an app shell does,
has to leave ours to the server:

```js
addEventListener("fetch", (event) => {
  if (new URL(event.request.url).pathname.startsWith("/auth/hubspot/")) return;
  // what the worker does otherwise
});
```

With Workbox it is `new NavigationRoute(handler, { denylist: [/^\\/auth\\/hubspot\\//] })`,
or `navigateFallbackDenylist: [/^\\/auth\\/hubspot\\//]` where a build tool writes the worker.
A host that answers unknown paths with `index.html` has to leave `/auth/hubspot/` and
`/api/hubspot/` to the server as well.
Where that is forgotten, the page that waits says that something in the app answers in HubSpot's
place.

## Frames

HubSpot's pages and ours refuse to be framed, so that from a frame there is a window, whatever
`data-mode` says.
A frame of another site learns the end where your session reaches it: with
`SESSION_COOKIE_SAMESITE = "None"`, `SESSION_COOKIE_SECURE` and `SESSION_COOKIE_PARTITIONED`.
The person signs in once more in the window, which has a session of its own; the end is told to
every session of the same owner and person, without the account's name.
A sandbox without `allow-popups` opens nothing: the element gives an address to open by hand, and
waits for what comes of it.

## What this leaves untested

T5's twenty seconds pass on a page whose clocks go ten times as fast.
That browsers slow down the timers of a hidden page is not seen there.

T6 and T21 pass their seconds on such a page too, and T19's ten minutes pass by the store's clock.

T15's popups are blocked by the engine's own blocker, for a click that no person made,
and by a `window.open` that answers null, as extensions make it.

T24 presses Enter again and again: held down, it clicks a link of Chromium's only once.
That the popup is asked to take the focus is seen, and not that a desktop lets it.

T27's pages come back from the browser's cache, or are loaded anew for one of two reasons that
Chromium itself names: another window shares their group, or a message came for them.
On a phone that ran out of memory, and in the other engines, there may be other reasons.

In T29 the page's clock is stopped after six minutes, as an extreme of what browsers do to the
timers of a page that is hidden; no page is hidden there, as a headless Chromium hides none.
The focus that comes back is real, and the change of visibility is an event that the test sends.

T12's page and popup find no BroadcastChannel and no storage, as a script removed both beforehand.
Whoever blocks storage in a browser's settings may block its cookies too, and then nothing connects.

T4's header is named by `portalkey doctor --public`, which is not run there.

T46 lays on what Flask-Talisman sends by default, and not Flask-Talisman itself.
T47 does so for Django and helmet. Every skin goes through journeys of its own (`tests/contract/`).

"Within a second" is longer on a machine that has more to do than it can: by its load.

WebKitGTK has Safari's engine, and is not Safari.
"""


class Row(NamedTuple):
    """One scenario: its number, and its rule in a sentence."""

    number: int
    rule: str


def describe(items: list[pytest.Item]) -> None:
    """Give every scenario's test what its row needs; a report carries it home from a worker."""
    for item in items:
        found = _SCENARIO.match(item.name)
        if found and isinstance(item, pytest.Function):
            rule = " ".join((item.function.__doc__ or "").replace("``", "`").split())
            engine = item.callspec.params.get("engine") if hasattr(item, "callspec") else None
            known = (int(found[1]), rule, str(engine or "chromium"))
            item.user_properties.append(("cell", known))


class Table:
    """Collects what reports say, and writes the page when all is done."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._cells: dict[Row, dict[str, set[str]]] = {}
        self._versions = dict.fromkeys(ENGINES, "")
        self._reasons: dict[tuple[str, str], set[str]] = defaultdict(set)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note what became of one test; a setup or teardown that passed says nothing."""
        known = dict(report.user_properties)
        if "cell" not in known or (report.when != "call" and report.passed):
            return
        number, rule, engine = _cell(known["cell"])
        self._versions[engine] = str(known.get("version", self._versions[engine]))
        word, reason = _outcome(report)
        self._cells.setdefault(Row(number, rule), defaultdict(set))[engine].add(word)
        if reason:
            self._reasons[f"T{number} {word}", reason].add(ENGINES[engine])

    def pytest_sessionfinish(self) -> None:
        """Write the page."""
        heads = [f"{name} {self._versions[engine]}".strip() for engine, name in ENGINES.items()]
        table = [["", "scenario", *heads], ["---"] * 5, *map(self._written, sorted(self._cells))]
        lines = [f"| {' | '.join(row)} |" for row in table]
        reasons = [
            f"\n{what} in {', '.join(sorted(engines))}: {reason}."
            for (what, reason), engines in sorted(self._reasons.items())
        ]
        self._path.write_text("\n".join([_HEAD, *lines, *reasons, _TAIL]))

    def _written(self, row: Row) -> list[str]:
        words = (self._cells[row][engine] for engine in ENGINES)
        return [f"T{row.number}", row.rule, *(", ".join(sorted(each)) for each in words)]


def _cell(known: object) -> tuple[int, str, str]:
    assert isinstance(known, list | tuple)  # a worker's tuple comes home as a list
    number, rule, engine = known
    return int(number), str(rule), str(engine)


def _outcome(report: pytest.TestReport) -> tuple[str, str]:
    """A word for the cell, and the reason where there is one."""
    if hasattr(report, "wasxfail"):
        return "not yet", str(report.wasxfail)
    if report.skipped and isinstance(report.longrepr, list | tuple):
        return "cannot", str(report.longrepr[2]).removeprefix("Skipped: ")
    return ("yes" if report.passed else "**no**"), ""
