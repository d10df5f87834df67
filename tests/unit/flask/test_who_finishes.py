"""Who begins an attempt also finishes it: sign-ins of every kind between click and return."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from flask import Flask, session
from flask.testing import FlaskClient
from flask_login import LoginManager, UserMixin, current_user, login_user, logout_user

from portalkey.broker import Broker
from portalkey.errors import NoSession
from portalkey.flask import HubSpotAuth, forget_browser
from portalkey.model.attempt import Attempt
from portalkey.model.authorization import AuthorizationOptions
from portalkey.web.host import BROWSER_KEY, CONNECTIONS_KEY, VISITOR_KEY
from portalkey_simulator import HubSpot
from support.hosting import FIRST, SETUP, page_of
from support.session_cookies import CONNECTIONS, cookie_of, cookies_of, move_into_session

ATTEMPT = "W" * 22
AGAIN = "You signed in again meanwhile; start once more."
OLDER = "a-_Z" * 10 + "xyz"
"""A session's value as it was before it said whose it is."""
ELSEWHERE = "begun by somebody else or elsewhere"


def team_app(broker: Broker, *, has_person: bool = True, **options: Any) -> Flask:
    """An app whose users belong to teams, as ``TEAM.NAME``; its sign-in keeps the session."""
    app = Flask("host")
    app.secret_key = "of-the-host"
    app.add_url_rule("/login/<name>", "login", lambda name: session.update(user=name) or "in")
    app.add_url_rule("/fresh/<name>", "fresh", fresh)
    app.add_url_rule("/logout", "logout", lambda: session.pop("user") and "out")
    app.add_url_rule("/forget", "forget", forget)
    person = (lambda: session["user"]) if has_person else None
    HubSpotAuth(app, broker, owner=team, person=person, deliver="access_token", **options)
    return app


def team() -> str | None:
    """The team of whoever is signed in."""
    return str(session["user"]).partition(".")[0] if "user" in session else None


def forget() -> str:
    """A sign-out that tells us."""
    del session["user"]
    forget_browser()
    return "out"


def fresh(name: str) -> str:
    """A sign-in that begins the session anew, as it should."""
    session.clear()
    session["user"] = name
    return "in"


def signed_in(app: Flask, name: str = "acme.ada") -> FlaskClient:
    """A browser in which *name* is signed in."""
    client = app.test_client()
    client.get(f"/login/{name}")
    return client


def link_of(client: FlaskClient) -> str:
    """The link into the journey, on the setup page."""
    link = page_of(client, SETUP).select_one("hubspot-connect[data-key=new] a")
    assert link is not None
    return str(link["href"])


def begin(client: FlaskClient, hubspot: HubSpot) -> str:
    """Begin the attempt in a popup and agree at HubSpot; the way back."""
    to_hubspot = client.get(f"{link_of(client)}&attempt={ATTEMPT}")
    assert to_hubspot.status_code == 303, to_hubspot.text
    back = hubspot.approve(to_hubspot.headers["Location"], FIRST)
    return "/auth" + back.partition("/auth")[2]


def toss(client: FlaskClient, other: FlaskClient) -> None:
    """Set the attempt's cookie of *client* in the *other* browser, as a sibling domain can."""
    cookie = client.get_cookie(f"portalkey_attempt_{ATTEMPT}", path="/auth/hubspot")
    assert cookie is not None
    other.set_cookie(cookie.key, cookie.value, path=cookie.path)


def row_of(broker: Broker) -> Attempt:
    """The attempt as the store has it."""
    attempt = broker.vault.store.attempt(ATTEMPT)
    assert attempt is not None
    return attempt


def told(client: FlaskClient, back: str) -> str:
    """What a person reads in the popup after they came *back*."""
    return client.get(client.get(back).headers["Location"]).text


