"""Chromium, by Playwright."""

from collections.abc import Callable
from contextlib import suppress

from playwright.sync_api import Browser, Error, Page

from browser.engines.base import Engine, Window
from support.patience import MILLISECONDS


class Chromium(Engine):
    """A context of its own in a Chromium that runs already."""

    name = "chromium"
    passing = Error

    def __init__(self, browser: Browser) -> None:
        self.version = browser.version
        self._browser = browser
        self._protocol = browser.new_browser_cdp_session()
        self.forget()

    def forget(self) -> None:
        """A new context; the old one goes with all that it holds."""
        for context in self._browser.contexts:
            context.close()
        self._context = self._browser.new_context()
        self._context.set_default_timeout(MILLISECONDS)

    def open(self, url: str) -> Window:
        """A tab."""
        page = self._context.new_page()
        page.goto(url)
        return Window(self, page)

    def handles(self) -> list[Page]:
        """Playwright's pages."""
        return self._context.pages

    def evaluate(self, handle: Page, expression: str) -> object:
        """In the page's main world, whatever its policy."""
        return handle.evaluate(expression)

    def click(self, handle: Page, selector: str) -> None:
        """A trusted click."""
        handle.click(selector)

    def click_twice(self, handle: Page, selector: str) -> None:
        """Two clicks: of the driver's own double click, the second is lost to the new window."""
        handle.click(selector)
        handle.mouse.down(click_count=2)
        handle.mouse.up(click_count=2)

    def press_enter(self, handle: Page, selector: str) -> None:
        """Presses of their own: held down, Enter clicks a link of Chromium's once only."""
        handle.focus(selector)
        for _ in range(3):
            handle.keyboard.press("Enter")

    def reload(self, handle: Page) -> None:
        """As by the button."""
        handle.reload()

    def close_window(self, handle: Page) -> None:
        """Close the tab."""
        handle.close()

    def close_opened_by(self, act: Callable[[], None]) -> None:
        """By Chromium's own protocol: Playwright tells of no window before its first answer."""
        before = self._targets()
        act()
        (opened,) = self.until(lambda: self._targets() - before)
        self._protocol.send("Target.closeTarget", {"targetId": opened})

    def _targets(self) -> set[str]:
        known = self._protocol.send("Target.getTargets")["targetInfos"]
        return {each["targetId"] for each in known if each["type"] == "page"}

    def pause(self) -> None:
        """Playwright hears of windows only while it waits itself."""
        if self._context.pages:
            # Which may be the one that closes meanwhile.
            with suppress(Error):
                self._context.pages[0].wait_for_timeout(40)

    def close(self) -> None:
        """Close the context; the browser belongs to others too."""
        self._context.close()
