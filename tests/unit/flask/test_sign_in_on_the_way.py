"""Signed out at the click: through the host's sign-in and back to where one was going."""

from itertools import product
from typing import Any
from urllib.parse import urlsplit

import pytest
from bs4 import BeautifulSoup
from flask import Flask, redirect, request, session
from flask.testing import FlaskClient
from werkzeug import Response

from portalkey.broker import Broker
from portalkey.flask import HubSpotAuth
from portalkey.testing import Ahead
from portalkey.web.signed_tokens import Start, is_own_path, sign_start
from portalkey_simulator import HubSpot
from support.hosting import FIRST, SECOND, SETUP, come_back, link_named, page_of, where_to
from support.visitor import query_of

ATTEMPT = "S" * 22
GO_ON = "Continue to HubSpot"
START = f"/auth/hubspot/start?attempt={ATTEMPT}"
OURS = {"Sec-Fetch-Site": "same-origin", "Sec-Fetch-Dest": "document"}
ELSEWHERE = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Dest": "document"}
HOSTILE = [
    "//evil.test",
    "https://evil.test/",
    "/\\evil.test",
    "x\r\nLocation: //evil.test",
    "a&next=/b",
]


def sign_in() -> Response:
    """A host's sign-in, which leads on to what it was given."""
    session["user"] = request.args["as"]
    return redirect(request.args["next"])


def login_app(broker: Broker, **options: Any) -> Flask:
    """An app with such a sign-in."""
    app = Flask("host")
    app.secret_key = "of-the-host"
    app.add_url_rule("/login", "login", sign_in)
    owner = lambda: session.get("user")  # noqa: E731 - as hosts write it
    HubSpotAuth(app, broker, **{"owner": owner, "login_url": "/login?as=ada", **options})
    return app


def sign_in_after(client: FlaskClient, link: str, came: dict[str, str] = OURS) -> str:
    """Open *link* signed out, sign in, and return where that leads."""
    to_login = client.get(link, headers=came)
    assert to_login.status_code == 303
    return client.get(to_login.headers["Location"], headers=OURS).headers["Location"]


def is_asked(client: FlaskClient, link: str, came: dict[str, str] = OURS) -> bool:
    """Whether *link* shows the page that asks; otherwise it leads to HubSpot."""
    answer = client.get(link, headers=came)
    if "Connect HubSpot to" in answer.text:
        return True
    assert "/oauth/authorize?" in where_to(answer)
    return False


@pytest.mark.parametrize("came", [OURS, ELSEWHERE, {}], ids=["ours", "elsewhere", "unsaid"])
def test_the_sign_in_hears_where_to_lead_back(broker: Broker, came: dict[str, str]) -> None:
    """Start, setup page and the account to reconnect, and nothing else than these."""
    app = login_app(broker)
    for path in (START, "/auth/hubspot/start", SETUP, f"{SETUP}?reconnect=abc&language=de"):
        to_login = app.test_client().get(path, headers=came).headers["Location"]
        back = query_of(to_login)["next"]

        assert urlsplit(to_login).path == "/login"
        assert query_of(to_login)["as"] == "ada"
        assert back.partition("?")[0] == path.partition("?")[0]
        assert query_of(path).items() <= query_of(back).items()
        assert is_own_path(back)


def test_a_host_says_the_way_back_in_its_own_way(broker: Broker) -> None:
    """A function is given the path and returns the address."""
    app = login_app(broker, login_url=lambda path: f"https://id.example/?after={path}")
    where = app.test_client().get(f"{SETUP}?reconnect=abc").headers["Location"]

    assert where == "https://id.example/?after=/connections/setup?reconnect=abc"


def test_no_parameter_leads_elsewhere(broker: Broker) -> None:
    """The way back is a path of this site, whatever the link says."""
    client = login_app(broker).test_client()
    names = ("attempt", "origin", "language", "t", "return", "next", "reconnect")
    for path, name, value in product(("/auth/hubspot/start", SETUP), names, HOSTILE):
        answer = client.get(path, query_string={name: value}, headers=OURS)
        if name == "origin" and path != SETUP:
            assert answer.status_code == 403
            continue
        back = query_of(answer.headers["Location"])["next"]

        assert is_own_path(back)
        assert "evil" not in back
        assert back.partition("?")[0] == path