SIGN_INS = {
    "the same again": (["/logout", "/connections/setup", "/login/acme.ada"], "session"),
    "the same again, forgotten": (["/forget", "/login/acme.ada"], "session"),
    "the same in a fresh session": (["/fresh/acme.ada"], "session"),
    "another of the team, kept": (["/login/acme.bob"], "person"),
    "another of the team, fresh": (["/fresh/acme.bob"], "person"),
    "another team": (["/login/globex.gil"], "owner"),
    "another and back": (["/login/globex.gil", "/connections/setup", "/login/acme.ada"], "session"),
    "nobody": (["/logout"], "owner"),
    "nobody, forgotten": (["/forget"], "owner"),
}


@pytest.mark.parametrize("name", SIGN_INS)
def test_a_sign_in_between_ends_the_attempt(broker: Broker, hubspot: HubSpot, name: str) -> None:
    """Whatever the host's sign-in does to the session, nothing is exchanged (R1, R2, R69)."""
    steps, check = SIGN_INS[name]
    client = signed_in(team_app(broker))
    back = begin(client, hubspot)
    for step in steps:
        client.get(step)

    text = told(client, back)

    row = row_of(broker)
    assert (row.status, row.error, row.failed_check) == ("failed", "attempt_mismatch", check)
    assert hubspot.requests == ()
    assert (AGAIN if check == "session" else ELSEWHERE) in text


def test_requests_of_the_same_person_end_nothing(broker: Broker, hubspot: HubSpot) -> None:
    """Pages, questions, another attempt, even signing in again as oneself: it goes on."""
    client = signed_in(team_app(broker))
    back = begin(client, hubspot)
    for path in (SETUP, "/api/hubspot/status", link_of(client), "/login/acme.ada", SETUP):
        client.get(path)

    client.get(back)

    assert row_of(broker).status == "connected"


@pytest.mark.parametrize("has_person", [True, False])
def test_a_tossed_cookie_brings_no_attempt_along(
    broker: Broker, hubspot: HubSpot, *, has_person: bool
) -> None:
    """A colleague's browser has the cookie, and the state: still it is another session."""
    app = team_app(broker, has_person=has_person)
    ada, bob = signed_in(app), signed_in(app, "acme.bob")
    back = begin(ada, hubspot)
    bob.get(SETUP)
    toss(ada, bob)

    bob.get(back)

    row = row_of(broker)
    assert (row.error, row.failed_check) == (
        "attempt_mismatch",
        "person" if has_person else "session",
    )
    assert hubspot.requests == ()


def test_without_a_person_a_shared_session_is_one(broker: Broker, hubspot: HubSpot) -> None:
    """Nothing tells two members apart whose app keeps one session for both: the docs say so."""
    client = signed_in(team_app(broker, has_person=False))
    back = begin(client, hubspot)
    client.get("/login/acme.bob")

    client.get(back)

    assert row_of(broker).status == "connected"


def test_a_scanner_that_comes_first_ends_nothing(broker: Broker, hubspot: HubSpot) -> None:
    """It has neither cookie nor session; whoever began comes after it and is connected."""
    app = team_app(broker)
    client = signed_in(app)
    back = begin(client, hubspot)

    answers = [app.test_client().get(back), app.test_client().head(back)]

    assert [each.status_code for each in answers] == [303, 400]
    assert answers[0].headers["Location"] == "/auth/hubspot/refused"
    client.get(back)
    assert row_of(broker).status == "connected"


@pytest.mark.parametrize("first", ["session", "person"])
def test_whoever_began_cannot_come_after_another(
    broker: Broker, hubspot: HubSpot, first: str
) -> None:
    """With the cookie right the attempt has ended: the code may be known to somebody else."""
    app = team_app(broker)
    ada, other = signed_in(app), signed_in(app, "acme.ada" if first == "session" else "acme.bob")
    back = begin(ada, hubspot)
    toss(ada, other)
    other.get(back)

    assert AGAIN in told(ada, back) if first == "session" else ELSEWHERE in told(ada, back)
    assert row_of(broker).failed_check == first
    assert hubspot.requests == ()


@dataclass(frozen=True)
class Cells:
    """What one asker gets: HTTP status, or where the attempt stands, by what they ask for."""

    status: object
    cancel: int
    delivery: int
    done: object
    complete: str


