"""The control API says no: to other pages, to other forms, and to what cannot be, by its name."""

import json
from collections.abc import Callable
from typing import Any

import httpx2
import pytest

from portalkey_simulator import ACCOUNTS, HubSpot
from portalkey_simulator.control.objects import Object
from portalkey_simulator.control.request_models import NewFault
from portalkey_simulator.control.state import describe_state
from portalkey_simulator.faults.fault_kinds import KINDS, PLACES

JSON = {"Content-Type": "application/json"}
ACCOUNT = {"hub_id": 9, "name": "n", "domain": "d"}
APP = {"client_id": "c", "client_secret": "s", "redirect_uris": ["https://a.example/"]}
MAYA = f"accounts/{ACCOUNTS[0].hub_id}"


def seen(hubspot: HubSpot) -> str:
    """All that can be set, in a form that can be compared; the clock runs on."""
    shown = describe_state(hubspot._world, hubspot.faults)
    return repr((shown.switches, shown.accounts, shown.apps, shown.faults, shown.clock.ahead))


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": ""},
        {"Origin": "http://localhost:1"},
        {"Origin": "http://127.0.0.1:{port}"},
        {"Origin": "https://localhost:{port}"},
        {"Origin": "http://localhost:{port}.evil.example"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Referer": "https://evil.example/"},
        {"Referer": "http://localhost:{port}@evil.example/"},
        {"Referer": "http://["},
        {"Origin": "http://localhost:{port}", "Sec-Fetch-Site": "cross-site"},
    ],
)
def test_page_of_another_origin(
    hubspot: HubSpot, http: httpx2.Client, headers: dict[str, str]
) -> None:
    """No page but the simulator's own may ask, set or see anything, and no answer lets it read."""
    before = seen(hubspot)
    sent = {name: value.format(port=hubspot.port) for name, value in headers.items()}
    for method, path in (("POST", "reset"), ("GET", "state"), ("DELETE", "faults")):
        answer = http.request(method, f"/control/{path}", headers={**JSON, **sent})
        assert answer.status_code == 403
        assert answer.json()["error"]["field"] in headers
        assert "Access-Control-Allow-Origin" not in answer.headers
    assert seen(hubspot) == before


def test_page_of_its_own(hubspot: HubSpot, http: httpx2.Client) -> None:
    """A request from the control room's own page is let in."""
    own = {"Origin": hubspot.url, "Referer": f"{hubspot.url}/", "Sec-Fetch-Site": "same-origin"}

    assert http.post("/control/reset", headers={**JSON, **own}).status_code == 204


def test_name_that_was_pointed_here(http: httpx2.Client) -> None:
    """A foreign host is told that this is not it (DNS rebinding)."""
    for path in ("/", "/control/state"):
        assert http.get(path, headers={"Host": "evil.example"}).status_code == 421


@pytest.mark.parametrize(
    "kind", ["", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "x"]
)
def test_body_that_a_form_could_send(hubspot: HubSpot, http: httpx2.Client, kind: str) -> None:
    """Only what is said to be JSON is read: a form on a page from elsewhere cannot say that."""
    hubspot.clock.move(5)
    headers = {"Content-Type": kind} if kind else {}
    for method, path in (("POST", "reset"), ("POST", "clock"), ("PATCH", "switches")):
        answer = http.request(method, f"/control/{path}", content=b'{"move": 1}', headers=headers)
        assert answer.status_code == 415
        assert answer.json()["error"]["allowed"] == ["application/json"]
    assert hubspot.clock.ahead == 5


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"\xff",
        b"[]",
        b"1",
        b'{"move": NaN}',
        b'{"move": 1, "move": 2}',
        b'{"move": "\\ud800"}',
        b"[" * 20_000,
        b'{"move": ' + b"9" * 5000 + b"}",
    ],
)
def test_body_that_is_no_object(http: httpx2.Client, body: bytes) -> None:
    """A body is one JSON object, each name in it once, or it is refused unread."""
    answer = http.post("/control/clock", content=body, headers=JSON)

    assert answer.status_code == 400
    assert set(answer.json()["error"]) == {"field", "message", "allowed"}


