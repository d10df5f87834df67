"""What the setup page loads: how many bytes at first, and that a second view asks for the page."""

from collections.abc import Callable
from typing import Any

from playwright.sync_api import BrowserContext, Page

from browser.states import expect_state
from portalkey.web.static_files import static_address

SETUP = "/connections/setup"
FIRST_LOAD = 24 * 1024
"""Bytes on the wire, heads and all."""
# A browser without windows shows no icon, and asks for none.
LOAD_ICON = "fetch(document.querySelector('link[rel=icon]').href).then((answer) => answer.text())"


class Wire:
    """What a tab asks its server for, as the browser's own network panel counts it."""

    def __init__(self, page: Page) -> None:
        self._protocol = page.context.new_cdp_session(page)
        self._page = page
        self.asked: dict[str, dict[str, Any]] = {}
        self.bytes: dict[str, int] = {}
        self._near: set[str] = set()
        self._hear("Network.requestWillBeSent", self._note)
        self._hear("Network.requestServedFromCache", lambda told: self._near.add(told["requestId"]))
        self._hear("Network.responseReceived", self._note_answer)
        self._hear("Network.loadingFinished", self._count)
        self._protocol.send("Network.enable")

    def _hear(self, name: str, act: Callable[[dict[str, Any]], None]) -> None:
        self._protocol.on(name, act)

    def _note(self, told: dict[str, Any]) -> None:
        self.asked[told["requestId"]] = told

    def _note_answer(self, told: dict[str, Any]) -> None:
        if told["response"]["fromDiskCache"]:
            self._near.add(told["requestId"])

    def _count(self, told: dict[str, Any]) -> None:
        self.bytes[told["requestId"]] = int(told["encodedDataLength"])

    def view(self) -> list[str]:
        """The paths that viewing the setup page took from the server, not from a cache."""
        self._page.goto(SETUP)
        expect_state(self._page, "idle")
        self._page.evaluate(LOAD_ICON)
        self._page.wait_for_load_state("networkidle")
        return [
            told["request"]["url"].partition("//")[2].partition("/")[2]
            for name, told in self.asked.items()
            if name not in self._near
        ]

    def initiator_of(self, name: str) -> str:
        """What made the browser ask for our file *name*."""
        path = static_address(name)
        found = [each for each in self.asked.values() if each["request"]["url"].endswith(path)]
        return str(found[0]["initiator"]["type"])


def test_a_first_load_is_small(
    new_context: Callable[..., BrowserContext], complaints: list[str]
) -> None:
    """Page, style, scripts and icon together, compressed as they come over the wire."""
    wire = Wire(new_context().new_page())
    asked = wire.view()

    assert len(asked) == len(set(asked)) == 7
    assert 10_000 < sum(wire.bytes.values()) <= FIRST_LOAD
    assert complaints == []


def test_the_page_itself_asks_for_every_script(
    new_context: Callable[..., BrowserContext], complaints: list[str]
) -> None:
    """What ``connect.js`` imports comes along with it, not after it; German where it is said."""
    wire = Wire(new_context(locale="de-DE").new_page())
    wire.view()
    scripts = ("connect.js", "wait.js", "strings.js", "strings-de.js", "setup.js")

    assert {name: wire.initiator_of(name) for name in scripts} == dict.fromkeys(scripts, "parser")
    assert complaints == []


def test_a_second_view_asks_for_one_thing(new_context: Callable[..., BrowserContext]) -> None:
    """Only the page itself, which may have changed; all else has its version in its address."""
    context = new_context()
    Wire(context.new_page()).view()

    assert Wire(context.new_page()).view() == ["connections/setup"]
