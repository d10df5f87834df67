"""Real parts for every test: a simulator, a store in a file, the app on a socket."""

import secrets
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import hypothesis
import pytest
from cryptography.fernet import Fernet

from portalkey._support.clock import boot_time
from portalkey.broker import Broker
from portalkey.cli.server import Listener, create_app
from portalkey.hubspot.client import HubSpotClient, Send
from portalkey.settings import Settings
from portalkey.testing import Ahead
from portalkey.vault import Keyring, SQLStore, Vault
from portalkey_simulator import App, HubSpot, running_hubspot
from support.failures import FailuresAtOnce
from support.interrupts import heed_interrupts
from support.patience import MILLISECONDS
from support.ports import free_port
from support.visitor import Visitor

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Playwright

SCOPES = "oauth crm.objects.contacts.read crm.objects.companies.read"
OPTIONAL_SCOPES = "crm.objects.deals.read"

heed_interrupts()

# A busy machine draws values slowly too; a rule holds or not, however long that takes.
hypothesis.settings.register_profile(
    "patient", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("patient")


def pytest_sessionstart(session: pytest.Session) -> None:
    """Have failures written at once, where there is somebody to read them."""
    # The workers of xdist have no terminal; what they find is reported in the one that has.
    plugins = session.config.pluginmanager
    terminal = plugins.get_plugin("terminalreporter")
    if terminal is not None:
        plugins.register(FailuresAtOnce(terminal))


@pytest.fixture
def port() -> int:
    """A port that is free just now."""
    return free_port()


@pytest.fixture
def hubspot(port: int) -> Iterator[HubSpot]:
    """A simulator that knows the app on *port*."""
    app = App(
        client_id="client-of-the-tests",
        client_secret=f"canary-client-secret-{secrets.token_hex(8)}",
        redirect_uris=(f"http://localhost:{port}/auth/hubspot/callback",),
    )
    with running_hubspot(apps=[app]) as running:
        yield running


@pytest.fixture(scope="session")
def empty_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store's file with all its tables and nothing in them: copying it is quicker than making."""
    path = tmp_path_factory.mktemp("empty") / "portalkey.db"
    SQLStore.open(f"sqlite:///{path}").close()
    return path


@pytest.fixture
def settings(port: int, hubspot: HubSpot, tmp_path: Path, empty_store: Path) -> Settings:
    """Settings of an app on *port* that talks to the simulator."""
    shutil.copy(empty_store, tmp_path / "portalkey.db")
    return Settings(
        client_id=hubspot.app.client_id,
        client_secret=hubspot.app.client_secret,
        redirect_uri=f"http://localhost:{port}/auth/hubspot/callback",
        scopes=SCOPES,
        optional_scopes=OPTIONAL_SCOPES,
        app_url=hubspot.url,
        api_url=hubspot.url,
        keys=f"test:{Fernet.generate_key().decode()}",
        database_url=f"sqlite:///{tmp_path / 'portalkey.db'}",
        public_url=f"http://localhost:{port}",
        exchanges_per_minute=10_000,  # tests are quicker than people
        hubspot_calls=1000,  # and a busy machine is no slow HubSpot
    )


@pytest.fixture
def ahead() -> Ahead:
    """How far the store's clock is ahead; a test moves it."""
    return Ahead()


@pytest.fixture
def make_broker(ahead: Ahead) -> Iterator[Callable[..., Broker]]:
    """Makes brokers over SQLite, and closes them; *through* stands between one and its client."""
    with ExitStack() as stack:

        def make(settings: Settings, through: Callable[[Send], Send] = lambda send: send) -> Broker:
            store = SQLStore.open(settings.database_url, ahead=ahead)
            vault = Vault(Keyring(settings.keys), store, settings.client_id)
            client = HubSpotClient()
            broker = Broker(
                settings,
                vault,
                through(client.send),
                close=client.close,
                clock=lambda: boot_time() + ahead.seconds,
                uniform=lambda low, high: (low + high) / 2,
            )
            stack.callback(broker.close)
            return broker

        yield make


@pytest.fixture
def broker(settings: Settings, make_broker: Callable[[Settings], Broker]) -> Broker:
    """A broker over SQLite and a real client."""
    return make_broker(settings)


@pytest.fixture
def app_url(settings: Settings, broker: Broker, port: int) -> Iterator[str]:
    """The standalone app, answering on its port."""
    # Without housekeeping, which a busy machine would have time for in the middle of a test.
    app = create_app(broker)
    with Listener(app, broker, host="127.0.0.1", port=port, housekeeping_seconds=None):
        yield settings.public_url


@pytest.fixture
def new_visitor(app_url: str, hubspot: HubSpot) -> Iterator[Callable[[], Visitor]]:
    """Makes visitors, each with a browser of their own."""
    with ExitStack() as stack:
        yield lambda: stack.enter_context(Visitor(app_url, hubspot))


@pytest.fixture
def visitor(new_visitor: Callable[[], Visitor]) -> Visitor:
    """Somebody with a browser of their own."""
    return new_visitor()


@pytest.fixture
def broken_store(tmp_path: Path) -> Iterator[SQLStore]:
    """A store whose file has been replaced by a folder."""
    file = tmp_path / "broken.db"
    store = SQLStore.open(f"sqlite:///{file}")
    store.close()
    for each in tmp_path.glob("broken.db*"):
        each.unlink()
    file.mkdir()
    yield store
    store.close()


@pytest.fixture(scope="session")
def playwright() -> "Iterator[Playwright]":
    """What drives Chromium; once in a process."""
    from playwright.sync_api import expect, sync_playwright  # noqa: PLC0415 - most tests need none

    expect.set_options(timeout=MILLISECONDS)
    with sync_playwright() as playwright:
        yield playwright


@pytest.fixture(scope="session")
def chromium(playwright: "Playwright") -> "Iterator[Browser]":
    """Chromium, headless."""
    from support.chromium import launched  # noqa: PLC0415 - as above

    browser = launched(playwright)
    yield browser
    browser.close()
