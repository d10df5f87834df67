"""Fixtures of the scenarios in Chromium alone; a test module names this in ``pytest_plugins``."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from http.server import ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page

from browser.hasty import COUNT, Hasty
from browser.places import EAR, Evil, Place, front
from portalkey.broker import Broker
from portalkey.cli.server import Listener
from portalkey.settings import Settings
from support.patience import MILLISECONDS


@pytest.fixture
def place(
    settings: Settings, make_broker: Callable[[Settings], Broker], port: int
) -> Iterator[Place]:
    """The app on ``localhost``; its HubSpot on ``127.0.0.1`` is another site to a browser."""
    elsewhere = settings.app_url.replace("localhost", "127.0.0.1")
    broker = make_broker(settings.model_copy(update={"app_url": elsewhere}))
    place = Place(broker)
    with Listener(place.app, broker, host="127.0.0.1", port=port):
        yield place


@pytest.fixture
def evil() -> Iterator[str]:
    """The address of somebody's evil page."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Evil)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def remarks() -> list[str]:
    """What pages complained of: errors, warnings, violations of a policy."""
    return []


@pytest.fixture
def new_person(chromium: Browser, remarks: list[str]) -> Iterator[Callable[..., BrowserContext]]:
    """Makes browsers of their own: cookies, storage and all; every page in them has an ear."""
    with ExitStack() as stack:

        def make(**options: Any) -> BrowserContext:
            context = chromium.new_context(**options)
            context.set_default_timeout(MILLISECONDS)
            context.add_init_script(EAR)
            context.on("console", lambda message: _remark(remarks, message))
            context.on("weberror", lambda error: remarks.append(f"uncaught: {error.error}"))
            stack.callback(context.close)
            return context

        yield make


def _remark(remarks: list[str], message: ConsoleMessage) -> None:
    # A failed request is a browser's own remark, and no complaint of the page.
    if message.type in {"error", "warning"} and "Failed to load resource" not in message.text:
        remarks.append(message.text)


@pytest.fixture
def person(new_person: Callable[..., BrowserContext]) -> BrowserContext:
    """A person's browser."""
    return new_person()


@pytest.fixture
def tab(person: BrowserContext, place: Place) -> Page:
    """A tab on the front page of the place."""
    return front(person, place)


@pytest.fixture
def hasty(person: BrowserContext, place: Place) -> Hasty:
    """A front page whose clock is in the test's hand."""
    person.clock.install()
    person.add_init_script(COUNT)
    return Hasty(front(person, place))
