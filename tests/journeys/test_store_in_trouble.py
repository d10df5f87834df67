"""A store that is busy or broken, on every route: told as it is, and nothing lost by it."""

import logging
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from portalkey.broker import Broker
from portalkey.errors import PortalkeyError, StoreBusy, StoreUnusable
from portalkey.hubspot.http import Request, Response
from portalkey.model.attempt import AttemptStatus
from portalkey.model.authorization import Visitor
from portalkey.settings import Settings
from portalkey.testing.installs import sample_install
from portalkey.testing.samples import new_owed
from portalkey.vault import SQLStore, Vault
from portalkey.vault.invitation_store import InvitationStore
from portalkey.vault.sql.sqlite import SQLite
from portalkey.vault.store import Store
from portalkey.web.host import BROWSER_KEY
from portalkey.web.install_cookies import INSTALL
from portalkey.web.routes import API, PAGES, SETUP
from portalkey.web.signed_tokens import sign_form
from portalkey_simulator import HubSpot
from support.hosting import host_app, link_named, page_of, signed_in
from support.patience import PATIENCE
from support.visitor import query_of

CALLBACK = "/auth/hubspot/callback"
ATTEMPT, OTHER = "A" * 22, "B" * 22
Call = tuple[str, str, dict[str, Any]]
"""Method, path, and what else the test client is given."""
ASKED = frozenset(
    name for name in {*vars(Store), *vars(InvitationStore)} if not name.startswith("_")
)


class Troubled(SQLStore):
    """A store that is in trouble for as long as a test wants, or at so many calls of one kind."""

    trouble: PortalkeyError | None = None
    at = ASKED
    times = 1_000_000

    def __init__(self, file: SQLite) -> None:
        super().__init__(file)
        self.asked: list[str] = []

    def __getattribute__(self, name: str) -> Any:
        """Refuse what is asked of it, while there is trouble."""
        look = super().__getattribute__
        if name in ASKED:
            look("asked").append(name)
        if name in look("at") and look("trouble") is not None and look("times") > 0:
            self.times = look("times") - 1
            raise look("trouble")
        return look(name)


@pytest.fixture
def store(broker: Broker) -> Iterator[Troubled]:
    """A store over the app's file that waits for no lock."""
    file = SQLite(Path(broker.settings.database_url.removeprefix("sqlite:///")), wait=0)
    yield Troubled(file)
    file.close()


@pytest.fixture
def app_broker(broker: Broker, store: Troubled) -> Broker:
    """The broker of the app over that store."""
    vault = Vault(broker.vault.keyring, store, broker.settings.client_id)
    return Broker(broker.settings, vault, broker._send)


@pytest.fixture
def client(app_broker: Broker) -> FlaskClient:
    """A browser in which somebody is signed in."""
    return signed_in(host_app(app_broker, deliver="access_token"))


def begin(client: FlaskClient, attempt: str) -> str:
    """Click the link, as a popup; where HubSpot is."""
    link = link_named(page_of(client), "Connect HubSpot")
    return client.get(f"{link}&attempt={attempt}").headers["Location"]


def come_back(hubspot: HubSpot, away: str) -> str:
    """Agree there; the callback's address."""
    back = urlsplit(hubspot.approve(away))
    return f"{back.path}?{back.query}"


def told(answer: TestResponse, trouble: PortalkeyError) -> bool:
    """True where the answer is the right one."""
    is_dated = "Retry-After" in answer.headers or isinstance(trouble, StoreUnusable)
    return answer.status_code == 503 and is_dated and trouble.for_person() in answer.text


def calls(client: FlaskClient, hubspot: HubSpot, form_token: str) -> dict[str, list[Call]]:
    """What each route is asked, by a browser that has two attempts under way."""
    link = link_named(page_of(client), "Connect HubSpot")
    back = come_back(hubspot, begin(client, ATTEMPT))
    begin(client, OTHER)
    answer = {"attempt": ATTEMPT, "answer": "yes", "portalkey_token": form_token}
    own = {"headers": {"X-Portalkey-Token": form_token}}
    status = "/api/hubspot/status"
    return {
        "start": [get(f"{link}&attempt={'C' * 22}"), get(link)],
        "callback": [get(back)],
        "complete": [get(f"/auth/hubspot/complete?attempt={ATTEMPT}")],
        "completed": [("POST", "/auth/hubspot/complete", {"data": {"attempt": ATTEMPT}})],
        "confirm": [get(f"/auth/hubspot/confirm?attempt={ATTEMPT}")],
        "confirmed": [("POST", "/auth/hubspot/confirm", {"data": answer})],
        "done": [get(f"/auth/hubspot/done?attempt={ATTEMPT}")],
        "invite": [get("/auth/hubspot/invite?link=secret")],
        "accept": [("POST", "/auth/hubspot/invite", {"data": {"link": "secret"}})],
        "invited": [get("/auth/hubspot/invited?link=x")],
        "setup": [get("/connections/setup")],
        "leave": [get("/connections/setup/x/disconnect")],
        "status": [get(status), get(f"{status}?attempt={ATTEMPT}"), get(f"{status}?check=1")],
        "connections": [get("/api/hubspot/connections")],
        "disconnect": [("POST", "/api/hubspot/connections/x/disconnect", own)],
        "cancel": [("POST", f"/api/hubspot/attempts/{ATTEMPT}/cancel", own)],
        "token": [("POST", f"/api/hubspot/attempts/{ATTEMPT}/token", own)],
    }


