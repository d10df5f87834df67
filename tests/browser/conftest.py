"""A real Chromium: the system's own, as nothing here downloads one."""

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = [
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """Chromium, headless."""
    found = next(filter(None, map(shutil.which, NAMES)), None)
    assert found, "The browser tests need Chromium: sudo apt-get install chromium"
    as_root = ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=FLAGS + as_root)
        yield browser
        browser.close()


@pytest.fixture
def complaints() -> list[str]:
    """What the pages wrote to the console: CSP violations, script errors."""
    return []


@pytest.fixture
def new_context(
    chromium: Browser, app_url: str, complaints: list[str]
) -> Iterator[Callable[..., BrowserContext]]:
    """Makes browsers of their own: cookies, storage and all."""
    with ExitStack() as stack:

        def make(**options: Any) -> BrowserContext:
            context = chromium.new_context(base_url=app_url, **options)
            context.set_default_timeout(15_000)
            context.on("console", lambda message: complain(complaints, message))
            context.on("weberror", lambda error: complaints.append(str(error.error)))
            stack.callback(context.close)
            return context

        yield make


def complain(complaints: list[str], message: ConsoleMessage) -> None:
    """Keep errors and warnings, but for the browser's own remarks on failed requests."""
    if message.type in {"error", "warning"} and "status of 40" not in message.text:
        complaints.append(message.text)


@pytest.fixture
def page(new_context: Callable[..., BrowserContext]) -> Page:
    """A tab on the setup page."""
    page = new_context().new_page()
    page.goto("/connections/setup")
    return page