def test_body_that_is_too_large(http: httpx2.Client) -> None:
    """A body that Flask refuses is answered in the API's form too."""
    answer = http.post("/control/clock", content=b" " * 300_000, headers=JSON)

    assert answer.status_code == 413
    assert answer.json()["error"]["field"] == "body"


@pytest.mark.parametrize(
    ("method", "path", "body", "field", "allowed"),
    [
        ("PATCH", "switches", {"cancel": 1}, "cancel", "cancel_sends"),
        ("PATCH", "switches", {"pkce": "off"}, "pkce", "enforced"),
        ("PATCH", "switches", {"code_seconds": -1}, "code_seconds", "a number, 0 or more"),
        ("PATCH", "switches", {"drop_state": "yes"}, "drop_state", "true, false"),
        ("PATCH", "switches", {"cancel_error": "a\nb"}, "cancel_error", "a text"),
        ("PATCH", "switches", {"a\x1b[2J": 1}, "a?[2J", "pkce"),
        ("PATCH", "switches", {"x" * 500: 1}, f"{'x' * 60}…", "pkce"),
        ("POST", "clock", {}, "move", "a number from -1000000000 to 1000000000"),
        ("POST", "clock", {"move": True}, "move", "a number from -1000000000 to 1000000000"),
        ("POST", "clock", {"move": 1, "by": 2}, "by", "move"),
        ("POST", "faults", {"fault": "gremlin"}, "fault", "drop_after"),
        ("POST", "faults", {"fault": ["late"]}, "fault", "late"),
        ("POST", "faults", {"fault": "late", "at": "nowhere"}, "at", "account_info"),
        ("POST", "faults", {"fault": "late", "times": 0}, "times", "null"),
        ("POST", "faults", {"fault": "late", "chance": 0}, "chance", "a number above 0 to 1"),
        (
            "POST",
            "faults",
            {"fault": "late", "seconds": 1e6},
            "seconds",
            "a number from 0 to 86400",
        ),
        ("POST", "faults", {"fault": "refusal", "refusal": "NO"}, "refusal", "BAD_HUB"),
        ("POST", "faults", {"fault": "answer", "status": 99}, "status", "a whole number"),
        ("POST", "faults", {"fault": "answer", "body": 1}, "body", "a text"),
        ("POST", "faults", {"fault": "answer", "headers": {"A": "b\r\nC: d"}}, "headers", ""),
        ("POST", "faults", {"fault": "answer", "headers": {"A:": "b"}}, "headers", ""),
        ("POST", "approve", {}, "authorize_url", "a text"),
        (
            "POST",
            "approve",
            {"authorize_url": "https://evil.example/authorize"},
            "authorize_url",
            "",
        ),
        ("POST", "approve", {"authorize_url": "http://["}, "authorize_url", "http://localhost"),
        ("POST", "deny", {"authorize_url": "/oauth/authorize"}, "authorize_url", ""),
        ("POST", "deny", {"authorize_url": "{app}"}, "authorize_url", ""),
        ("POST", "deny", {"authorize_url": "a", "hub_id": 0}, "hub_id", "a whole number from 1"),
        ("PATCH", MAYA, {"tier": "gold"}, "tier", "professional"),
        ("PATCH", MAYA, {"hub_id": 1}, "hub_id", "name"),
        ("PATCH", MAYA, {"users": []}, "users", "a list, each an object"),
        ("PATCH", MAYA, {"users": [{"user_id": 1}]}, "users[0].email", "a text"),
        ("PATCH", MAYA, {"lacks": ["a", 1]}, "lacks[1]", "a text"),
        ("PATCH", MAYA, {"name": "a\nb"}, "name", "a text"),
        ("PATCH", f"{MAYA}/users/770101", {"may_install": 1}, "may_install", "true"),
        ("POST", "accounts", ACCOUNT, "users", "a list"),
        (
            "POST",
            "accounts",
            {**ACCOUNT, "hub_id": ACCOUNTS[0].hub_id, "users": [{"user_id": 1, "email": "e"}]},
            "hub_id",
            "a number that is free",
        ),
        ("POST", "apps", {**APP, "redirect_uris": ["http://a.example/"]}, "body", ""),
        ("POST", "apps", {**APP, "client_id": "{app}"}, "client_id", "one that is free"),
        ("POST", "uninstall", {"hub_id": 1}, "hub_id", str(ACCOUNTS[0].hub_id)),
        ("POST", "uninstall", {"hub_id": 4410001, "client_id": "x"}, "client_id", "{app}"),
        ("POST", "expire", {"access_token": "x"}, "access_token", "an access token that is out"),
        ("POST", "expire", {"hub_id": 1}, "hub_id", str(ACCOUNTS[0].hub_id)),
        ("POST", "reset", {"all": True}, "all", ""),
    ],
)
def test_field_that_cannot_be(
    hubspot: HubSpot,
    http: httpx2.Client,
    method: str,
    path: str,
    body: dict[str, Any],
    field: str,
    allowed: str,
) -> None:
    """400 names the field and what can stand there, and nothing is changed."""
    before = seen(hubspot)
    client_id = hubspot.app.client_id
    sent = json.dumps(body).replace("{app}", client_id)
    answer = http.request(method, f"/control/{path}", content=sent, headers=JSON)

    assert answer.status_code == 400, answer.text
    error = answer.json()["error"]
    assert error["field"] == field
    assert field in error["message"]
    assert allowed.replace("{app}", client_id) in ", ".join(error["allowed"])
    assert seen(hubspot) == before


