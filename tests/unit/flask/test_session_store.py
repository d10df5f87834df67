"""Connections in the visitor's own session: what it holds, and that all of it goes with it."""

import json
import re
import secrets
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from cachelib import SimpleCache
from cryptography.fernet import Fernet
from flask import Flask, jsonify, session
from flask.sessions import SecureCookieSessionInterface
from flask.testing import FlaskClient
from flask_session import Session
from itsdangerous import TimestampSigner, URLSafeTimedSerializer
from pydantic import SecretStr

from portalkey.broker import Broker
from portalkey.errors import (
    NeedsReconnect,
    NoKeyOpens,
    NoSession,
    NotConnected,
    PortalkeyError,
    SessionFull,
)
from portalkey.flask import HubSpotAuth, visitor
from portalkey.flask.session_cookie import MOST_BESIDE_HEADERS
from portalkey.flask.session_store import SessionStore
from portalkey.model.events import EventName
from portalkey.settings import Key, Settings
from portalkey.web.host import CONNECTIONS_KEY
from portalkey.web.router import Router
from portalkey_simulator import HubSpot
from processes.herd import expire, renewals
from support.hosting import (
    FIRST,
    SECOND,
    SETUP,
    SMALL,
    cards,
    come_back,
    connect,
    leave_form,
    page_of,
    said,
)
from support.session_cookies import (
    CONNECTIONS,
    change_connections,
    connections_of,
    cookie_of,
    cookies_of,
    set_cookies,
)

TOKENS = {"token", "refresh_token"}
WEEK = 7 * 24 * 3600.0


def session_app(broker: Broker, **options: Any) -> Flask:
    """A host without a database, whose page needs a token."""
    app = Flask("host")
    app.secret_key = "of-the-host"
    HubSpotAuth(app, broker, store="session", **options)

    def token() -> Any:
        try:
            return jsonify(token=broker.access_token(visitor()))
        except PortalkeyError as error:
            return jsonify(error=error.code, message=str(error)), 409

    app.add_url_rule("/token", "token", token)
    app.add_url_rule("/sign-out", "sign_out", sign_out)
    app.add_url_rule("/keep/<int:size>", "keep", keep)
    return app


def sign_out() -> str:
    """The host forgets the visitor."""
    session.clear()
    return "out"


def keep(size: int) -> str:
    """The host keeps something of its own in the session."""
    session["own"] = secrets.token_urlsafe(size)  # which cannot be compressed
    return "kept"


def token_of(client: FlaskClient) -> str:
    """The token that the host's page gets."""
    answer = client.get("/token").get_json()
    assert "token" in answer, answer
    return str(answer["token"])


def trouble_of(client: FlaskClient) -> str:
    """Why it gets none."""
    return str(client.get("/token").get_json()["error"])


def app_broker(app: Flask) -> Broker:
    """The broker of the *app*."""
    face, _ = app.extensions["portalkey"]
    assert isinstance(face, Router)
    return face.context.broker


def store_of(broker: Broker) -> SessionStore:
    """What the broker keeps its connections in."""
    store = broker.vault.store
    assert isinstance(store, SessionStore)
    return store


@pytest.fixture
def app(broker: Broker) -> Flask:
    """An app that keeps connections in its sessions."""
    return session_app(broker)


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """Somebody's browser."""
    return app.test_client()


def test_a_visitor_connects_and_has_a_token(client: FlaskClient, hubspot: HubSpot) -> None:
    """Without a database of grants, without users, and the page shows the account."""
    connect(client, hubspot)

    assert token_of(client) == token_of(client)
    assert len(cards(page_of(client))) == 1
    assert client.get("/api/hubspot/status").get_json()["authenticated"]


def test_the_database_holds_no_grant(client: FlaskClient, broker: Broker, hubspot: HubSpot) -> None:
    """Attempts and the audit are there, no connection is."""
    connect(client, hubspot)
    kept = store_of(broker)._store
    with client.session_transaction() as there:
        owner = there["portalkey_visitor"]
        assert CONNECTIONS_KEY not in there

    assert len(connections_of(client)["rows"]) == 1
    assert kept.connections(owner, broker.settings.client_id) == []
    names = [event.name for event in kept.events(owner=owner)]
    assert EventName.CONNECTED in names


