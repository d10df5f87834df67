"""A front end on one origin, the API on another, both of one site."""

from collections.abc import Callable

import pytest
from bs4 import BeautifulSoup
from flask import Flask
from flask.testing import FlaskClient

from portalkey.broker import Broker
from portalkey.flask import HubSpotAuth
from portalkey.settings import Settings
from portalkey_simulator import HubSpot
from support.visitor import query_of

FRONT = "http://localhost:5173"
EVIL = "http://evil.localhost:5173"
ATTEMPT = "A" * 22
CORS = "Access-Control-Allow-Origin"


@pytest.fixture
def broker(settings: Settings, make_broker: Callable[[Settings], Broker]) -> Broker:
    """A broker whose app also has a front end at ``FRONT``."""
    origins = (settings.public_url, FRONT)
    return make_broker(settings.model_copy(update={"allowed_origins": origins}))


@pytest.fixture
def client(broker: Broker) -> FlaskClient:
    """Ada's browser."""
    app = Flask("api")
    app.secret_key = "x"
    HubSpotAuth(app, broker, owner=lambda: "ada")
    return app.test_client()


def ask(client: FlaskClient, origin: str, query: str = "") -> dict[str, str]:
    """Return what the status endpoint tells a page of *origin*."""
    answer = client.get(f"/api/hubspot/status{query}", headers={"Origin": origin})
    return {"allowed": answer.headers.get(CORS, ""), **answer.get_json()}


def test_the_front_end_may_read(client: FlaskClient) -> None:
    """By its exact origin, with the session, and with when to come back."""
    answer = client.get("/api/hubspot/status", headers={"Origin": FRONT})

    assert answer.headers[CORS] == FRONT
    assert answer.headers["Access-Control-Allow-Credentials"] == "true"
    assert answer.headers["Access-Control-Expose-Headers"] == "Retry-After"
    assert "Origin" in answer.headers["Vary"]


@pytest.mark.parametrize(
    "origin", [EVIL, "null", FRONT.upper(), f"{FRONT}/", "https://localhost:5173"]
)
def test_nobody_else_may_read(client: FlaskClient, origin: str) -> None:
    """No pattern, no suffix, no wildcard: an origin is in the list or it is not."""
    answer = client.get("/api/hubspot/status", headers={"Origin": origin})

    assert CORS not in answer.headers


def test_trouble_can_be_read_too(client: FlaskClient) -> None:
    """A refusal that the page could not read would look like a broken network."""
    answer = client.get("/api/hubspot/status?attempt=x", headers={"Origin": FRONT})

    assert (answer.status_code, answer.headers[CORS]) == (404, FRONT)


@pytest.mark.parametrize(("origin", "allowed"), [(FRONT, FRONT), (EVIL, None)])
def test_a_browser_asks_before_it_posts(
    client: FlaskClient, origin: str, allowed: str | None
) -> None:
    """The token's header is allowed, to the front end."""
    path = f"/api/hubspot/attempts/{ATTEMPT}/cancel"
    answer = client.options(path, headers={"Origin": origin})

    assert answer.status_code == 204
    assert answer.headers.get(CORS) == allowed
    assert answer.headers["Access-Control-Allow-Headers"] == "X-Portalkey-Token"


def test_the_link_is_whole_and_leads_back_to_the_front_end(
    client: FlaskClient, broker: Broker, hubspot: HubSpot
) -> None:
    """A journey in one tab ends where the front end asked, on its own origin."""
    link = ask(client, FRONT, "?next=/settings")["connect_url"]
    assert link.startswith(f"{broker.settings.public_url}/auth/hubspot/start?t=")
    headers = {"Sec-Fetch-Site": "same-site"}
    away = client.get(link, headers=headers).headers["Location"]
    back = client.get(hubspot.approve(away)).headers["Location"]

    assert back == f"{FRONT}/settings"
    assert broker.access_token("ada")


def test_the_link_for_our_own_page_is_a_path(client: FlaskClient, broker: Broker) -> None:
    """It leads back to the setup page, or where the page asks for."""
    own = broker.settings.public_url

    assert ask(client, own)["connect_url"].startswith("/auth/hubspot/start?t=")


