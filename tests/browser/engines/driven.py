"""What Mozilla's driver and Selenium's have in common."""

import threading
from abc import abstractmethod
from typing import Any

from browser.engines.base import Engine

ENTER = "\ue007"
"""As WebDriver writes that key."""


class Driven(Engine):
    """A browser at the end of a driver, whose first window stays blank: the session ends with it.

    One handle of a window outlives a change of process.
    """

    _driver: Any
    _blank: str

    @abstractmethod
    def _turn_to(self, handle: str) -> None:
        """Let the driver speak to this window."""

    def handles(self) -> list[str]:
        """The driver's own."""
        return [each for each in self._driver.window_handles if each != self._blank]

    def click(self, handle: str, selector: str) -> None:
        """A trusted click."""
        self._found(handle, selector).click()

    def press_enter(self, handle: str, selector: str) -> None:
        """Trusted presses."""
        self._found(handle, selector).send_keys(ENTER * 3)

    def _found(self, handle: str, selector: str) -> Any:
        self._turn_to(handle)
        return self._driver.find_element("css selector", selector)

    def reload(self, handle: str) -> None:
        """As by the button."""
        self._turn_to(handle)
        self._driver.refresh()

    def close_window(self, handle: str) -> None:
        """Close the tab or window."""
        self._turn_to(handle)
        self._driver.close()

    def pause(self) -> None:
        """The driver has nothing to hear meanwhile."""
        threading.Event().wait(0.04)
