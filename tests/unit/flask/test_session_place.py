"""The cookie of connections beside the session's: when it counts, when it is sent, and how."""

from pathlib import Path
from typing import Any

import pytest
from flask import Flask, Response, request, session
from flask.testing import FlaskClient

from portalkey.broker import Broker
from portalkey.errors import PortalkeyError
from portalkey.flask import HubSpotAuth
from portalkey.flask.session_store import SessionStore
from portalkey.testing.samples import new_connection
from portalkey.vault import MemoryStore
from portalkey.web.host import BROWSER_KEY, CONNECTIONS_KEY
from portalkey_simulator import HubSpot
from processes.herd import expire, renewals
from support.hosting import FIRST, connect, leave_form
from support.session_cookies import (
    CONNECTIONS,
    SESSION,
    change_connections,
    connections_of,
    cookie_of,
    cookies_of,
    move_into_session,
    set_cookies,
)


@pytest.fixture
def app(broker: Broker, tmp_path: Path) -> Flask:
    """A host with a file, whose pages ask for a token only where they say so."""
    (tmp_path / "site.css").write_text("body {}")
    app = Flask("host", static_folder=tmp_path, static_url_path="/files")
    app.secret_key = "of-the-host"

    def sign_in(name: str) -> str:
        session["user"] = name
        return "in"

    def sign_out() -> str:
        session.clear()
        return "out"

    def token() -> str:
        try:
            return broker.access_token(session.get("user", "nobody"))
        except PortalkeyError as error:
            return error.code

    def look() -> str:
        session.get("user")
        return "seen"

    def last() -> str:
        session.permanent = True
        return "last"

    def ask_last(response: Response) -> Response:
        if "X-Ask" in request.headers:
            token()
        return response

    app.after_request(ask_last)
    HubSpotAuth(app, broker, owner=lambda: session.get("user"), store="session")
    app.add_url_rule("/in/<name>", "in", sign_in)
    app.add_url_rule("/out", "out", sign_out)
    app.add_url_rule("/token", "token", token)
    app.add_url_rule("/look", "look", look)
    app.add_url_rule("/last", "last", last)
    return app


@pytest.fixture
def client(app: Flask, hubspot: HubSpot) -> FlaskClient:
    """A browser in which ada has connected an account."""
    client = app.test_client()
    client.get("/in/ada")
    connect(client, hubspot, FIRST)
    return client


def sent(client: FlaskClient, path: str, **options: Any) -> dict[str, str]:
    """The cookies that an answer brings, with their attributes, by their names."""
    answer = client.get(path, **options)
    cookies = [each.partition("=") for each in answer.headers.getlist("Set-Cookie")]
    return {name: rest for name, _, rest in cookies}


def is_connected(client: FlaskClient) -> bool:
    """Whether the host's page gets a token."""
    return client.get("/token").text not in {"not_connected", "needs_reconnect"}


def test_it_is_sent_where_it_changed_alone(
    client: FlaskClient, hubspot: HubSpot, ahead: Any
) -> None:
    """Neither cookie comes with an answer that changes nothing; a renewal brings only this one."""
    assert sent(client, "/token") == {}
    assert sent(client, "/look") == {}

    expire(hubspot, ahead)
    assert {*sent(client, "/token")} == {CONNECTIONS}
    assert sent(client, "/token") == {}


@pytest.mark.parametrize("is_permanent", [False, True])
def test_it_goes_where_the_session_goes(*, is_permanent: bool) -> None:
    """With the session's attributes, as the app has set them, and for as long; never to scripts."""
    app = Flask("host")
    app.config.update(
        SECRET_KEY="of-the-host",
        SESSION_COOKIE_NAME="__Secure-shop",
        SESSION_COOKIE_DOMAIN="shop.example",
        SESSION_COOKIE_PATH="/app",
        SESSION_COOKIE_SAMESITE="None",
        SESSION_COOKIE_SECURE=True,
        SESSION_COOKIE_PARTITIONED=True,
    )
    with app.test_request_context(base_url="https://shop.example/app"):
        session.permanent = is_permanent
        store = SessionStore(MemoryStore(), name="eu")
        assert store.connect(None, new_connection(store))
        response = store.write_back(Response())
        app.session_interface.save_session(app, session, response)

    ours, theirs = (parse_cookie(each) for each in response.headers.getlist("Set-Cookie"))
    assert next(iter(ours)) == "__Secure-shop_portalkey_eu"
    assert next(iter(theirs)) == "__Secure-shop"
    assert ("Max-Age" in ours) is ("Expires" in theirs) is is_permanent
    for name in ("HttpOnly", "Secure", "Partitioned", "SameSite", "Domain", "Path"):
        assert ours[name] == theirs[name]


