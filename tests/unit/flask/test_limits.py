"""What an outsider, or a member in a hurry, may begin: pages and answers that say when."""

from collections.abc import Callable
from urllib.parse import parse_qs, urlsplit

import pytest
from bs4 import BeautifulSoup
from flask import Flask, session
from flask.testing import FlaskClient

from portalkey.broker import Broker
from portalkey.flask import HubSpotAuth
from portalkey.model.attempt import OWNER_TIMES, AttemptStatus
from portalkey.settings import Settings
from portalkey_simulator import HubSpot

HEADERS = {"Sec-Fetch-Site": "same-origin"}
ID = "{:022d}"
UNDER_WAY = 3


@pytest.fixture
def broker(settings: Settings, make_broker: Callable[..., Broker]) -> Broker:
    """One whose limits are small."""
    small = {"attempts_per_browser": UNDER_WAY, "exchanges_per_minute": 2}
    return make_broker(settings.model_copy(update=small))


@pytest.fixture
def new_client(broker: Broker) -> Callable[[], FlaskClient]:
    """Makes browsers in which a member of Ada's team is signed in."""
    app = Flask("team")
    app.secret_key = "of-the-host"
    app.add_url_rule("/login", "login", lambda: session.update(user="ada") or "in")
    HubSpotAuth(app, broker, owner=lambda: session.get("user"))

    def make() -> FlaskClient:
        client = app.test_client()
        client.environ_base["HTTP_HOST"] = broker.settings.host
        client.get("/login")
        return client

    return make


def begin(client: FlaskClient, number: int, **headers: str) -> tuple[int, str, str]:
    """Status, address or seconds to wait, and text of a start."""
    page = BeautifulSoup(client.get("/connections/setup").text, "html.parser")
    link = page.select_one('a[href^="/auth/hubspot/start"]')
    assert link is not None
    url = f"{link['href']}&attempt={ID.format(number)}&language=de"
    answer = client.get(url, headers={**HEADERS, **headers})
    wait = answer.headers.get("Retry-After", "")
    return answer.status_code, answer.headers.get("Location", wait), answer.text


def status_of(broker: Broker, number: int) -> AttemptStatus:
    """Where an attempt stands."""
    attempt = broker.vault.store.attempt(ID.format(number))
    assert attempt
    return attempt.status


def test_a_session_that_drops_its_cookies_fills_its_owners_room(
    broker: Broker, new_client: Callable[[], FlaskClient]
) -> None:
    """It ends nobody's attempt; beyond the limit a page says when, in the person's language."""
    colleague, most = new_client(), UNDER_WAY * OWNER_TIMES
    assert begin(colleague, 0)[0] == 303
    for number in range(1, most):
        broker.begin("ada", f"a new browser: {number}")
    assert len(broker.vault.store.events()) == most

    status, wait, text = begin(new_client(), most)

    assert status == 429
    assert 500 < int(wait) <= 600
    assert "Minuten noch einmal" in text
    assert broker.vault.store.attempt(ID.format(most)) is None
    assert status_of(broker, 0) is AttemptStatus.AT_HUBSPOT
    # Who has one under way can begin anew: it takes the place of their own.
    assert begin(colleague, most + 1)[0] == 303
    assert status_of(broker, 0) is AttemptStatus.EXPIRED


def test_a_program_hears_it_as_json(broker: Broker, new_client: Callable[[], FlaskClient]) -> None:
    """With the code of the error, and the same seconds."""
    for number in range(UNDER_WAY * OWNER_TIMES):
        broker.begin("ada", f"browser {number}")
    status, wait, text = begin(new_client(), 1, Accept="application/json")

    assert (status, '"error": "too_many_attempts"' in text) == (429, True)
    assert int(wait) > 500


def test_junk_codes_reach_hubspot_a_few_times_a_minute(
    broker: Broker, new_client: Callable[[], FlaskClient], hubspot: HubSpot
) -> None:
    """Nothing is begun beyond that, for whoever sends them; a colleague is not held up."""
    client, colleague = new_client(), new_client()
    for number in (1, 2):
        state = parse_qs(urlsplit(begin(client, number)[1]).query)["state"][0]
        client.get(f"/auth/hubspot/callback?code=junk&state={state}", headers=HEADERS)
    assert len(hubspot.requests) == 2

    status, wait, text = begin(client, 3)

    assert status == 429
    assert 0 < int(wait) <= 60
    assert "Sekunden noch einmal" in text
    back = hubspot.approve(begin(colleague, 4)[1])
    colleague.get(back, headers=HEADERS)
    assert status_of(broker, 4) is AttemptStatus.CONNECTED


def test_a_code_too_many_is_not_exchanged(
    broker: Broker, new_client: Callable[[], FlaskClient], hubspot: HubSpot
) -> None:
    """What was begun before ends unasked as it comes back, with a page that says when."""
    client = new_client()
    urls = [begin(client, number)[1] for number in (1, 2, 3)]
    answers = [client.get(hubspot.approve(url), headers=HEADERS) for url in urls]
    asked = sum(each.path.endswith("/token") for each in hubspot.requests)

    page = client.get(answers[2].headers["Location"])

    assert asked == 2
    assert status_of(broker, 3) is AttemptStatus.FAILED
    assert page.status_code == 429
    assert 0 < int(page.headers["Retry-After"]) <= 60
    assert "Sekunden noch einmal" in page.text
    said = client.get(f"/api/hubspot/status?attempt={ID.format(3)}").json
    assert said is not None
    assert said["attempt"]["error"] == "too_many_attempts"