def test_the_cookie_tells_no_token(client: FlaskClient, hubspot: HubSpot, ahead: Any) -> None:
    """Whoever reads the cookie, which is only signed, finds both tokens sealed."""
    connect(client, hubspot)
    token_of(client)
    text = json.dumps(connections_of(client))

    expire(hubspot, ahead)
    token_of(client)
    sent = {asked.form[name] for asked in hubspot.requests for name in TOKENS & {*asked.form}}
    assert len(sent) > 1, "both tokens"
    assert not any(each in text for each in sent)


def test_another_visitor_has_nothing(app: Flask, client: FlaskClient, hubspot: HubSpot) -> None:
    """Not even where the app says that both are the same owner: the session is whose it is."""
    connect(client, hubspot)
    token_of(client)

    assert trouble_of(app.test_client()) == NotConnected.code


def test_two_sessions_of_one_owner_are_two(broker: Broker, hubspot: HubSpot) -> None:
    """Each browser has what it connected itself; no token is lent from one to the other."""
    app = session_app(broker, owner=lambda: "ada")
    app.add_url_rule("/of-ada", "of_ada", lambda: of_ada(broker))
    first, second = app.test_client(), app.test_client()
    connect(first, hubspot, FIRST)
    own = first.get("/of-ada").text

    assert second.get("/of-ada").text == NotConnected.code
    connect(second, hubspot, FIRST)
    assert second.get("/of-ada").text not in {own, NotConnected.code}


def of_ada(broker: Broker) -> str:
    """Ada's token, or why there is none."""
    try:
        return broker.access_token("ada")
    except PortalkeyError as error:
        return error.code


def test_the_connection_goes_with_the_session(client: FlaskClient, hubspot: HubSpot) -> None:
    """Signed out is signed out, though this process saw the token a moment ago."""
    connect(client, hubspot)
    token_of(client)

    client.get("/sign-out")

    assert trouble_of(client) == NotConnected.code


def test_a_request_that_looks_and_then_signs_out(
    app: Flask, client: FlaskClient, hubspot: HubSpot
) -> None:
    """What was read before is not written back: not even the next person here gets the token."""

    def look() -> None:
        store_of(app_broker(app)).connections(visitor(), "any")

    app.before_request(look)
    connect(client, hubspot)
    token_of(client)

    client.get("/sign-out")

    assert cookies_of(client) == {}
    assert trouble_of(client) == NotConnected.code
    assert not store_of(app_broker(app))._sessions.all_rows()


def test_what_was_cleared_is_gone_in_the_same_request(
    app: Flask, client: FlaskClient, hubspot: HubSpot
) -> None:
    """Whoever asks after the sign-out, in its very request, is told that nothing is connected."""
    broker = app_broker(app)

    def leave() -> str:
        owner = visitor()
        broker.access_token(owner)
        session.clear()
        with pytest.raises(NotConnected):
            broker.access_token(owner)
        return "out"

    app.add_url_rule("/leave", "leave", leave)
    connect(client, hubspot)

    assert client.get("/leave").text == "out"
    assert trouble_of(client) == NotConnected.code


class MovedSessions(SecureCookieSessionInterface):
    """Flask's own sessions, by a clock of the test's."""

    ahead = 0.0

    def get_signing_serializer(self, app: Flask) -> URLSafeTimedSerializer | None:
        """As Flask makes it, with the other clock."""
        interface = self

        class Moved(TimestampSigner):
            def get_timestamp(self) -> int:
                """Later than it is."""
                return super().get_timestamp() + int(interface.ahead)

        made = super().get_signing_serializer(app)
        assert made is not None
        made.signer = Moved
        return made


