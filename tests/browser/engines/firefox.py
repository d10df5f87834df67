"""Firefox ESR, by Mozilla's own driver: geckodriver is not to be had from any package registry."""

import gc
import shutil
import warnings
from pathlib import Path
from typing import Any

from browser.engines.base import Window
from browser.engines.driven import Driven
from support.patience import PATIENCE

with warnings.catch_warnings():
    # mozinfo and mozrunner import what is deprecated.
    warnings.simplefilter("ignore", DeprecationWarning)
    from marionette_driver.errors import (  # type: ignore[import-untyped]
        MarionetteException,
    )
    from marionette_driver.marionette import Marionette  # type: ignore[import-untyped]

NAMES = ("firefox-esr", "firefox")
# The driver switches the popup blocker off.
PREFERENCES = {"dom.disable_open_during_load": True}


class Firefox(Driven):
    """A headless Firefox; its first window stays blank, as the session ends with the last one."""

    name = "firefox"
    passing = MarionetteException

    def __init__(self, folder: Path) -> None:
        """Start it, with profile and log in this *folder*."""
        found = next(filter(None, map(shutil.which, NAMES)), None)
        assert found, "The browser tests need Firefox: sudo apt-get install firefox-esr"
        with warnings.catch_warnings():
            # While it waits for Firefox, the driver drops sockets that it did not close.
            warnings.simplefilter("ignore", ResourceWarning)
            self._driver = Marionette(
                bin=found,
                headless=True,
                port=0,
                prefs=PREFERENCES,
                workspace=str(folder),
                gecko_log=str(folder / "gecko.log"),
                startup_timeout=PATIENCE,
                socket_timeout=PATIENCE,
            )
        self.version = self._driver.start_session()["browserVersion"]
        self._blank = self._driver.current_window_handle

    def open(self, url: str) -> Window:
        """A window: a tab behind another one has slow timers."""
        window = Window(self, self._driver.open(type="window")["handle"])
        self._turn_to(window.handle)
        self._driver.navigate(url)
        return window

    def click_twice(self, handle: str, selector: str) -> None:
        """Two clicks at one place: the first may take away what it met."""
        element = self._found(handle, selector)
        mouse = self._driver.actions.sequence("pointer", "mouse", {"pointerType": "mouse"})
        mouse.pointer_move(0, 0, origin=element)
        for _ in range(2):
            mouse.pointer_down().pointer_up()
        mouse.perform()

    def evaluate(self, handle: str, expression: str) -> Any:
        """Without a sandbox, so that what a page's scripts have set is seen."""
        self._turn_to(handle)
        return self._driver.execute_script(f"return ({expression});", sandbox=None)

    def forget(self) -> None:
        """The profile stays; it is emptied of cookies."""
        for handle in self.handles():
            self.close_window(handle)
        self._turn_to(self._blank)
        with self._driver.using_context("chrome"):
            self._driver.execute_script("Services.cookies.removeAll();")

    def close(self) -> None:
        """Quit."""
        self._driver.quit()
        self._driver.cleanup()
        # A profile deletes itself when it is collected, and at Python's own end it no longer can.
        del self._driver
        gc.collect()

    def _turn_to(self, handle: str) -> None:
        # Without the focus: its coming and going makes a page ask the server.
        self._driver.switch_to_window(handle, focus=False)
