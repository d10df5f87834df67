"""A host whose session is SameSite=Strict: it does not arrive on the way back from HubSpot."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from bs4 import BeautifulSoup
from flask import Flask, session
from flask.testing import FlaskClient

from portalkey.broker import Broker
from portalkey.errors import HubSpotUnavailable
from portalkey.flask import HubSpotAuth
from portalkey.hubspot.http import Request
from portalkey.model.attempt import AttemptStatus
from portalkey.model.authorization import Visitor
from portalkey.testing import Ahead
from portalkey.testing.account import connect
from portalkey_simulator import HubSpot

ATTEMPT = "S" * 22


def signed_in(broker: Broker, samesite: str) -> FlaskClient:
    """A browser in which Ada is signed in, at a host whose session's cookie is *samesite*."""
    app = Flask("host")
    app.config.update(SECRET_KEY="x", SESSION_COOKIE_SAMESITE=samesite)
    app.add_url_rule("/login/<name>", "login", lambda name: session.update(user=name) or "in")
    HubSpotAuth(app, broker, owner=lambda: session.get("user"))
    client = app.test_client()
    client.get("/login/ada")
    return client


@pytest.fixture
def client(broker: Broker) -> FlaskClient:
    """Her browser at a host with a Strict session."""
    return signed_in(broker, "Strict")


@pytest.fixture
def app_of_lax(broker: Broker) -> FlaskClient:
    """The same at a host with a Lax session, which arrives."""
    return signed_in(broker, "Lax")


def came_back(client: FlaskClient, hubspot: HubSpot) -> Any:
    """The answer to the callback, as a browser sends it: without the Strict session."""
    page = BeautifulSoup(client.get("/connections/setup").text, "html.parser")
    link = page.select_one("hubspot-connect a")
    assert link is not None
    to_hubspot = client.get(f"{link['href']}&attempt={ATTEMPT}").headers["Location"]
    back = "/auth" + hubspot.approve(to_hubspot).partition("/auth")[2]
    return withheld(client, lambda: client.get(back))


def withheld(client: FlaskClient, work: Callable[[], Any]) -> Any:
    """Do *work* while the browser keeps the session back."""
    cookie = client.get_cookie("session")
    assert cookie is not None
    client.delete_cookie("session")
    answer = work()
    client.set_cookie("session", cookie.value)
    return answer


def form_of(answer: Any) -> dict[str, str]:
    """The fields of the page between."""
    form = BeautifulSoup(answer.text, "html.parser").find("form")
    assert form is not None
    return {str(each["name"]): str(each["value"]) for each in form.find_all("input")}


def status_of(broker: Broker) -> tuple[str, str | None]:
    """Return where the attempt stands."""
    attempt = broker.vault.store.attempt(ATTEMPT)
    assert attempt is not None
    return attempt.status.value, attempt.error


def test_the_code_is_parked_until_the_session_arrives(
    client: FlaskClient, broker: Broker, hubspot: HubSpot
) -> None:
    """Nothing is exchanged before the owner is known; the code lies sealed meanwhile."""
    answer = came_back(client, hubspot)

    assert answer.headers["Location"] == f"/auth/hubspot/complete?attempt={ATTEMPT}"
    assert hubspot.requests == ()
    assert status_of(broker) == ("returned", None)
    attempt = broker.vault.store.attempt(ATTEMPT)
    assert attempt is not None
    assert (attempt.sealed_code or "").startswith("v1.test.")


def test_the_page_between_brings_the_session_along(
    client: FlaskClient, broker: Broker, hubspot: HubSpot
) -> None:
    """Its form posts from our own origin, and then the code is exchanged."""
    answer = came_back(client, hubspot)
    page = withheld(client, lambda: client.get(answer.headers["Location"]))

    done = client.post("/auth/hubspot/complete", data=form_of(page))

    assert done.headers["Location"] == f"/auth/hubspot/done?attempt={ATTEMPT}"
    assert status_of(broker) == ("connected", None)
    assert broker.access_token("ada")


def test_the_page_between_may_post_to_us_only(client: FlaskClient, hubspot: HubSpot) -> None:
    """The one page of the chain with a form; its other headers are the chain's."""
    page = client.get(came_back(client, hubspot).headers["Location"])

    assert "form-action 'self'" in page.headers["Content-Security-Policy"]
    assert page.headers["Referrer-Policy"] == "same-origin"
    assert page.headers["Cross-Origin-Opener-Policy"] == "unsafe-none"


def test_hubspot_is_out_of_reach_on_the_way_back(
    app_of_lax: FlaskClient, broker: Broker, hubspot: HubSpot, ahead: Ahead
) -> None:
    """The code is kept, the page says when it is tried again (503), and then it works."""
    client = app_of_lax
    for _ in range(3):
        with pytest.raises(HubSpotUnavailable):
            broker._reachability.send(Request("GET", "http://localhost:1/"))
    page = BeautifulSoup(client.get("/connections/setup").text, "html.parser")
    link = page.select_one("hubspot-connect a")
    assert link is not None
    to_hubspot = client.get(f"{link['href']}&attempt={ATTEMPT}").headers["Location"]

    answer = client.get("/auth" + hubspot.approve(to_hubspot).partition("/auth")[2])
    again = answer.headers["Location"]
    wait = client.post("/auth/hubspot/complete", data=form_of(client.get(again)))

    assert again == f"/auth/hubspot/complete?attempt={ATTEMPT}"
    assert (wait.status_code, status_of(broker)) == (503, ("returned", None))
    seconds = wait.headers["Retry-After"]
    assert wait.headers["Refresh"] == f"{seconds}; url={again}"
    assert "HubSpot cannot be reached just now" in wait.text
    assert "/oauth/" not in str([each.path for each in hubspot.requests])
    broker._reachability._close()
    ahead.passes(float(seconds))
    done = client.post("/auth/hubspot/complete", data=form_of(client.get(again)))
    assert done.headers["Location"] == f"/auth/hubspot/done?attempt={ATTEMPT}"
    assert status_of(broker) == ("connected", None)


