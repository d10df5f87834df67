"""WebKitGTK, by its own WebDriver, on a screen that nobody sees."""

import os
import shutil
import subprocess
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from selenium.common import WebDriverException
from selenium.webdriver import ActionChains
from selenium.webdriver.webkitgtk.options import Options
from selenium.webdriver.webkitgtk.service import Service
from selenium.webdriver.webkitgtk.webdriver import WebDriver

from browser.engines.base import Window
from browser.engines.driven import Driven

_MISSING = "The browser tests need WebKitGTK: sudo apt-get install webkit2gtk-driver xvfb"


class WebKit(Driven):
    """MiniBrowser; its first window stays blank, as the session ends with the last one."""

    name = "webkit"
    passing = WebDriverException

    def __init__(self) -> None:
        self._stack = ExitStack()
        self._display = self._stack.enter_context(running_screen())
        self._begin()

    def open(self, url: str) -> Window:
        """A window: in a tab behind another one no click opens anything."""
        self._turn_to(self._blank)
        self._driver.switch_to.new_window("window")
        window = Window(self, self._driver.current_window_handle)
        self._driver.get(url)
        return window

    def click_twice(self, handle: str, selector: str) -> None:
        """Two clicks at one place: the first may take away what it met."""
        mouse = ActionChains(self._driver).move_to_element(self._found(handle, selector))
        mouse.click().click().perform()

    def evaluate(self, handle: str, expression: str) -> Any:
        """In the page's own world."""
        self._turn_to(handle)
        return self._driver.execute_script(f"return ({expression});")

    def forget(self) -> None:
        """A new browser: an automated one keeps nothing, and it starts in half a second."""
        self._driver.quit()
        self._begin()

    def close(self) -> None:
        """Quit, and take the screen away."""
        self._driver.quit()
        self._stack.close()

    def _begin(self) -> None:
        # Its sandbox needs namespaces that root in a container does not have.
        unsafe = {"WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS": "1"} if os.geteuid() == 0 else {}
        service = Service(_driver(), env={**os.environ, **unsafe, "DISPLAY": self._display})
        options = Options()
        options.binary_location = _mini_browser()
        options.add_argument("--automation")
        with warnings.catch_warnings():
            # Selenium calls itself in a way that it has deprecated.
            warnings.simplefilter("ignore", DeprecationWarning)
            self._driver = WebDriver(options, service)
        self.version = str(self._driver.capabilities["browserVersion"])
        self._blank = self._driver.current_window_handle

    def _turn_to(self, handle: str) -> None:
        self._driver.switch_to.window(handle)


@contextmanager
def running_screen() -> Iterator[str]:
    """An X server of our own; the display's name."""
    found = shutil.which("Xvfb")
    assert found, _MISSING
    reading, writing = os.pipe()
    command = [
        found,
        "-displayfd",
        str(writing),
        "-screen",
        "0",
        "1280x1024x24",
        "-nolisten",
        "tcp",
    ]
    with subprocess.Popen(command, pass_fds=[writing], stderr=subprocess.DEVNULL) as server:
        os.close(writing)
        with os.fdopen(reading) as told:
            display = told.readline().strip()
        try:
            yield f":{display}"
        finally:
            server.terminate()


def _driver() -> str:
    found = shutil.which("WebKitWebDriver")
    assert found, _MISSING
    return found


def _mini_browser() -> str:
    found = sorted(Path("/usr/lib").glob("*/webkit2gtk-4.*/MiniBrowser"))
    assert found, _MISSING
    return str(found[-1])