def calls_of_installs(
    client: FlaskClient, broker: Broker, form_token: str
) -> dict[str, list[Call]]:
    """What the routes of installs are asked by the browser that brought the code of one."""
    store = broker.vault.store
    install = replace(sample_install(store), id="I" * 22)
    store.add_attempt(install)
    assert store.ask(install.id, "sealed", new_owed(store, id=install.id))
    ticket = broker.ticket_of_install(install)
    client.set_cookie(f"portalkey_install_{install.id}", ticket)
    answer = {"attempt": install.id, "answer": "yes", "portalkey_token": form_token}
    opening = {
        "data": {"attempt": install.id, "ticket": ticket},
        "headers": {"Origin": broker.settings.allowed_origins[0]},
    }
    return {
        "install": [get(INSTALL)],
        "install_answered": [("POST", INSTALL, {"data": answer})],
        "install_opened": [("POST", f"{INSTALL}/open", opening)],
    }


def get(path: str) -> Call:
    """A navigation, or a page's question."""
    return "GET", path, {}


def form_token_of(client: FlaskClient, broker: Broker) -> str:
    """What the forms of this browser's pages carry."""
    with client.session_transaction() as session:
        return sign_form(broker, browser=session[BROWSER_KEY], owner="ada")


@pytest.mark.parametrize("trouble", [StoreBusy(), StoreUnusable()], ids=lambda each: each.code)
def test_every_route_tells_a_store_in_trouble(
    app_broker: Broker,
    client: FlaskClient,
    store: Troubled,
    hubspot: HubSpot,
    trouble: PortalkeyError,
) -> None:
    """503 and the reader's sentence; nobody hears "unknown", "forbidden" or "not connected"."""
    page_of(client)
    form_token = form_token_of(client, app_broker)
    asked = calls(client, hubspot, form_token)
    asked |= calls_of_installs(client, app_broker, form_token)
    store.trouble = trouble

    answers = [
        (name, path, client.open(path, method=method, follow_redirects=name == "callback", **given))
        for name, each in asked.items()
        for method, path, given in each
    ]

    wrong = [(name, path, a.status, a.text) for name, path, a in answers if not told(a, trouble)]
    assert wrong == []
    # The page of a refusal asks nobody.
    assert {*asked, "refused"} == {route.name for route in (*PAGES, *SETUP, *API)}


def test_a_return_to_a_locked_database_is_tried_again(
    client: FlaskClient, app_broker: Broker, hubspot: HubSpot, settings: Settings
) -> None:
    """Two tabs, and another process writes: nothing ends, and the same address works later."""
    back = come_back(hubspot, begin(client, ATTEMPT))
    begin(client, OTHER)
    path = settings.database_url.removeprefix("sqlite:///")
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        busy = [client.get(back, follow_redirects=True) for _ in range(2)]
        other.execute("ROLLBACK")
    meanwhile = app_broker.attempt_of_session(ATTEMPT, Visitor("ada", browser_of(client)))

    # What was recorded of the trouble may be written just now, and is waited for like anybody's.
    until = time.monotonic() + PATIENCE
    kept = busy[0].request.full_path
    again = client.get(kept)
    while again.status_code == busy[0].status_code and time.monotonic() < until:
        again = client.get(kept)

    addresses = [answer.request.full_path for answer in busy]
    assert all(each.startswith("/auth/hubspot/callback?return=") for each in addresses)
    assert len(set(addresses)) == 2
    assert all(told(answer, StoreBusy()) for answer in busy)
    assert all('<a class="pk-button" href="">Try again</a>' in answer.text for answer in busy)
    assert meanwhile is not None
    assert meanwhile.status is AttemptStatus.AT_HUBSPOT
    assert again.headers["Location"] == f"/auth/hubspot/done?attempt={ATTEMPT}"
    assert client.get_cookie(f"portalkey_return_{kept[-11:]}", path=CALLBACK) is None
    assert [each.owner for each in app_broker.connections("ada")] == ["ada"]


def test_a_return_that_cannot_be_kept_leaves_its_address_too(
    client: FlaskClient, store: Troubled, hubspot: HubSpot
) -> None:
    """A browser that began nothing, a third one at a time, or a very long one: no code stays."""
    back = come_back(hubspot, begin(client, ATTEMPT))
    store.trouble, store.at, store.times = StoreBusy(), frozenset({"attempt_by_state"}), 99
    kept = [client.get(address).headers["Location"] for address in (back, back)]
    third = client.get(back).headers["Location"]
    stranger = client.application.test_client()
    long = client.application.test_client()
    long.set_cookie(f"portalkey_attempt_{ATTEMPT}", "x", path="/auth/hubspot")

    assert all(each.startswith(f"{CALLBACK}?return=") for each in kept)
    assert third == f"/auth/hubspot/done?trouble=store_busy&attempt={ATTEMPT}"
    assert stranger.get(back).headers["Location"] == "/auth/hubspot/done"
    too_long = long.get(f"{back}&x={'x' * 1500}").headers["Location"]
    assert too_long == f"/auth/hubspot/done?trouble=store_busy&attempt={ATTEMPT}"