def test_the_connection_ends_with_the_sessions_lifetime(
    app: Flask, client: FlaskClient, hubspot: HubSpot
) -> None:
    """PERMANENT_SESSION_LIFETIME is how long it lives, whatever the cookie jar keeps."""
    app.session_interface = sessions = MovedSessions()
    app.config["PERMANENT_SESSION_LIFETIME"] = WEEK
    app.before_request(lambda: setattr(session, "permanent", True))
    connect(client, hubspot)
    cookies = cookies_of(client)

    sessions.ahead = WEEK - 10
    assert token_of(client)
    sessions.ahead = WEEK + 10
    set_cookies(client, cookies)
    assert trouble_of(client) == NotConnected.code


def test_an_expired_token_is_renewed_into_the_session(
    app: Flask, client: FlaskClient, hubspot: HubSpot, ahead: Any, broker: Broker
) -> None:
    """Once; and the cookie carries it, into another process too."""
    hubspot.switches.rotate_refresh_tokens = True
    connect(client, hubspot)
    first = token_of(client)
    expire(hubspot, ahead)

    second = token_of(client)

    assert second != first
    assert token_of(client) == second
    store_of(broker)._sessions._renew()  # as in a process that never saw this session
    assert token_of(client) == second
    assert renewals(hubspot) == 1


def test_requests_of_one_session_renew_once(
    app: Flask, client: FlaskClient, hubspot: HubSpot, ahead: Any
) -> None:
    """A page that sends eight at once, each with the same old cookie, even with single-use ones."""
    hubspot.switches.rotate_refresh_tokens = True
    connect(client, hubspot)
    expire(hubspot, ahead)
    cookies, all_there = cookies_of(client), threading.Barrier(8)
    hubspot.next_token_answer(delay=0.05)

    def ask(_: int) -> tuple[str, dict[str, str]]:
        browser = app.test_client()
        set_cookies(browser, cookies)
        all_there.wait()
        return token_of(browser), cookies_of(browser)

    with ThreadPoolExecutor(8) as threads:
        got = list(threads.map(ask, range(8)))

    assert len({token for token, _ in got}) == 1
    assert renewals(hubspot) == 1
    # Whichever answer comes last: each brings the newest grant, so that none is lost.
    for _, newest in got:
        set_cookies(client, newest)
        assert token_of(client) == got[0][0]


def test_what_was_disconnected_stays_so(client: FlaskClient, hubspot: HubSpot) -> None:
    """An older cookie, sent again, does not bring it back; and HubSpot was told."""
    connect(client, hubspot)
    old = cookies_of(client)
    form = leave_form(client)
    client.post(form.pop("action"), data=form, headers={"Sec-Fetch-Site": "same-origin"})

    assert trouble_of(client) == NotConnected.code
    assert CONNECTIONS not in cookies_of(client)
    set_cookies(client, old)
    assert trouble_of(client) == NotConnected.code
    assert any("revoke" in asked.path for asked in hubspot.requests)


def test_a_dead_grant_is_told(client: FlaskClient, hubspot: HubSpot, ahead: Any) -> None:
    """As everywhere: the person has to connect again, and can."""
    connect(client, hubspot)
    hubspot.next_token_refusal("BAD_REFRESH_TOKEN")
    expire(hubspot, ahead)

    assert trouble_of(client) == NeedsReconnect.code
    assert "reconnect" in page_of(client, SETUP).text.lower()
    connect(client, hubspot)
    assert token_of(client)


def test_outside_of_a_request_there_is_no_session(
    client: FlaskClient, broker: Broker, hubspot: HubSpot
) -> None:
    """A worker is told what to do instead; what HubSpot is owed is sent all the same."""
    connect(client, hubspot)

    with pytest.raises(NoSession, match="leave out store"):
        broker.access_token("ada")
    with pytest.raises(NoSession), broker.using("ada"):
        pass
    assert broker.send_owed() == 0


def test_a_cookie_too_small_is_told(client: FlaskClient, broker: Broker, hubspot: HubSpot) -> None:
    """Before anything is kept: what the host keeps counts, and the attempt says that it failed."""
    client.get("/keep/2400")

    where = connect(client, hubspot)

    assert CONNECTIONS not in cookies_of(client)
    failed = [e for e in broker.vault.store.events() if e.name is EventName.ATTEMPT_FAILED]
    assert [event.facts["error"] for event in failed] == [SessionFull.code]
    assert said(page_of(client, where).find("main"))
    client.get("/keep/10")
    connect(client, hubspot)
    assert token_of(client)


