"""The app's session: none, a strange one, one on the server, and a cookie with no room."""

import logging
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import pytest
from bs4 import BeautifulSoup
from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.testclient import TestClient
from starlette.types import ASGIApp, Receive, Scope, Send

from portalkey.broker import Broker
from portalkey.errors import SessionUnusable
from portalkey.fastapi import HubSpotAuth
from portalkey.settings import Settings
from portalkey.web.host import BROWSER_KEY, MOST_COOKIE_BYTES
from portalkey.web.routes import API, PAGES, SETUP, Route
from portalkey_simulator import HubSpot
from support.hosting_asgi import add_sessions, client_of, host_app, user_of

STATUS = "/api/hubspot/status"
ATTEMPT = "A" * 22


class Sessions:
    """Somebody else's middleware: *session* is the same for all, and lies on the server."""

    def __init__(self, app: ASGIApp, session: object) -> None:
        self.app, self.session = app, session

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer like the app."""
        await self.app({**scope, "session": self.session}, receive, send)


def app_with(broker: Broker, *sessions: object) -> FastAPI:
    """An app with a session such as this, or with none."""
    app = FastAPI()
    HubSpotAuth(app, broker, owner=lambda _: "ada")
    for session in sessions:
        app.add_middleware(Sessions, session=session)
    return app


@pytest.mark.parametrize("route", [*PAGES, *SETUP, *API], ids=lambda route: route.name)
@pytest.mark.parametrize("sessions", [(), (None,), ("text",), ([1],), (4711,)], ids=repr)
def test_an_app_without_sessions_is_told_what_to_add(
    broker: Broker, route: Route, sessions: tuple[object, ...], caplog: pytest.LogCaptureFixture
) -> None:
    """At the first request, whichever it is: 500, and a line in the log."""
    client = client_of(app_with(broker, *sessions), broker)
    path = route.path.format(connection_id="x", attempt_id=ATTEMPT) + f"?attempt={ATTEMPT}"
    answer = client.request(route.method, path)

    if route.name == "callback":
        answer = client.get(answer.headers["location"])
    assert answer.status_code == 500
    assert "cannot tell one visitor from another" in answer.text
    assert "add_middleware(SessionMiddleware" in caplog.text
    assert "Traceback" not in caplog.text


def test_a_program_reads_the_code(broker: Broker) -> None:
    """``session_unusable``."""
    answer = client_of(app_with(broker), broker).get(STATUS)

    assert (answer.status_code, answer.json()["error"]) == (500, "session_unusable")


def test_in_debug_it_is_the_developers(broker: Broker) -> None:
    """Whoever writes the app has it before them."""
    app = app_with(broker)
    app.debug = True
    client = client_of(app, broker)
    with pytest.raises(SessionUnusable, match="SessionMiddleware"):
        type(client)(app, broker.settings.public_url).get(STATUS)


def test_a_session_on_the_server_has_no_size(broker: Broker) -> None:
    """What others keep in it is no matter of ours."""
    session: dict[str, Any] = {"much": "x" * 10_000}
    answer = client_of(app_with(broker, session), broker).get(STATUS)

    assert answer.status_code == 200
    assert session[BROWSER_KEY]


def test_an_unknown_session_that_did_not_come_is_asked_for_again(
    broker: Broker, hubspot: HubSpot
) -> None:
    """Nobody knows whether its cookie is Strict: a page of ours brings it along."""
    session: dict[str, Any] = {"user": "ada"}
    app = FastAPI()
    HubSpotAuth(app, broker, owner=user_of)
    app.add_middleware(Sessions, session=session)
    client = client_of(app, broker)
    link = client.get(STATUS).json()["connect_url"]
    back = urlsplit(hubspot.approve(client.get(f"{link}&attempt={ATTEMPT}").headers["location"]))
    came_along = dict(session)
    session.clear()
    between = client.get(f"{back.path}?{back.query}").headers["location"]
    page = BeautifulSoup(client.get(between).text, "html.parser")
    session.update(came_along)
    form = {str(each["name"]): str(each["value"]) for each in page.select("form input")}
    client.post("/auth/hubspot/complete", data=form, headers={"Origin": str(client.base_url)})

    assert between == f"/auth/hubspot/complete?attempt={ATTEMPT}"
    assert broker.access_token("ada")


async def fill(request: Request) -> Response:
    """Keep much in the session."""
    request.session["much"] = "x" * int(request.path_params["number"])
    request.session["user"] = "ada"
    return PlainTextResponse("filled")


@pytest.mark.parametrize(
    "cookie",
    [
        {},
        {"https_only": False, "max_age": None, "same_site": "strict"},
        {"session_cookie": "of-the-host", "domain": "localhost"},
    ],
    ids=["plain", "strict", "named"],
)
def test_the_size_is_what_is_sent(broker: Broker, cookie: dict[str, Any]) -> None:
    """To the byte, whatever its attributes."""
    app = host_app(broker, cookie=cookie)
    app.add_route("/fill/{number}", fill)
    client = client_of(app, broker)
    sent = client.get("/fill/100").headers["set-cookie"]
    site_cookie = find(app)

    assert site_cookie.measure({"much": "x" * 100, "user": "ada"}) == len(sent)
    assert site_cookie.measure({"not": object()}) == 0


def find(app: FastAPI) -> Any:
    """The session's cookie of *app*."""
    from portalkey.fastapi.session import find_cookie  # noqa: PLC0415 - of this test alone

    found = find_cookie(app)
    assert found is not None
    return found