def test_the_journey_goes_on_after_the_sign_in(broker: Broker, hubspot: HubSpot) -> None:
    """A page of ours opened the popup, and the attempt that it waits for is the one that begins."""
    client = login_app(broker).test_client()
    back = sign_in_after(client, START)

    assert come_back(client, hubspot, back, FIRST).endswith(f"/done?attempt={ATTEMPT}")
    assert broker.connections("ada")
    assert client.get_cookie("portalkey_return", path="/auth/hubspot") is None


def test_no_redirect_leads_from_the_sign_in_to_hubspot(broker: Broker) -> None:
    """A form with ``form-action 'self'`` would hold it; a page of ours stands between."""
    client = login_app(broker).test_client()
    page = client.get(sign_in_after(client, START), headers=OURS)

    assert (page.status_code, page.headers["Cache-Control"]) == (200, "no-store")
    assert page.headers["Referrer-Policy"] == "no-referrer"
    assert where_to(page) == link_named(BeautifulSoup(page.text, "html.parser"), GO_ON)


def test_a_sign_in_on_another_site_leads_back_as_well(broker: Broker) -> None:
    """The browser calls that visit another site's; the cookie says who began."""
    client = login_app(broker).test_client()

    assert not is_asked(client, sign_in_after(client, START), ELSEWHERE)


@pytest.mark.parametrize("came", [ELSEWHERE, {"Sec-Fetch-Site": "none"}, {}], ids=str)
def test_a_link_from_elsewhere_through_the_sign_in_asks_first(
    broker: Broker, came: dict[str, str]
) -> None:
    """Only a page of ours sets the cookie: no other site's link, no message, no silent browser."""
    client = login_app(broker).test_client()
    back = sign_in_after(client, START, came)

    assert client.get_cookie("portalkey_return", path="/auth/hubspot") is None
    assert is_asked(client, back)
    go_on = link_named(page_of(client, back), GO_ON)
    assert query_of(go_on)["attempt"] == ATTEMPT
    assert not is_asked(client, go_on)


def test_a_link_to_the_sign_in_itself_asks_first(broker: Broker) -> None:
    """Somebody else wrote the way back, and the visit comes from our own sign-in."""
    client = login_app(broker).test_client()
    back = client.get(
        "/login", query_string={"as": "ada", "next": START}, headers=ELSEWHERE
    ).headers["Location"]

    assert is_asked(client, back)


def test_the_cookie_opens_no_other_way_back(broker: Broker) -> None:
    """Whoever left the sign-in is not led to HubSpot by a stranger's link afterwards."""
    client = login_app(broker).test_client()
    sign_in_after(client, "/auth/hubspot/start")

    assert is_asked(client, "/auth/hubspot/start", ELSEWHERE)
    assert is_asked(client, START, ELSEWHERE)
    assert is_asked(client, f"{START}&return=abc")


def test_the_cookie_holds_for_ten_minutes(broker: Broker, ahead: Ahead) -> None:
    """Then the page asks, as for anybody."""
    client = login_app(broker).test_client()
    back = sign_in_after(client, START)
    ahead.seconds += 601

    assert is_asked(client, back)


def test_the_cookie_holds_once(broker: Broker) -> None:
    """The way back opened again finds its attempt begun, and asks."""
    client = login_app(broker).test_client()
    back = sign_in_after(client, START)

    assert not is_asked(client, back)
    assert is_asked(client, back)


def test_reconnecting_survives_the_sign_in(broker: Broker, hubspot: HubSpot) -> None:
    """The account that has to come back is the one that the link of the ended session said."""
    token = sign_start(broker, Start("/settings", FIRST), browser="gone", owner="ada")
    client = login_app(broker).test_client()
    done = come_back(client, hubspot, sign_in_after(client, f"{START}&t={token}"), SECOND)

    assert "You chose another HubSpot account" in client.get(done).text
    assert 'href="/settings"' in client.get(done).text


def test_without_a_sign_in_a_page_asks_for_it(broker: Broker) -> None:
    """There is nowhere to come back from, so nothing is set."""
    answer = login_app(broker, login_url=None).test_client().get(START, headers=OURS)

    assert answer.status_code == 401
    assert "Set-Cookie" not in answer.headers
