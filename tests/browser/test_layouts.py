"""Our pages in the layouts that apps have: what a host's reset may not take from them."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from playwright.sync_api import Browser, Page

from browser.axe import View, faults, look
from browser.layouts import FOLDER, LAYOUTS, PAGES, LayoutApp
from portalkey.broker import Broker
from portalkey.cli.server import Listener
from portalkey.settings import Settings
from portalkey_simulator import HubSpot
from support.visitor import Visitor

VIEWS = {
    "light": (View("light", 900, 16), View("light", 320, 16)),
    # The app's choice, whatever the system's is.
    "dark": (View("light", 900, 16), View("dark", 320, 16)),
}
CLEAR = "rgba(0, 0, 0, 0)"
STYLES = (FOLDER / "styles.js").read_text()


class Guest(NamedTuple):
    """Our pages in somebody's layout, and a person in front of them."""

    app: LayoutApp
    page: Page
    visitor: Visitor

    def show(self, path: str, scheme: str) -> None:
        """Open a page where the app is light or dark."""
        self.app.scheme = scheme
        self.page.goto(path)


@pytest.fixture(params=LAYOUTS)
def guest(
    request: pytest.FixtureRequest,
    shell: Browser,
    settings: Settings,
    make_broker: Callable[[Settings], Broker],
    port: int,
    hubspot: HubSpot,
) -> Iterator[Guest]:
    """Our pages in each layout."""
    broker = make_broker(settings.model_copy(update={"app_name": "Fieldnotes"}))
    app = LayoutApp(broker, request.param)
    context = shell.new_context(base_url=settings.public_url, reduced_motion="reduce")
    with (
        Listener(app.app, broker, host="127.0.0.1", port=port),
        Visitor(settings.public_url, hubspot) as visitor,
    ):
        yield Guest(app, context.new_page(), visitor)
        context.close()


def test_a_host_takes_nothing_and_gets_nothing(
    guest: Guest, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    """Font, colour and ground are the host's; hierarchy, margins and buttons are ours, and nothing
    is in anybody's way, light and dark.
    """
    named = request.config.getoption("--pictures", default=None)
    folder = Path(named) if named else tmp_path
    folder.mkdir(parents=True, exist_ok=True)
    layout = request.node.callspec.params["guest"]
    for name, lead in PAGES.items():
        path = lead(guest.visitor)
        for scheme, views in VIEWS.items():
            guest.show(path, scheme)
            look(guest.page, views[0])
            assert_guest(guest.page, name)
            guest.page.screenshot(path=folder / f"in-{layout}-{name}-{scheme}.png", full_page=True)
            assert faults(guest.page, views) == "", (name, scheme)


def assert_guest(page: Page, name: str) -> None:
    """What the browser makes of both stylesheets."""
    seen = page.evaluate(STYLES)
    assert seen["taken"] == [], name
    assert set(seen["grounds"]) == {CLEAR}, name
    for kind, size, weight, inherits in seen["headings"]:
        assert size == pytest.approx({"h1": 1.5, "h2": 1.0625}[kind], rel=0.01), (name, kind)
        assert weight >= 600, (name, kind)
        assert inherits, (name, kind)
    assert {*seen["margins"]} == {"0px"}, name
    assert {*seen["lists"]} <= {"none"}, name
    assert {*seen["lines"]} <= {"none"}, name
    assert len(seen["filled"]) == {"one": 0}.get(name, 1), name
    for ground, ink in seen["filled"]:
        assert ground not in {CLEAR, ink}, name
    for ground, line, width in seen["quiet"]:
        assert (ground, line, width) == (CLEAR, "solid", "1px"), name
    assert min(seen["heights"]) >= 40, name