def content_of(client: TestClient) -> str:
    """What the session's cookie says, without when it was signed."""
    return client.cookies["session"].partition(".")[0]


def test_a_full_cookie_is_left_as_it_was(broker: Broker) -> None:
    """A browser would drop all of it: a page says so, and the app's own part stays."""
    app = host_app(broker)
    app.add_route("/fill/{number}", fill)
    client = client_of(app, broker)
    least = 2_900  # of which base64 makes a third more
    assert least * 4 / 3 < MOST_COOKIE_BYTES
    client.get(f"/fill/{least}")
    before = content_of(client)
    page, said = client.get("/connections/setup"), client.get(STATUS)

    assert (page.status_code, said.json()["error"]) == (503, "session_full")
    assert content_of(client) == before
    client.get("/fill/10")
    assert client.get(STATUS).status_code == 200


def test_a_cookie_of_another_app_is_noticed(
    broker: Broker, caplog: pytest.LogCaptureFixture
) -> None:
    """Cookies ignore ports: two apps with one name sign each other's visitors out."""
    app = host_app(broker, owner=lambda _: "ada")
    client = client_of(app, broker)
    client.get(STATUS, headers={"Cookie": "session=of.another.app"})

    assert "session_name_shared" in caplog.text


@pytest.mark.parametrize(
    ("cookie", "code"),
    [
        ({}, "session_not_secure"),
        ({"https_only": True, "same_site": "none"}, "session_across_sites"),
    ],
)
def test_a_public_app_is_warned_of_its_cookie(
    settings: Settings,
    make_broker: Callable[[Settings], Broker],
    caplog: pytest.LogCaptureFixture,
    cookie: dict[str, Any],
    code: str,
) -> None:
    """Once its middleware is complete, and with what to write."""
    caplog.set_level(logging.WARNING, "portalkey")
    url = "https://app.example"
    public = {"public_url": url, "redirect_uri": f"{url}/auth/hubspot/callback"}
    broker = make_broker(settings.model_copy(update={**public, "allowed_origins": (url,)}))
    app = FastAPI()
    HubSpotAuth(app, broker, owner=user_of)
    add_sessions(app, **cookie)
    with client_of(app, broker):
        pass

    assert f"{code}: " in caplog.text


def test_cookies_that_come_one_by_one(broker: Broker, hubspot: HubSpot) -> None:
    """As browsers send them over HTTP/2: the session and the attempt's are all read (RFC 9113)."""
    app = host_app(broker)
    client = client_of(app, broker, "ada")
    page = BeautifulSoup(client.get("/connections/setup").text, "html.parser")
    (link,) = page.select("a[href*='start?t=']")
    away = client.get(f"{link['href']}&attempt={ATTEMPT}").headers["location"]
    back = urlsplit(hubspot.approve(away))
    cookies = [("cookie", f"{each.name}={each.value}") for each in client.cookies.jar]

    for order in (1, -1):
        status = client_of(app, broker).get(STATUS, headers=cookies[::order])
        assert (len(cookies), status.status_code) == (2, 200)
    cookies.sort(key=lambda each: not each[1].startswith("session="))
    client_of(app, broker).get(f"{back.path}?{back.query}", headers=cookies)
    assert len(broker.connections("ada")) == 1