def test_switches_with_one_that_cannot_be(hubspot: HubSpot, http: httpx2.Client) -> None:
    """Nothing is half-applied: one wrong switch, and none is set."""
    before = seen(hubspot)
    given = {"drop_state": True, "latency": 1, "pkce": "perhaps"}

    assert http.patch("/control/switches", json=given).status_code == 400
    assert seen(hubspot) == before


def test_clock_that_would_go_too_far(hubspot: HubSpot, http: httpx2.Client) -> None:
    """Moves add up to what dates can tell, and no further."""
    assert http.post("/control/clock", json={"move": 1e9}).status_code == 200
    assert http.post("/control/clock", json={"move": 1}).status_code == 400
    assert hubspot.clock.ahead == 1e9


@pytest.mark.parametrize(
    ("method", "path", "field"),
    [
        ("DELETE", "faults/1", "number"),
        ("PATCH", "accounts/1", "hub_id"),
        ("PATCH", "accounts/1/users/1", "hub_id"),
        ("PATCH", f"{MAYA}/users/1", "user_id"),
        ("GET", "nothing", "path"),
        ("PATCH", "accounts/abc", "path"),
        ("DELETE", "faults/\u0661", "path"),
        ("GET", "openapi.json/", "path"),
    ],
)
def test_path_to_nothing(http: httpx2.Client, method: str, path: str, field: str) -> None:
    """404 names the part of the path that is wrong, and what there is."""
    answer = http.request(method, f"/control/{path}", json={})

    assert answer.status_code == 404
    assert answer.json()["error"]["field"] == field


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("PUT", "switches", "PATCH"),
        ("GET", "faults", "POST, DELETE"),
        ("OPTIONS", "state", "GET"),
        ("DELETE", "openapi.json", "GET"),
    ],
)
def test_other_methods(http: httpx2.Client, method: str, path: str, allowed: str) -> None:
    """405 names those that are; a preflight gets no permission."""
    answer = http.request(method, f"/control/{path}")

    assert (answer.status_code, answer.headers["Allow"]) == (405, allowed)


def test_faults_leave_the_control_room_alone(
    hubspot: HubSpot, http: httpx2.Client, authorize_url: Callable[..., str]
) -> None:
    """No fault and no latency reaches it, so that everything can be set right again."""
    hubspot.faults.add("drop_before", "api", times=None)
    hubspot.switches.latency = 3600

    assert http.get("/control/state").status_code == 200
    given = {"authorize_url": authorize_url()}
    assert http.post("/control/approve", json=given).status_code == 200


def test_kinds_and_places_are_those_of_the_table() -> None:
    """The faults that may be asked for are those of the table."""
    schema = Object(NewFault).json_schema()["properties"]

    assert schema["fault"]["enum"] == list(KINDS)
    assert schema["at"]["enum"] == list(PLACES)
