"""The page that asks whether a visit was meant, and what else the start says to a program."""

import logging
from collections.abc import Mapping

import pytest
from bs4 import BeautifulSoup
from flask import Flask, session
from flask.testing import FlaskClient

from portalkey.broker import Broker
from portalkey.flask import HubSpotAuth

OWN = {
    "Sec-Fetch-Site": "same-origin",
    "Sec-Fetch-Mode": "navigate",
    "Sec-Fetch-Dest": "document",
}


def host_app(broker: Broker) -> Flask:
    """An app in which ada is signed in, and bob after a visit to ``/bob``."""
    app = Flask("host")
    app.config.update(SECRET_KEY="of-the-host")
    app.add_url_rule("/bob", "bob", lambda: session.update(user="bob") or "in")
    HubSpotAuth(app, broker, owner=lambda: session.get("user", "ada"))
    return app


@pytest.fixture
def client(broker: Broker) -> FlaskClient:
    """A browser at the app's own address."""
    return host_app(broker).test_client()


def visit(
    client: FlaskClient, broker: Broker, path: str, headers: Mapping[str, str] = OWN
) -> tuple[int, BeautifulSoup]:
    """The status and the page at *path*."""
    answer = client.get(path, base_url=broker.settings.public_url, headers=headers)
    return answer.status_code, BeautifulSoup(answer.text, "html.parser")


def go_on(client: FlaskClient, broker: Broker, path: str = "/auth/hubspot/start") -> str:
    """The link of the page that asks."""
    status, page = visit(client, broker, path)
    link = page.select_one("a.pk-button")
    assert status == 200
    assert link is not None
    return str(link["href"])


def title_of(page: BeautifulSoup) -> str:
    """What the page says above all."""
    heading = page.find("h1")
    assert heading is not None
    return heading.text


@pytest.mark.parametrize(
    ("headers", "title"),
    [
        ({"Sec-Fetch-Mode": "cors", "Sec-Fetch-Dest": "empty"}, "This page has to be opened"),
        ({"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "iframe"}, "This page has to be opened"),
        ({"Sec-Fetch-Site": "cross-site"}, "Not at this address"),
    ],
)
def test_going_on_is_no_visit_of_a_persons(
    client: FlaskClient, broker: Broker, headers: Mapping[str, str], title: str
) -> None:
    """Fetched, framed or by way of another site: the page that asks says so and asks no more."""
    status, page = visit(client, broker, go_on(client, broker), {**OWN, **headers})

    assert (status, title_of(page)) == (403, title)


def test_going_on_without_a_cookie(broker: Broker, caplog: pytest.LogCaptureFixture) -> None:
    """The person is told to allow cookies, and whoever runs the app why there may be none."""
    app = host_app(broker)
    client = app.test_client(use_cookies=False)
    with caplog.at_level(logging.WARNING, "portalkey"):
        status, page = visit(client, broker, go_on(client, broker))

    assert (status, title_of(page)) == (403, "Your session is missing")
    assert "session_missing" in caplog.text


def test_going_on_with_a_session_that_forgot(client: FlaskClient, broker: Broker) -> None:
    """A cookie came, but not of the session that the page was made in: it may be full."""
    link = go_on(client, broker)
    visit(client, broker, "/bob")
    status, page = visit(client, broker, f"{link}&language=de")

    assert (status, title_of(page)) == (403, "Ihre Sitzung ging verloren")
    assert "4096" in page.text


def test_going_on_at_another_address(broker: Broker) -> None:
    """Cookies of the app's own address do not come along here."""
    client = host_app(broker).test_client(use_cookies=False)
    link = go_on(client, broker)
    answer = client.get(link, base_url="http://127.0.0.1:6001", headers=OWN)

    assert answer.status_code == 403
    assert "PORTALKEY_PUBLIC_URL" in answer.text


def test_going_on_behind_a_proxy(broker: Broker) -> None:
    """The address that a proxy was asked for counts as well as the one that it asks."""
    client = host_app(broker).test_client(use_cookies=False)
    public = broker.settings.public_url.partition("//")[2]
    headers = {**OWN, "X-Forwarded-Host": public}
    answer = client.get(go_on(client, broker), base_url="http://inside", headers=headers)

    assert "Your session is missing" in answer.text


def test_going_on_twice(client: FlaskClient, broker: Broker) -> None:
    """A double click: what has begun is not asked for again."""
    link = go_on(client, broker, f"/auth/hubspot/start?attempt={'A' * 22}")

    assert visit(client, broker, link)[0] == 303
    status, page = visit(client, broker, link)
    assert status == 403
    assert "has begun already" in page.text


@pytest.mark.parametrize("purpose", ["prefetch", "prefetch;prerender"])
def test_a_browser_looks_ahead(client: FlaskClient, broker: Broker, purpose: str) -> None:
    """It gets a failure, which no browser keeps for the click; nothing is begun."""
    headers = {**OWN, "Sec-Purpose": purpose}
    link = go_on(client, broker)
    answer = client.get(link, base_url=broker.settings.public_url, headers=headers)

    assert answer.status_code == 403
    assert answer.headers["Cache-Control"] == "no-store"
    assert "Set-Cookie" not in answer.headers
    assert visit(client, broker, link)[0] == 303


def test_htmx_asks(client: FlaskClient, broker: Broker) -> None:
    """It is told to open the same address, and nothing is begun by its request."""
    link = go_on(client, broker)
    fetched = {"HX-Request": "true", "Sec-Fetch-Mode": "cors", "Sec-Fetch-Dest": "empty"}
    answer = client.get(link, base_url=broker.settings.public_url, headers={**OWN, **fetched})

    assert answer.status_code == 200
    assert "Location" not in answer.headers
    assert visit(client, broker, answer.headers["HX-Redirect"])[0] == 303