MATRIX = {
    "the same session": Cells("connected", 200, 200, "Connected by", "connected"),
    "another session": Cells("told", 404, 404, "bare", "session"),
    "another person": Cells(404, 404, 404, "bare", "person"),
    "another owner": Cells(404, 404, 404, "bare", "owner"),
    "signed out": Cells(401, 401, 401, "bare", "owner"),
}
NAMES = {"another session": "acme.ada", "another person": "acme.bob", "another owner": "globex.gil"}


def asker(app: Flask, client: FlaskClient, who: str) -> FlaskClient:
    """The browser of *who*, with the attempt's cookie; its own pages have been opened."""
    if who == "the same session":
        return client
    other = signed_in(app, NAMES[who]) if who in NAMES else app.test_client()
    other.get(SETUP)
    toss(client, other)
    return other


def post(client: FlaskClient, path: str, origin: str) -> Any:
    """Post as the asker's own page does."""
    page = page_of(client, SETUP)
    link = page.select_one("hubspot-connect[data-key=new] a")
    token = str(link["href"]).partition("t=")[2] if link else "x"
    return client.post(path, headers={"X-Portalkey-Token": token, "Origin": origin})


@pytest.mark.parametrize("who", MATRIX)
def test_each_question_about_a_connected_attempt(
    broker: Broker, hubspot: HubSpot, who: str
) -> None:
    """Status, delivery and done: only the session that began it hears of the account."""
    app, cells = team_app(broker), MATRIX[who]
    client = signed_in(app)
    client.get(begin(client, hubspot))
    other = asker(app, client, who)

    status = other.get(f"/api/hubspot/status?attempt={ATTEMPT}")
    done = other.get(f"/auth/hubspot/done?attempt={ATTEMPT}").text
    origin = broker.settings.public_url
    delivery = post(other, f"/api/hubspot/attempts/{ATTEMPT}/token", origin)

    if isinstance(cells.status, int):
        assert status.status_code == cells.status
    else:
        attempt = status.get_json()["attempt"]
        is_own = cells.status == "connected"
        assert (attempt["status"], attempt["error"]) == ("connected", None)
        assert (attempt["message"] is not None) == is_own
    assert delivery.status_code == cells.delivery
    assert "Connected to HubSpot" in done
    assert ("Connected by" in done, "data-token-url" in done) == (who == "the same session",) * 2


@pytest.mark.parametrize("who", MATRIX)
def test_each_cancels_what_is_theirs(broker: Broker, hubspot: HubSpot, who: str) -> None:
    """An attempt under way is cancelled by the session that began it, and shown to be pending."""
    app, cells = team_app(broker), MATRIX[who]
    client = signed_in(app)
    begin(client, hubspot)
    other = asker(app, client, who)

    status = other.get(f"/api/hubspot/status?attempt={ATTEMPT}")
    done = other.get(f"/auth/hubspot/done?attempt={ATTEMPT}")
    cancelled = post(other, f"/api/hubspot/attempts/{ATTEMPT}/cancel", broker.settings.public_url)

    if isinstance(cells.status, str):
        shown = "at_hubspot" if who == "the same session" else "pending"
        attempt = status.get_json()["attempt"]
        assert 0 < attempt.pop("seconds_left") <= broker.settings.attempt_seconds
        assert attempt == {
            "id": ATTEMPT,
            "status": shown,
            "error": None,
            "message": None,
            "account": None,
        }
    assert cancelled.status_code == cells.cancel
    assert row_of(broker).status == ("cancelled" if who == "the same session" else "at_hubspot")
    assert "Waiting for HubSpot" in done.text