def parse_cookie(header: str) -> dict[str, str]:
    """The parts of a cookie, its own name first."""
    return {name: value for name, _, value in (e.partition("=") for e in header.split("; "))}


def test_it_lasts_as_the_session_does_by_now(client: FlaskClient) -> None:
    """An app that makes its session permanent later keeps the connection, too, once."""
    assert not connections_of(client)["lasts"]

    assert "Max-Age" in sent(client, "/last")[CONNECTIONS]
    assert connections_of(client)["lasts"]
    assert CONNECTIONS not in sent(client, "/token")


def test_it_counts_in_its_own_session_alone(client: FlaskClient) -> None:
    """Kept over a sign-out, it is nothing to whoever signs in next, the same person included."""
    kept = cookie_of(client, CONNECTIONS)
    client.get("/out")
    assert cookies_of(client) == {}

    for name in ("eve", "ada"):
        client.get(f"/in/{name}")
        client.get("/connections/setup")
        client.set_cookie(CONNECTIONS, kept)
        assert not is_connected(client)
        assert not client.get("/api/hubspot/status").get_json()["authenticated"]


def test_it_counts_in_no_session_at_all_without_the_browsers_value(client: FlaskClient) -> None:
    """A session that nothing tells from others has no connection, whatever a cookie says."""
    with client.session_transaction() as there:
        del there[BROWSER_KEY]
    change_connections(client, of=None)

    assert not is_connected(client)


def test_another_signs_in_without_a_sign_out(client: FlaskClient) -> None:
    """Nothing of it is used, and the host's own page is enough for its end."""
    client.get("/in/eve")

    assert not is_connected(client)
    assert CONNECTIONS not in cookies_of(client)
    client.get("/in/ada")
    assert not is_connected(client)


def test_one_of_another_session_is_left_to_what_changes_the_session(client: FlaskClient) -> None:
    """An answer from before a sign-in would else take away what was connected after it."""
    kept = cookie_of(client, CONNECTIONS)
    client.get("/out")
    client.get("/in/ada")
    client.set_cookie(CONNECTIONS, kept)

    assert CONNECTIONS not in sent(client, "/look")
    assert sent(client, "/out")[CONNECTIONS].startswith(";")


@pytest.mark.parametrize(("to", "of"), [(SESSION, CONNECTIONS), (CONNECTIONS, SESSION)])
def test_neither_cookie_is_the_other(client: FlaskClient, to: str, of: str) -> None:
    """The same key signs both, each for its own use."""
    client.set_cookie(to, cookie_of(client, of))

    assert not is_connected(client)
    with client.session_transaction() as there:
        assert "rows" not in there


def test_a_session_of_before_goes_over_once(
    client: FlaskClient, hubspot: HubSpot, broker: Broker, ahead: Any
) -> None:
    """Older versions had the connection in the session: it is read there, and moves.

    Where an answer from before that comes last, the cookie counts, which may have been renewed.
    """
    token = client.get("/token").text
    move_into_session(client)
    old = cookies_of(client)
    assert {*old} == {SESSION}

    assert client.get("/token").text == token
    with client.session_transaction() as there:
        assert CONNECTIONS_KEY not in there
    assert len(connections_of(client)["rows"]) == 1
    assert renewals(hubspot) == 0

    expire(hubspot, ahead)
    renewed = client.get("/token").text
    set_cookies(client, old)
    store = broker.vault.store
    assert isinstance(store, SessionStore)
    store._sessions._renew()  # as in a process that never saw this session
    assert client.get("/token").text == renewed != token
    assert renewals(hubspot) == 1
    with client.session_transaction() as there:
        assert CONNECTIONS_KEY not in there


def test_a_session_of_before_ends_by_a_disconnect(client: FlaskClient) -> None:
    """In whichever place it was."""
    move_into_session(client)
    form = leave_form(client)
    move_into_session(client)
    client.post(form.pop("action"), data=form, headers={"Sec-Fetch-Site": "same-origin"})

    assert {*cookies_of(client)} == {SESSION}
    assert not is_connected(client)


def test_what_the_app_does_last_is_sent(client: FlaskClient, hubspot: HubSpot, ahead: Any) -> None:
    """A renewal in a function that the app runs behind the view, however early it said so."""
    expire(hubspot, ahead)

    assert {*sent(client, "/look", headers={"X-Ask": "last"})} == {CONNECTIONS}


def test_a_file_does_not_depend_on_it(client: FlaskClient) -> None:
    """Caches may keep it for everybody."""
    with client.get("/files/site.css") as answer:
        assert answer.get_data(as_text=True) == "body {}"
        assert "Cookie" not in answer.headers.get("Vary", "")
    assert "Cookie" in client.get("/look").headers["Vary"]
