"""The block of ``docs/testing.md`` that needs a browser."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

pytest_plugins = ("pytester",)

DOCS = Path(__file__).parents[2] / "docs"
QUICK = ("-p", "no:xdist", "-p", "no:hypothesispytest")


class Pages:
    """Stands in for pytest-playwright, which would bring a browser of its own."""

    def __init__(self, browser: Browser) -> None:
        self._browser = browser

    @pytest.fixture
    def page(self) -> Page:
        """A tab."""
        return self._browser.new_page()


def test_the_block_with_a_browser(pytester: pytest.Pytester, chromium: Browser) -> None:
    """Somebody connects in a popup, as the page has it."""
    blocks = re.findall(r"```python\n(.*?)```", (DOCS / "testing.md").read_text(), re.DOTALL)
    (block,) = (each for each in blocks if "page.goto" in each)
    pytester.makepyfile(block)

    pytester.runpytest_inprocess(*QUICK, plugins=[Pages(chromium)]).assert_outcomes(passed=1)