@pytest.mark.parametrize("who", MATRIX)
@pytest.mark.parametrize("samesite", ["Lax", "Strict"])
def test_each_completes_what_is_theirs(
    broker: Broker, hubspot: HubSpot, who: str, samesite: str
) -> None:
    """The code is exchanged in the session that began it, whether or not it was parked first."""
    app, cells = team_app(broker), MATRIX[who]
    app.config["SESSION_COOKIE_SAMESITE"] = samesite
    client = signed_in(app)
    back = begin(client, hubspot)
    other = asker(app, client, who)
    if samesite == "Lax":
        other.get(back)
    else:
        between = without_session(other, lambda: other.get(back)).headers["Location"]
        assert between == f"/auth/hubspot/complete?attempt={ATTEMPT}"
        form = page_of(other, between)
        fields = {str(e["name"]): str(e["value"]) for e in form.select("form input")}
        again = without_session(other, lambda: other.get(back)).headers["Location"]
        assert again == between, "a reload ends nothing"
        other.post("/auth/hubspot/complete", data=fields)

    row = row_of(broker)
    assert (row.failed_check or row.status) == cells.complete
    assert bool(hubspot.requests) == (cells.complete == "connected")


def without_session(client: FlaskClient, work: Callable[[], Any]) -> Any:
    """Do *work* while the browser keeps the session back."""
    cookie = client.get_cookie("session")
    if cookie is None:
        return work()
    client.delete_cookie("session")
    answer = work()
    client.set_cookie("session", cookie.value)
    return answer


def test_done_needs_the_attempts_cookie(broker: Broker, hubspot: HubSpot) -> None:
    """In whichever session, a browser without it did not begin the attempt."""
    app = team_app(broker)
    client = signed_in(app)
    client.get(begin(client, hubspot))

    for other in (signed_in(app), app.test_client()):
        assert other.get(f"/auth/hubspot/done?attempt={ATTEMPT}").status_code == 404


def test_links_and_forms_of_the_session_before_ask_first(broker: Broker, hubspot: HubSpot) -> None:
    """A page that was left open begins nothing by itself, and posts nothing."""
    client = signed_in(team_app(broker))
    link, token = link_of(client), link_of(client).partition("t=")[2]
    client.get("/forget")
    client.get("/login/acme.ada")

    opened = client.get(f"{link}&attempt={ATTEMPT}")
    posted = client.post(
        f"/api/hubspot/attempts/{ATTEMPT}/cancel", headers={"X-Portalkey-Token": token}
    )

    assert "Connect HubSpot to" in opened.text
    assert (posted.status_code, posted.get_json()["error"]) == (403, "forgery_refused")
    assert broker.vault.store.attempt(ATTEMPT) is None


def test_an_app_without_a_sign_in_begins_no_session(broker: Broker) -> None:
    """Where nobody has ever been signed in, a look leaves no cookie."""
    client = team_app(broker).test_client()

    for path in (SETUP, "/api/hubspot/status", "/auth/hubspot/start", "/forget-me-not"):
        assert "Set-Cookie" not in client.get(path).headers


def test_a_person_that_is_no_id_is_the_apps_mistake(broker: Broker) -> None:
    """It is told to the developer; nobody else is taken for them."""
    app = Flask("host")
    app.secret_key = "of-the-host"
    HubSpotAuth(app, broker, owner=lambda: "acme", person=lambda: "")

    assert app.test_client().get(SETUP).status_code == 500


def test_forgetting_outside_of_a_request_is_told(broker: Broker) -> None:
    """There is no browser to forget, and a sign-out that did nothing must not look like one."""
    with pytest.raises(NoSession, match="call forget_browser"), team_app(broker).app_context():
        forget_browser()


class User(UserMixin):  # type: ignore[misc]
    """A user of Flask-Login's."""

    def __init__(self, name: str) -> None:
        self.id = name


def login_app(broker: Broker, **options: Any) -> Flask:
    """An app with Flask-Login, whose users are all of one team."""
    app = Flask("host")
    app.secret_key = "of-the-host"
    LoginManager(app).user_loader(User)
    app.add_url_rule("/login/<name>", "login", lambda name: str(login_user(User(name))))
    app.add_url_rule("/logout", "logout", lambda: str(logout_user()))
    app.add_url_rule("/kept", "kept", lambda: dict(session))
    HubSpotAuth(
        app, broker, owner=lambda: "acme" if current_user.is_authenticated else None, **options
    )
    return app


