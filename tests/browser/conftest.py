"""Engines, browsers and pages; Chromium itself is started for every folder's tests."""

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    Playwright,
)

from browser.engines.base import Engine
from browser.engines.chromium import Chromium
from browser.engines.firefox import Firefox
from browser.engines.webkit import WebKit
from browser.host import Host
from browser.table import ENGINES, Table, describe
from portalkey.broker import Broker
from portalkey.cli.server import Listener
from portalkey.settings import Settings
from support.chromium import NAMES, launched
from support.patience import MILLISECONDS

EVERY = "--every-engine"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Heard where pytest is started on this folder or a file in it."""
    parser.addoption(EVERY, action="store_true", help="run every scenario in each of its engines")
    parser.addoption("--pictures", help="the folder for pictures of every page")


def pytest_configure(config: pytest.Config) -> None:
    """Where ``BROWSERS_TABLE`` names a file, the table scenario x engine is written there."""
    config.addinivalue_line(
        "markers", f"every_engine: run only under {EVERY}, or for the table of browsers"
    )
    config.addinivalue_line("markers", "for_pictures: run only under --pictures")
    path = os.environ.get("BROWSERS_TABLE")
    if path and not hasattr(config, "workerinput"):
        config.pluginmanager.register(Table(Path(path)))


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Tell reports which cell of the table they fill.

    What has shown once that it passes in another engine too runs there again for the table only:
    the suite stays quick enough to be run at each change. It is deselected and counted, as a skip
    would look like a scenario that could not be run.
    """
    if not (os.environ.get("BROWSERS_TABLE") or config.getoption(EVERY, default=False)):
        _put_off(config, items, "every_engine")
    if not config.getoption("--pictures", default=None):
        _put_off(config, items, "for_pictures")
    describe(items)


def _put_off(config: pytest.Config, items: list[pytest.Item], marked: str) -> None:
    put_off = [each for each in items if each.get_closest_marker(marked)]
    config.hook.pytest_deselected(items=put_off)
    items[:] = [each for each in items if each not in put_off]


@pytest.fixture(scope="session")
def shell(playwright: Playwright) -> Iterator[Browser]:
    """Chromium's engine without the windows round it, for what is done hundreds of times.

    Debian's Chromium stands in where the shell is not installed.
    """
    browser = launched(playwright, ("chromium-headless-shell", *NAMES))
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
            context.set_default_timeout(MILLISECONDS)
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


@pytest.fixture(scope="session")
def engines(
    chromium: Browser, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[str], Engine]]:
    """Starts an engine when it is first asked for, and ends them all."""
    start: dict[str, Callable[[], Engine]] = {
        "chromium": lambda: Chromium(chromium),
        "firefox": lambda: Firefox(tmp_path_factory.mktemp("firefox")),
        "webkit": WebKit,
    }
    with ExitStack() as stack:

        @cache
        def running(name: str) -> Engine:
            engine = start[name]()
            stack.callback(engine.close)
            return engine

        yield running


@pytest.fixture(params=ENGINES)
def engine(
    request: pytest.FixtureRequest,
    engines: Callable[[str], Engine],
    record_property: Callable[[str, object], None],
) -> Iterator[Engine]:
    """Each of the three engines, with nothing remembered."""
    engine = engines(request.param)
    record_property("version", engine.version)
    yield engine
    engine.forget()


@pytest.fixture
def host(
    settings: Settings, make_broker: Callable[[Settings], Broker], port: int
) -> Iterator[Host]:
    """A host app on ``localhost``; to the browser, its HubSpot on ``127.0.0.1`` is another site."""
    elsewhere = settings.app_url.replace("localhost", "127.0.0.1")
    broker = make_broker(settings.model_copy(update={"app_url": elsewhere}))
    host = Host(broker)
    with Listener(host.app, broker, host="127.0.0.1", port=port):
        yield host
        host.answers_start.set()