def test_another_owner_cannot_complete(
    client: FlaskClient, broker: Broker, hubspot: HubSpot
) -> None:
    """Whoever is signed in when the session arrives must be who began."""
    page = client.get(came_back(client, hubspot).headers["Location"])
    client.get("/login/bob")

    client.post("/auth/hubspot/complete", data=form_of(page))

    assert status_of(broker) == ("failed", "attempt_mismatch")
    assert hubspot.requests == ()


def test_nobody_cannot_complete(client: FlaskClient, broker: Broker, hubspot: HubSpot) -> None:
    """Without a session the attempt ends."""
    page = client.get(came_back(client, hubspot).headers["Location"])
    fields = form_of(page)

    withheld(client, lambda: client.post("/auth/hubspot/complete", data=fields))

    assert status_of(broker) == ("failed", "attempt_mismatch")
    assert hubspot.requests == ()


@pytest.mark.parametrize("change", ["token", "attempt", "cookie", "origin"])
def test_a_forged_completion_is_refused(
    client: FlaskClient, broker: Broker, hubspot: HubSpot, change: str
) -> None:
    """Token, cookie and origin each stop it, and the attempt stays as it was."""
    page = client.get(came_back(client, hubspot).headers["Location"])
    fields, headers = form_of(page), {}
    if change == "cookie":
        client.delete_cookie(f"portalkey_attempt_{ATTEMPT}", path="/auth/hubspot")
    elif change == "origin":
        headers = {"Origin": "https://evil.test"}
    else:
        fields[change] = "x" * 22

    answer = client.post("/auth/hubspot/complete", data=fields, headers=headers)

    assert answer.status_code == 403
    assert status_of(broker) == ("returned", None)


def test_a_parked_code_is_soon_over(
    client: FlaskClient, broker: Broker, hubspot: HubSpot, ahead: Any
) -> None:
    """A browser comes back by itself at once, or never: 60 seconds."""
    page = client.get(came_back(client, hubspot).headers["Location"])
    ahead.seconds = 61

    client.post("/auth/hubspot/complete", data=form_of(page))

    assert status_of(broker) == ("expired", None)
    assert hubspot.requests == ()


def test_no_step_can_be_skipped(client: FlaskClient, broker: Broker, hubspot: HubSpot) -> None:
    """Completing before coming back does nothing, and afterwards nothing more (R28)."""
    answer = came_back(client, hubspot)
    page = client.get(answer.headers["Location"])
    fields = form_of(page)
    for _ in range(2):
        client.post("/auth/hubspot/complete", data=fields)

    again = client.get(answer.headers["Location"])
    assert again.headers["Location"] == f"/auth/hubspot/done?attempt={ATTEMPT}"
    assert [asked.path for asked in hubspot.requests].count("/oauth/2026-09/token") == 1


def test_completing_before_coming_back_changes_nothing(client: FlaskClient, broker: Broker) -> None:
    """An attempt that is still at HubSpot is not ended by it."""
    started = broker.begin("ada", "browser")

    after = broker.attempts.complete(started.attempt, Visitor("ada", "browser"))

    assert after.status == "at_hubspot"


def test_declining_needs_no_session(client: FlaskClient, broker: Broker, hubspot: HubSpot) -> None:
    """There is nothing to exchange, so it ends at once."""
    page = BeautifulSoup(client.get("/connections/setup").text, "html.parser")
    link = page.select_one("hubspot-connect a")
    assert link is not None
    denied = hubspot.deny(client.get(f"{link['href']}&attempt={ATTEMPT}").headers["Location"])

    withheld(client, lambda: client.get("/auth" + denied.partition("/auth")[2]))

    assert status_of(broker) == ("failed", "declined")


def test_another_browsers_session_cannot_complete(broker: Broker, hubspot: HubSpot) -> None:
    """The random value in the session has to be the one the attempt was started with."""
    started = broker.begin("ada", "browser")
    sealed = broker.vault.seal_code(started.attempt.id, started.cookie)
    broker.vault.store.move_attempt(started.attempt.id, AttemptStatus.RETURNED, sealed_code=sealed)
    parked = broker.vault.store.attempt(started.attempt.id)
    assert parked is not None

    after = broker.attempts.complete(parked, Visitor("ada", "another browser"))

    assert (after.status, after.error) == ("failed", "attempt_mismatch")
    assert hubspot.requests == ()


def test_another_account_is_asked_about(
    client: FlaskClient, broker: Broker, hubspot: HubSpot
) -> None:
    """Once the session has arrived: the page between leads to the question."""
    assert connect(broker, hubspot, "ada", 4410002)
    page = json.loads(client.get("/api/hubspot/status").text)
    to_hubspot = client.get(f"{page['connect_url']}&attempt={ATTEMPT}").headers["Location"]
    back = "/auth" + hubspot.approve(to_hubspot, 4410001).partition("/auth")[2]
    parked = withheld(client, lambda: client.get(back)).headers["Location"]
    form = form_of(withheld(client, lambda: client.get(parked)))

    done = client.post("/auth/hubspot/complete", data=form).headers["Location"]

    assert status_of(broker) == ("asking", None)
    confirm = client.get(done).headers["Location"]
    assert confirm.startswith("/auth/hubspot/confirm")
    client.post("/auth/hubspot/confirm", data={**form_of(client.get(confirm)), "answer": "yes"})
    assert status_of(broker) == ("connected", None)
    assert len(broker.connections("ada")) == 2