def test_a_return_that_is_not_this_browsers_is_none(
    client: FlaskClient, store: Troubled, hubspot: HubSpot
) -> None:
    """Its cookie is sealed for its name: neither another's nor a made-up one opens."""
    back = come_back(hubspot, begin(client, ATTEMPT))
    store.trouble, store.at, store.times = StoreBusy(), frozenset({"attempt_by_state"}), 1
    name = client.get(back).headers["Location"][-11:]
    cookie = client.get_cookie(f"portalkey_return_{name}", path=CALLBACK)
    assert cookie is not None
    assert cookie.http_only
    code = parse_qs(urlsplit(back).query)["code"][0]
    assert code not in cookie.decoded_value
    client.set_cookie(f"portalkey_return_{OTHER[:11]}", cookie.value, path=CALLBACK)

    for made_up in (OTHER[:11], "x" * 11):
        answer = client.get(f"{CALLBACK}?return={made_up}")
        assert answer.headers["Location"] == "/auth/hubspot/refused"
    assert client.get(f"{CALLBACK}?return={name}").headers["Location"].endswith(ATTEMPT)


def test_a_code_that_cannot_be_parked_is_not_lost(
    app_broker: Broker, store: Troubled, hubspot: HubSpot
) -> None:
    """A Strict session was held back: the attempt goes on however briefly the store was busy."""
    app = host_app(app_broker)
    app.config["SESSION_COOKIE_SAMESITE"] = "Strict"
    client = signed_in(app)
    back = come_back(hubspot, begin(client, ATTEMPT))
    client.delete_cookie("session")
    store.trouble, store.at, store.times = StoreBusy(), frozenset({"move_attempt"}), 1

    busy = client.get(back)
    again = client.get(busy.headers["Location"])

    assert busy.headers["Location"].startswith("/auth/hubspot/callback?return=")
    assert again.headers["Location"] == f"/auth/hubspot/complete?attempt={ATTEMPT}"


def test_a_claimed_return_reaches_hubspot_without_the_store(
    broker: Broker, store: Troubled, hubspot: HubSpot
) -> None:
    """Between claim and request nothing is asked of it, so nothing can lose the code there."""
    last_asked = []

    def send(request: Request) -> Response:
        last_asked.append(store.asked[-1])
        return broker._send(request)

    vault = Vault(broker.vault.keyring, store, broker.settings.client_id)
    client = signed_in(host_app(Broker(broker.settings, vault, send)))
    back = come_back(hubspot, begin(client, ATTEMPT))

    client.get(back)

    assert last_asked[0] == "move_attempt"


def test_a_crash_with_two_attempts_under_way_is_no_stranger(
    client: FlaskClient, store: Troubled, hubspot: HubSpot
) -> None:
    """The address is left, and nobody is told that the attempt is not theirs."""

    class Crash(PortalkeyError):
        """Nothing that is known."""

    back = come_back(hubspot, begin(client, ATTEMPT))
    begin(client, OTHER)
    store.trouble = Crash()

    left = client.get(back)
    store.trouble = None
    page = client.get(left.headers["Location"])

    assert left.headers["Location"] == "/auth/hubspot/done?trouble=portalkey_error"
    assert (page.status_code, "Something went wrong" in page.text) == (503, True)


def test_the_log_has_the_cause_and_no_secret(
    app_broker: Broker,
    client: FlaskClient,
    store: Troubled,
    hubspot: HubSpot,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Class, code, sentence and attempt: enough to look it up, and nothing to use."""
    back = come_back(hubspot, begin(client, ATTEMPT))
    store.trouble = StoreUnusable("The file cannot grow; make room on its disk.")

    client.get(back)
    client.get(f"/api/hubspot/status?attempt={OTHER}")
    own = {"X-Portalkey-Token": form_token_of(client, app_broker)}
    client.post("/api/hubspot/attempts/x%0aforged/cancel", headers=own)

    lines = [each.getMessage() for each in caplog.records if "not be answered" in each.message]
    cause = "StoreUnusable store_unusable: The file cannot grow; make room on its disk."
    assert lines == [
        f"callback could not be answered, attempt={ATTEMPT}: {cause}",
        f"status could not be answered, attempt={OTHER}: {cause}",
        f"cancel could not be answered: {cause}",
    ]
    assert {each.levelno for each in caplog.records} == {logging.ERROR}
    secrets = {*query_of(back).values(), *(cookie.value for cookie in cookies_of(client))}
    assert not [each for each in secrets if each in caplog.text]


def browser_of(client: FlaskClient) -> str:
    """The random value in this browser's session."""
    with client.session_transaction() as session:
        return str(session[BROWSER_KEY])


def cookies_of(client: FlaskClient) -> list[Any]:
    """The browser's cookies."""
    return list((client._cookies or {}).values())
