"""How many statements a person's connecting costs: each of them is a round trip to a server."""

import re
import secrets
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient

from portalkey._support.clock import boot_time
from portalkey.broker import Broker
from portalkey.flask import HubSpotAuth
from portalkey.hubspot.client import HubSpotClient
from portalkey.model.connection import ConnectionStatus as C
from portalkey.model.events import Event, EventName
from portalkey.settings import Settings
from portalkey.testing.samples import connect, next_generation
from portalkey.vault import Keyring, SQLStore, Vault
from portalkey.vault.sql.migrate import migrate
from portalkey_simulator import HubSpot
from support.watched import WatchedPostgreSQL, WatchedSQLite

pytest_plugins = ("support.postgres",)

HEADERS = {"Sec-Fetch-Site": "same-origin"}
ATTEMPT = "A" * 22
MOST = {
    "setup page": 3,
    "start": 7,
    "status, at HubSpot": 1,
    "callback": 19,
    "status, connected": 1,
    "setup page, connected": 2,
    "status": 1,
    "side jobs of a minute": 16,
}
"""Only ever lowered; the end of a transaction counts with its beginning. The first callback of all
makes the throttle's row, too: three statements more. The page tells of links to somebody else, and
the side jobs forget them: one more each."""
Watch = Callable[[], list[str]]


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> WatchedSQLite | WatchedPostgreSQL:
    """Either of the two, with our tables, watched."""
    if request.param == "sqlite":
        file = WatchedSQLite(tmp_path / "watched.db")
        file.statements = []
        return file
    server = WatchedPostgreSQL(request.getfixturevalue("migrated_postgres_url"))
    server.statements = []
    return server


@pytest.fixture
def client(
    settings: Settings, database: WatchedSQLite | WatchedPostgreSQL
) -> Iterator[FlaskClient]:
    """A browser before an app in which Ada is signed in; nothing is due on the side."""
    migrate(database)
    with ExitStack() as stack:
        store = SQLStore(database)
        vault = Vault(Keyring(settings.keys), store, settings.client_id)
        wire = HubSpotClient()
        broker = Broker(
            settings,
            vault,
            wire.send,
            close=wire.close,
            clock=boot_time,
            uniform=lambda _, high: high,
        )
        stack.callback(broker.close)
        app = Flask("statements")
        app.secret_key = secrets.token_hex(16)
        HubSpotAuth(app, broker, owner=lambda: "ada")
        client = app.test_client()
        app.config["broker"] = broker
        client.environ_base["HTTP_HOST"] = urlsplit(settings.public_url).netloc
        yield client


def texts_of(database: WatchedSQLite | WatchedPostgreSQL) -> list[str]:
    """What was run since the last time, but for what a new connection is told first."""
    said = [each if isinstance(each, str) else each[0] for each in database.statements]
    database.statements.clear()
    texts = [each.decode() if isinstance(each, bytes) else str(each) for each in said]
    return [
        each for each in texts if not re.match("PRAGMA|SET |SELECT pg_backend_pid|COMMIT", each)
    ]


@pytest.mark.parametrize("receivers", [(), ("billing", "webhook")], ids=len)
def test_connecting_costs_few_statements(
    client: FlaskClient,
    database: WatchedSQLite | WatchedPostgreSQL,
    hubspot: HubSpot,
    receivers: tuple[str, ...],
) -> None:
    """From the page to the account, on both databases alike; a receiver is one, for a change."""
    broker = client.application.config["broker"]
    if receivers:
        broker.vault.store.add_receivers(broker.settings.client_id, receivers)
    most = MOST | {"callback": MOST["callback"] + len(receivers)}
    counted: dict[str, list[str]] = {}

    def get(path: str, step: str) -> str:
        texts_of(database)
        response = client.get(path, headers=HEADERS)
        counted[step] = texts_of(database)
        assert response.status_code in {200, 303}, response.text
        return response.headers.get("location", response.text)

    page = get("/connections/setup", "setup page")
    link = re.findall(r'href="(/auth/hubspot/start[^"]+)"', page)[0].replace("&amp;", "&")
    status = f"/api/hubspot/status?attempt={ATTEMPT}"
    back = hubspot.approve(get(f"{link}&attempt={ATTEMPT}", "start"))
    assert '"at_hubspot"' in get(status, "status, at HubSpot")
    assert "done" in get(f"/auth/hubspot/callback?{urlsplit(back).query}", "callback")
    assert '"connected"' in get(status, "status, connected")
    get("/connections/setup", "setup page, connected")
    get("/api/hubspot/status", "status")
    texts_of(database)
    broker.send_owed()
    counted["side jobs of a minute"] = texts_of(database)

    numbers = {step: len(texts) for step, texts in counted.items()}
    assert {step: n for step, n in numbers.items() if n > most[step]} == {}, numbers


def test_a_renewal_is_one_statement(database: WatchedSQLite | WatchedPostgreSQL) -> None:
    """Which status the row had is not asked for by itself where it was connected."""
    migrate(database)
    with closing(SQLStore(database)) as store:
        row, healed = connect(store), Event(EventName.HEALED, "ada")
        told = {C.FAILING: healed, C.NEEDS_RECONNECT: healed}
        texts_of(database)

        assert store.renew(next_generation(row), instead_of="fingerprint 1", tell=told.get)
        texts = [text for text in texts_of(database) if not text.startswith("BEGIN")]
        assert len(texts) == 1, texts
