"""What a request may bring along, and changes nothing; what an answer holds, and nothing more."""

import secrets
import string
from random import Random
from typing import Any

import pytest

from portalkey.broker import Broker
from portalkey.settings import Settings
from portalkey_simulator import HubSpot
from support.visitor import Visitor, query_of

EXTRAS: dict[str, str] = {
    "access_token": "planted-token",
    "expires_in": "1e9",
    "hub_id": "1",
    "user_id": "2",
    "scopes": "*",
    "scope": "crm.everything",
    "iss": "https://app.hubspot.com.evil.test",
    "redirect_uri": "https://evil.test/",
    "client_id": "another-app",
    "owner": "somebody-else",
    "person": "somebody-else",
    "next": "https://evil.test/",
    "language": "de\r\nX: planted",
    "session_state": "<script>planted</script>",
    "__proto__": "planted",
}
MEMBERS = {"user_id", "owner", "tenant", "status", "scopes", "generation", "is_admin", "hub_id"}
STATUS = {"attempt", "authenticated", "connect_url", "connections", "portal_id", "time_zone"}
CONNECTION = {
    "connected_at",
    "hub_domain",
    "hub_id",
    "id",
    "may_disconnect",
    "missing_scopes",
    "scopes",
    "status",
    "time_zone",
    "ui_domain",
    "user_email",
}
ATTEMPT = {"account", "error", "id", "message", "seconds_left", "status"}
PROXY_CLAIMS = {
    "X-Forwarded-Host": "evil.test",
    "X-Forwarded-Proto": "https",
    "X-Forwarded-Prefix": "/evil",
    "X-Forwarded-Port": "444",
    "X-Forwarded-For": ", ".join(["127.0.0.1"] * 200),
    "Forwarded": "for=127.0.0.1;host=evil.test;proto=https",
    "X-Original-URL": "/connections/setup",
    "X-Forwarded-User": "somebody-else",
    "Remote-User": "somebody-else",
}


def random_extras(seed: int) -> dict[str, str]:
    """Parameters that nobody has heard of, by a *seed* that says which."""
    chance = Random(seed)  # noqa: S311 - no secret
    letters = string.ascii_letters + string.punctuation + " \t\r\n\0äß"
    return {
        f"x{number}{''.join(chance.choices(string.ascii_lowercase, k=8))}": "planted"
        + "".join(chance.choices(letters, k=40))
        for number in range(20)
    }


@pytest.mark.parametrize("extras", [EXTRAS, random_extras(1), random_extras(2)])
def test_unknown_parameters_of_a_callback_change_nothing(
    visitor: Visitor, broker: Broker, extras: dict[str, str]
) -> None:
    """They are neither believed nor shown (RFC 6749 section 4.1.2)."""
    callback = visitor.agree(visitor.begin())
    path = callback.partition("?")[0]
    answer = visitor.http.get(path, params={**query_of(callback), **extras})
    page = visitor.get(answer.headers["location"])
    (connection,) = broker.connections(visitor.owner)

    assert answer.status_code == 303
    assert connection.hub_id == visitor.hubspot.accounts[0].hub_id
    assert set(connection.scopes or ()) <= set(broker.settings.wanted_scopes)
    told = f"{answer.headers}{page.text}{visitor.status()}"
    assert "planted" not in told
    assert "evil" not in told


def test_a_known_parameter_is_no_extra(visitor: Visitor, broker: Broker) -> None:
    """The negative control: one more state is not ignored, nor is one that is spelt otherwise."""
    for more in ("&state=planted", "&Code=planted"):
        visitor.get(f"{visitor.agree(visitor.begin())}{more}")

    assert broker.connections(visitor.owner) == []


def test_answers_have_these_fields_and_no_others(visitor: Visitor) -> None:
    """Each new field of the API is a decision that this list records; no token is among them."""
    attempt = secrets.token_urlsafe(16)
    visitor.get(visitor.agree(visitor.begin(attempt)))
    status = visitor.get(f"/api/hubspot/status?attempt={attempt}").json()
    listed = visitor.get("/api/hubspot/connections").json()

    assert status.keys() == STATUS
    assert status["attempt"].keys() == ATTEMPT
    assert listed.keys() == {"connections"}
    assert [each.keys() for each in status["connections"]] == [CONNECTION]
    assert [each.keys() for each in listed["connections"]] == [CONNECTION]
    problem = visitor.get("/api/hubspot/status?attempt=unknown").json()
    assert problem.keys() == {"error", "message"}


@pytest.mark.parametrize("query", ["callback=alert", "jsonp=alert", "format=js&callback=a.b"])
def test_no_answer_is_a_script(visitor: Visitor, query: str) -> None:
    """JSON stays JSON, for this origin only, whatever function an address names."""
    visitor.connect()
    for route in ("status", "connections"):
        answer = visitor.get(f"/api/hubspot/{route}?{query}")

        assert answer.headers["content-type"] == "application/json"
        assert answer.headers["cross-origin-resource-policy"] == "same-origin"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.text.startswith("{")
        assert answer.json()