def test_an_account_too_many_is_told_in_other_words(
    client: FlaskClient, hubspot: HubSpot, caplog: pytest.LogCaptureFixture
) -> None:
    """The person can do something about that one; the log has the size and the limit."""
    client.get("/keep/750")
    connect(client, hubspot, FIRST)

    where = connect(client, hubspot, SECOND)

    assert "no room for another account" in said(page_of(client, where).find("main"))
    (line,) = [each for each in caplog.messages if "nothing was connected (session_full)" in each]
    assert re.search(r"would be \d{4} bytes .* and \d{4} pass", line)
    assert len(cards(page_of(client))) == 1


def test_a_renewal_that_does_not_fit_is_used(
    client: FlaskClient, hubspot: HubSpot, ahead: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """The app filled the session meanwhile: its operator hears of it, and nothing is lost."""
    connect(client, hubspot)
    client.get("/keep/1000")
    expire(hubspot, ahead)
    longer = {"token_type": "bearer", "access_token": secrets.token_urlsafe(1500)}
    hubspot.next_token_answer(200, {**longer, "expires_in": 1800})
    before = cookies_of(client)

    assert token_of(client) == longer["access_token"]
    assert cookies_of(client) == before
    assert SessionFull.code in caplog.text
    assert client.get("/keep/10").status_code == 200
    assert token_of(client) == longer["access_token"]
    assert cookie_of(client, CONNECTIONS) != before[CONNECTIONS]
    assert renewals(hubspot) == 1


def test_a_cookie_is_never_larger_than_browsers_keep(client: FlaskClient, hubspot: HubSpot) -> None:
    """Two accounts fit; a session with a little more in it refuses rather than lose all."""
    connect(client, hubspot, FIRST)
    connect(client, hubspot, SECOND)

    assert len(cards(page_of(client))) == 2
    assert sum(map(len, cookies_of(client).values())) < MOST_BESIDE_HEADERS


@pytest.mark.parametrize(("scopes", "own", "accounts"), [(0, 700, 1), (0, 100, 2), (15, 100, 1)])
def test_all_headers_of_an_answer_pass_nginx(
    settings: Settings,
    make_broker: Callable[[Settings], Broker],
    hubspot: HubSpot,
    scopes: int,
    own: int,
    accounts: int,
) -> None:
    """Below 4 KB by every account that is let in, even where each answer brings the session.

    However long the address at HubSpot is that an app's scopes make.
    """
    wanted = tuple(f"crm.objects.custom_thing_{number}.read" for number in range(scopes))
    app = session_app(make_broker(settings.model_copy(update={"optional_scopes": wanted})))
    client = app.test_client()
    app.before_request(lambda: setattr(session, "permanent", True))
    sizes, answer = [], app.wsgi_app

    def measure(environ: Any, start_response: Any) -> Any:
        def start(status: str, headers: list[tuple[str, str]], *rest: Any) -> Any:
            sizes.append(sum(len(f"{name}: {value}\r\n") for name, value in headers))
            return start_response(status, headers, *rest)

        return answer(environ, start)

    app.wsgi_app = measure  # type: ignore[method-assign]
    client.get(f"/keep/{own}")
    for account in (FIRST, SECOND, SMALL):
        connect(client, hubspot, account)

    server = 200  # the bytes of a status, a date and a name
    assert 2400 < max(sizes) < 4096 - server
    assert len(cards(page_of(client))) == accounts


def test_the_error_says_how_much_there_is() -> None:
    """Both numbers, and all three ways out."""
    error = SessionFull(5000, 4093)

    assert (error.size, error.most) == (5000, 4093)
    for part in ("5000 bytes", "4093", "Flask-Session", 'store="session"'):
        assert part in str(error)


@pytest.mark.parametrize("name", ["session", CONNECTIONS])
@pytest.mark.parametrize("cut", [slice(0, -1), slice(1, None), slice(0, 40)])
def test_a_tampered_cookie_is_no_session(
    client: FlaskClient, hubspot: HubSpot, cut: slice, name: str
) -> None:
    """The signature of either fails, and nothing is connected."""
    connect(client, hubspot)
    client.set_cookie(name, cookie_of(client, name)[cut])

    assert trouble_of(client) == NotConnected.code


def test_a_session_of_another_key_is_told(
    client: FlaskClient,
    hubspot: HubSpot,
    make_broker: Callable[[Settings], Broker],
    settings: Settings,
) -> None:
    """The host's key is right and ours is not: the operator is told, and the row stays."""
    connect(client, hubspot)
    other = Key("other", SecretStr(Fernet.generate_key().decode()))
    elsewhere = session_app(make_broker(settings.model_copy(update={"keys": (other,)})))
    browser = elsewhere.test_client()
    set_cookies(browser, cookies_of(client))

    assert trouble_of(browser) == NoKeyOpens.code
    assert len(connections_of(browser)["rows"]) == 1


def test_an_unknown_format_is_not_read(
    client: FlaskClient, hubspot: HubSpot, caplog: pytest.LogCaptureFixture
) -> None:
    """A session of a newer portalkey asks to connect again, and the log says why."""
    connect(client, hubspot)
    change_connections(client, v=99)

    assert trouble_of(client) == NotConnected.code
    assert "another version of portalkey" in caplog.text


def test_sessions_on_the_server(broker: Broker, hubspot: HubSpot, ahead: Any) -> None:
    """Flask-Session keeps the same rows on the server, with no limit, and the cookie is an id."""
    app = session_app(broker)
    app.config.update(SESSION_TYPE="cachelib", SESSION_CACHELIB=SimpleCache(default_timeout=0))
    Session(app)
    client = app.test_client()
    client.get("/keep/5000")
    connect(client, hubspot)
    first = token_of(client)
    expire(hubspot, ahead)

    assert token_of(client) != first
    assert len(cookie_of(client)) < 100
    client.get("/sign-out")
    assert trouble_of(client) == NotConnected.code


@pytest.mark.parametrize("store", ["redis", ""])
def test_an_unknown_store_is_refused(broker: Broker, store: Any) -> None:
    """There is one that an app can ask for."""
    with pytest.raises(ValueError, match="session"):
        HubSpotAuth(Flask("host"), broker, store=store)


def test_an_app_made_twice_keeps_one_store(broker: Broker) -> None:
    """An app factory is called again and again over one broker."""
    session_app(broker)
    store = store_of(broker)

    session_app(broker)

    assert store_of(broker) is store


def test_a_broker_of_sessions_serves_no_other_app(broker: Broker) -> None:
    """An app that means the database is told, rather than led into sessions."""
    session_app(broker)

    with pytest.raises(ValueError, match=r"write HubSpotAuth\(\.\.\., store=\"session\"\)"):
        HubSpotAuth(Flask("other"), broker, owner=lambda: "ada")


def test_a_deleted_users_sessions_are_the_apps_to_end(broker: Broker) -> None:
    """An administrator's request is not that user's: it says so rather than do nothing."""
    app = session_app(broker)

    with app.test_request_context(), pytest.raises(NoSession, match="end the sessions"):
        broker.on_user_deleted("ada")


def test_another_account_is_asked_about(
    client: FlaskClient, broker: Broker, hubspot: HubSpot
) -> None:
    """Its grant waits beside the sessions, and a yes puts it into the session of whoever began."""
    connect(client, hubspot, FIRST)
    link = str(client.get("/api/hubspot/status").get_json()["connect_url"])
    confirm = come_back(client, hubspot, link, SECOND)
    assert len(cards(page_of(client))) == 1
    assert broker.stats().outbox == 1
    form = {str(e["name"]): str(e["value"]) for e in page_of(client, confirm).select("input")}

    client.post("/auth/hubspot/confirm", data={**form, "answer": "yes"})

    assert len(cards(page_of(client))) == 2
    assert broker.stats().outbox == 0
