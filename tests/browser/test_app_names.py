"""Names that apps have: long, foreign, and with markup in them."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Browser, expect

from browser.axe import View, faults
from browser.host import Host
from portalkey.broker import Broker
from portalkey.cli.server import Listener
from portalkey.settings import Settings
from portalkey_simulator import HubSpot
from support.visitor import Visitor

NARROW = (View("light", 320, 16), View("dark", 320, 16))
PATHS = ("/connections/setup", "/auth/hubspot/start", "/auth/hubspot/refused")


@pytest.mark.parametrize(
    "name",
    ["<b>Bold</b><script>document.title = 'run'</script>", "ميناء الصنوبر للأعمال", "x" * 80],
    ids=["markup", "arabic", "long"],
)
def test_a_name_stays_text_and_breaks_no_page(
    name: str,
    shell: Browser,
    settings: Settings,
    make_broker: Callable[[Settings], Broker],
    port: int,
    hubspot: HubSpot,
) -> None:
    """On every page of its own width; nothing of it runs, and nothing lies beyond the edge."""
    broker = make_broker(settings.model_copy(update={"app_name": name}))
    page = shell.new_context(base_url=settings.public_url, reduced_motion="reduce").new_page()
    with (
        Listener(Host(broker).app, broker, host="127.0.0.1", port=port),
        Visitor(settings.public_url, hubspot) as visitor,
    ):
        for path in PATHS:
            page.goto(path)
            assert page.title().endswith(f" · {name}")
            expect(page.locator("body")).to_contain_text(name)
            assert faults(page, NARROW) == "", path
        visitor.connect()
        page.goto(str(visitor.setup().select("a.pk-leave")[0]["href"]))
        expect(page.locator("dl")).to_contain_text(name)
        assert faults(page, NARROW) == ""
    page.context.close()