@pytest.mark.parametrize("name", ["ada", "bob"])
def test_flask_logins_sign_out_forgets_by_itself(
    broker: Broker, hubspot: HubSpot, name: str
) -> None:
    """It leaves the session as it is, and the app has written not a line for us."""
    client = signed_in(login_app(broker), "ada")
    back = begin(client, hubspot)
    for step in ("/logout", f"/login/{name}"):
        client.get(step)

    text = told(client, back)

    assert row_of(broker).failed_check == "session"
    assert AGAIN in text
    assert hubspot.requests == ()


def test_flask_login_without_a_sign_out_goes_on(broker: Broker, hubspot: HubSpot) -> None:
    """The same person, remembered by their session, is connected."""
    client = signed_in(login_app(broker), "ada")
    client.get(begin(client, hubspot))

    assert row_of(broker).status == "connected"


def test_a_sign_out_takes_the_sessions_connections_along(broker: Broker, hubspot: HubSpot) -> None:
    """On a shared machine the next of the team does not find what the last one connected."""
    client = signed_in(login_app(broker, store="session"), "ada")
    client.get(begin(client, hubspot))
    assert client.get("/api/hubspot/status").get_json()["authenticated"]
    before, connections = client.get("/kept").get_json(), cookie_of(client, CONNECTIONS)

    client.get("/logout")
    kept = client.get("/kept").get_json()
    assert CONNECTIONS not in cookies_of(client)
    client.set_cookie(CONNECTIONS, connections)
    client.get("/login/bob")

    assert BROWSER_KEY in before
    assert not {BROWSER_KEY, CONNECTIONS_KEY, VISITOR_KEY} & set(kept)
    assert not client.get("/api/hubspot/status").get_json()["authenticated"]


@pytest.mark.parametrize("path", ["/token", "/api/hubspot/status"])
def test_another_persons_connection_in_the_session_is_not_used(
    broker: Broker, hubspot: HubSpot, path: str
) -> None:
    """Though the host's sign-in keeps the session, and whosever page is asked first."""
    app = team_app(broker, store="session")
    app.add_url_rule("/token", "token", lambda: {"authenticated": bool(broker.connections("acme"))})
    client = signed_in(app)
    client.get(begin(client, hubspot))
    assert client.get(path).get_json()["authenticated"]

    client.get("/login/acme.bob")

    assert not client.get(path).get_json()["authenticated"]
    client.get("/login/acme.ada")
    assert not client.get(path).get_json()["authenticated"]


def session_of_before(app: Flask) -> FlaskClient:
    """A browser in which ada is signed in, with a session that an older portalkey was in."""
    client = signed_in(app, "ada")
    with client.session_transaction() as before:
        before[BROWSER_KEY] = OLDER
    return client


def test_an_upgrade_lets_whoever_is_under_way_finish(broker: Broker, hubspot: HubSpot) -> None:
    """The attempt was begun by the version before, in the same session."""
    client = session_of_before(login_app(broker))
    started = broker.begin("acme", OLDER, AuthorizationOptions(attempt_id=ATTEMPT))
    name = f"portalkey_attempt_{ATTEMPT}"
    client.set_cookie(name, started.cookie.get_secret_value(), path="/auth/hubspot")

    client.get("/auth" + hubspot.approve(started.authorize_url, FIRST).partition("/auth")[2])

    assert row_of(broker).status == "connected"


@pytest.mark.parametrize("path", ["/token", "/api/hubspot/status"])
def test_an_upgrade_takes_no_connection_out_of_a_session(
    broker: Broker, hubspot: HubSpot, path: str
) -> None:
    """Whosever page is asked first; whoever signs in after that finds nothing."""
    app = login_app(broker, store="session")
    app.add_url_rule("/token", "token", lambda: {"authenticated": bool(broker.connections("acme"))})
    client = signed_in(app, "ada")
    client.get(begin(client, hubspot))
    move_into_session(client)
    with client.session_transaction() as before:
        before[BROWSER_KEY] = OLDER

    assert client.get(path).get_json()["authenticated"]
    assert client.get("/api/hubspot/status").get_json()["authenticated"]
    client.get("/logout")
    client.get("/login/ada")
    assert not client.get(path).get_json()["authenticated"]