@pytest.mark.parametrize("origin", [FRONT, EVIL, "http://localhost"])
@pytest.mark.parametrize("to", ["https://evil.test", "//evil.test", "/\\evil.test", "x", "/../x"])
def test_no_link_leads_elsewhere(client: FlaskClient, origin: str, to: str) -> None:
    """``next`` is a path on the asking page's own origin."""
    answer = client.get(
        "/api/hubspot/status", query_string={"next": to}, headers={"Origin": origin}
    )

    assert (answer.status_code, answer.get_json()["error"]) == (400, "bad_next")


def test_the_popups_page_knows_the_bridge(
    client: FlaskClient, broker: Broker, hubspot: HubSpot
) -> None:
    """It rings at the front end's origin alone, and names the attempt in the fragment."""
    link = ask(client, FRONT)["connect_url"]
    popup = f"{link}&attempt={ATTEMPT}&origin={FRONT}"
    away = client.get(popup, headers={"Sec-Fetch-Site": "same-site"}).headers["Location"]
    done = client.get(client.get(hubspot.approve(away)).headers["Location"])
    body = BeautifulSoup(done.text, "html.parser").body

    assert body is not None
    assert body["data-origin"] == FRONT
    assert body["data-bridge"] == f"{FRONT}{broker.settings.bridge_path}#{ATTEMPT}"


def test_a_popup_of_our_own_page_needs_no_bridge(client: FlaskClient, hubspot: HubSpot) -> None:
    """There the channels carry."""
    link = client.get("/api/hubspot/status").get_json()["connect_url"]
    away = client.get(f"{link}&attempt={ATTEMPT}").headers["Location"]
    done = client.get(client.get(hubspot.approve(away)).headers["Location"])

    assert "data-bridge" not in done.text


@pytest.mark.parametrize(
    ("origin", "site", "status"),
    [(FRONT, "same-site", 200), (EVIL, "same-site", 403), (FRONT, "cross-site", 403)],
)
def test_cancelling_from_the_front_end(
    client: FlaskClient, origin: str, site: str, status: int
) -> None:
    """Its page may end what it began; nobody else's may, whatever token they have."""
    link = ask(client, FRONT)["connect_url"]
    client.get(f"{link}&attempt={ATTEMPT}&origin={FRONT}")
    token = query_of(link)["t"]
    answer = client.post(
        f"/api/hubspot/attempts/{ATTEMPT}/cancel",
        headers={"Origin": origin, "Sec-Fetch-Site": site, "X-Portalkey-Token": token},
    )

    assert answer.status_code == status


def lines_of(caplog: pytest.LogCaptureFixture) -> list[str]:
    """What was logged of origins that are not listed."""
    return [line for line in caplog.messages if line.startswith("unknown_origin: ")]


def test_a_front_end_that_nobody_listed_is_logged_once(
    client: FlaskClient, broker: Broker, caplog: pytest.LogCaptureFixture
) -> None:
    """With the line to set, which keeps those that are; its link is whole, not one to itself."""
    for _ in range(2):
        link = ask(client, "http://localhost:3000")["connect_url"]
        assert link.startswith(f"{broker.settings.public_url}/auth/hubspot/start?t=")
    for each in (FRONT, broker.settings.public_url):
        ask(client, each)

    (line,) = lines_of(caplog)
    assert f"set PORTALKEY_ALLOWED_ORIGINS={FRONT} http://localhost:3000 if" in line


def test_strangers_pages_cannot_fill_the_log(
    client: FlaskClient, caplog: pytest.LogCaptureFixture
) -> None:
    """A browser sends whatever origin asks; what is none is not repeated, and some are enough."""
    for origin in ("null", "http://x\x1b[2J", "x", f"http://{'a' * 300}", "capacitor://localhost"):
        ask(client, origin)
    assert lines_of(caplog) == []

    for number in range(20):
        ask(client, f"http://evil-{number}.example")
    assert len(lines_of(caplog)) == 8