def test_scripts_hold_nothing_private(visitor: Visitor) -> None:
    """They are the same for everybody, connected or not."""
    names = ("connect.js", "done.js", "strings.js", "wait.js", "bridge.js")
    before = [visitor.get(f"/auth/hubspot/static/{name}").text for name in names]
    visitor.connect()

    assert [visitor.get(f"/auth/hubspot/static/{name}").text for name in names] == before
    assert all(before)


@pytest.mark.parametrize("kind", ["form", "json"])
def test_members_of_a_body_assign_nothing(visitor: Visitor, broker: Broker, kind: str) -> None:
    """A post says what is to be done by its address alone; its owner is the session's."""
    visitor.connect()
    (before,) = broker.connections(visitor.owner)
    planted: Any = dict.fromkeys(MEMBERS, "planted")
    own = {"x-portalkey-token": visitor.leave_form()["portalkey_token"], "origin": visitor.app_url}
    body: dict[str, Any] = {"data": planted} if kind == "form" else {"json": planted}
    attempt = secrets.token_urlsafe(16)
    visitor.begin(attempt)

    answers = [
        visitor.http.post(f"/api/hubspot/{path}", headers=own, **body)
        for path in (f"attempts/{attempt}/cancel", f"connections/{'x' * 22}/disconnect")
    ]

    assert [each.status_code for each in answers] == [200, 404]
    assert "planted" not in "".join(each.text for each in answers)
    (after,) = broker.connections(visitor.owner)
    assert (after.scopes, after.status, after.generation, after.owner) == (
        before.scopes,
        before.status,
        before.generation,
        visitor.owner,
    )
    assert broker.connections("planted") == []


def test_a_proxys_headers_are_not_believed(
    visitor: Visitor, settings: Settings, hubspot: HubSpot
) -> None:
    """Address, cookie and owner are those of the settings and of the session."""
    owner = visitor.owner
    link = visitor.connect_link
    address = f"{link}&attempt={secrets.token_urlsafe(16)}"
    own = {"sec-fetch-site": "same-origin"}
    answer = visitor.http.get(address, headers={**own, **PROXY_CLAIMS})
    sent_back = query_of(answer.headers["location"])["redirect_uri"]
    status = visitor.http.get("/api/hubspot/status", headers=PROXY_CLAIMS)

    assert answer.headers["location"].startswith(hubspot.url)
    assert sent_back == settings.redirect_uri
    assert "; Path=/auth/hubspot" in answer.headers["set-cookie"]
    assert "Secure" not in answer.headers["set-cookie"]  # http, as the public URL says
    assert status.json()["connect_url"].startswith("/auth/hubspot/start?t=")
    assert "evil" not in f"{answer.headers}{status.text}{status.headers}"
    assert visitor.owner == owner


STRANGE_TYPES = (
    "text/plain",
    "text/plain; charset=utf-7",
    "text/xml",
    "application/xml",
    "application/x-yaml",
    "application/x-python-pickle",
    "application/octet-stream",
    "application/csp-report",
    "application/jsonp",
    "image/svg+xml",
    "form",
)
USUAL_TYPES = ("application/x-www-form-urlencoded", "Application/JSON; charset=utf-8", "")


@pytest.mark.parametrize("kind", STRANGE_TYPES)
def test_a_body_of_another_type_is_refused(visitor: Visitor, broker: Broker, kind: str) -> None:
    """415 in JSON, whatever token stands in the header, and nothing is done."""
    attempt = secrets.token_urlsafe(16)
    visitor.begin(attempt)
    answer = cancel(visitor, attempt, kind)
    row = broker.vault.store.attempt(attempt)

    assert (answer.status_code, answer.json()["error"]) == (415, "unsupported_type")
    assert row
    assert row.ended_at is None


@pytest.mark.parametrize("kind", USUAL_TYPES)
def test_a_body_of_a_usual_type_is_taken(visitor: Visitor, broker: Broker, kind: str) -> None:
    """The negative control: the same request does its work otherwise."""
    attempt = secrets.token_urlsafe(16)
    visitor.begin(attempt)

    assert cancel(visitor, attempt, kind).json()["attempt"]["status"] == "cancelled"


def cancel(visitor: Visitor, attempt: str, kind: str) -> Any:
    """Cancel an attempt by a post with a body of this *kind*."""
    own = {"x-portalkey-token": query_of(visitor.connect_link)["t"], "origin": visitor.app_url}
    return visitor.http.post(
        f"/api/hubspot/attempts/{attempt}/cancel",
        headers={**own, **({"content-type": kind} if kind else {})},
        content=b"{}" if kind else b"",
    )
