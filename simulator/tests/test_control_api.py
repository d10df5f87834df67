"""The control API: what it sets happens, and what it shows is so."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import httpx2
import jsonschema_rs
import pytest

from portalkey_simulator import ACCOUNTS, App, HubSpot
from portalkey_simulator.control.openapi_document import build_document
from portalkey_simulator.control.operations import OPERATIONS
from portalkey_simulator.control.state import PLAIN
from portalkey_simulator.world.switches import Switches

Connect = Callable[..., dict[str, Any]]
Ask = Callable[..., Any]

BAKERY = ACCOUNTS[2].hub_id


def test_state_of_a_simulator_that_was_used(hubspot: HubSpot, connect: Connect, ask: Ask) -> None:
    """Everything is in the state: accounts, apps, installs, tokens, rules, requests, the clock."""
    tokens = connect()
    hubspot.faults.add("late", "crm", seconds=1, times=None)
    hubspot.clock.move(90)
    state = ask("GET", "state")

    assert [each["hub_id"] for each in state["accounts"]] == [one.hub_id for one in ACCOUNTS]
    assert [each["client_id"] for each in state["apps"]] == [hubspot.app.client_id]
    (install,) = state["installs"]
    assert (install["hub_id"], install["user_id"]) == (ACCOUNTS[0].hub_id, None)
    refresh, access = state["tokens"]
    long = tokens["access_token"]
    assert access["token"] == f"{long[:6]}…{long[-4:]}"
    assert access["expires_in"] == pytest.approx(1710, abs=5)
    assert (refresh["kind"], refresh["expires_in"]) == ("refresh", None)
    (rule,) = state["faults"]
    assert (rule["fault"], rule["at"], rule["times"]) == ("late", "crm", None)
    (request,) = state["requests"]
    assert (request["method"], request["status"]) == ("POST", 200)
    assert request["form"]["grant_type"] == "authorization_code"
    assert state["clock"]["ahead"] == 90


def test_a_long_part_of_a_path_is_cut_and_can_be_read(http: httpx2.Client, ask: Ask) -> None:
    """It may be a secret: its beginning and its end are shown, as of a token in the list."""
    http.get(f"/account-info/2026-09/begin-{'x' * 40}-end")

    assert ask("GET", "requests")[-1]["path"] == "/account-info/2026-09/begin-…-end"


def test_switches_are_shown_with_their_evidence(ask: Ask) -> None:
    """Each switch comes with its value, default, what is allowed, and what it rests on."""
    ask("PATCH", "switches", {"cancel_sends": "nothing"})
    (one,) = (each for each in ask("GET", "state")["switches"] if each["name"] == "cancel_sends")

    assert (one["value"], one["default"]) == ("nothing", "error")
    assert one["allowed"] == ["error", "nothing", "code"]
    assert (one["evidence"], one["group"]) == ("documented", "Consent page")
    assert one["says"]
    assert one["source"].startswith("https://")


def test_switches_are_set(hubspot: HubSpot, ask: Ask) -> None:
    """Those that are named are set, and the answer tells all."""
    given = {"rotate_refresh_tokens": True, "code_seconds": 5, "consent_opener_policy": None}
    told = ask("PATCH", "switches", given)

    assert hubspot.switches.rotate_refresh_tokens is True
    assert hubspot.switches.code_seconds == 5
    assert told["rotate_refresh_tokens"] is True
    assert told["pkce"] == "enforced"


def test_clock_is_moved(hubspot: HubSpot, ask: Ask) -> None:
    """Time passes, and goes back."""
    assert ask("POST", "clock", {"move": 3600})["ahead"] == 3600
    assert ask("POST", "clock", {"move": -600.5})["ahead"] == 2999.5
    assert hubspot.clock.ahead == 2999.5


def test_fault_happens_once_and_is_gone(hubspot: HubSpot, post: Ask, ask: Ask) -> None:
    """A rule is played at its place, as often as it says."""
    fault = {"fault": "answer", "status": 418, "body": {"a": 1}, "headers": {"X-Tea": "pot"}}
    assert ask("POST", "faults", fault)["number"] == 1
    first, second = post(), post()

    assert (first.status_code, first.json(), first.headers["X-Tea"]) == (418, {"a": 1}, "pot")
    assert first.headers["Content-Type"] == "application/json"
    assert second.status_code == 400
    assert hubspot.faults.rules == ()


def test_fault_that_answers_text(post: Ask, ask: Ask) -> None:
    """A text is sent as it is."""
    ask("POST", "faults", {"fault": "answer", "status": 200, "body": "<p>\nhm"})

    assert post().text == "<p>\nhm"


def test_faults_are_removed(hubspot: HubSpot, ask: Ask) -> None:
    """One by its number, and then all."""
    for _ in range(3):
        ask("POST", "faults", {"fault": "refusal", "refusal": "BAD_HUB"})
    ask("DELETE", "faults/2", template="faults/{number}")
    assert [rule.number for rule in hubspot.faults.rules] == [1, 3]

    ask("DELETE", "faults")
    assert hubspot.faults.rules == ()


def test_consent_without_a_browser(authorize_url: Callable[..., str], ask: Ask) -> None:
    """A test in any language agrees for whom it likes, or cancels, and has the callback URL."""
    url = authorize_url(state="s")
    agreed = ask("POST", "approve", {"authorize_url": url})
    elsewhere = ask("POST", "approve", {"authorize_url": url, "hub_id": ACCOUNTS[1].hub_id})
    cancelled = ask("POST", "deny", {"authorize_url": url})

    assert "code=na1-" in agreed["callback_url"]
    assert "code=eu1-" in elsewhere["callback_url"]
    assert "error=access_denied" in cancelled["callback_url"]


def test_consent_of_somebody_else(http: httpx2.Client, authorize_url: Callable[..., str]) -> None:
    """The page's sentence is the message, with 409: who may not install is told so."""
    theo = ACCOUNTS[0].users[1].user_id
    given = {"authorize_url": authorize_url(), "hub_id": ACCOUNTS[0].hub_id, "user_id": theo}
    answer = http.post("/control/approve", json=given)

    assert answer.status_code == 409
    assert "permission" in answer.json()["error"]["message"]


def test_requests_are_shown_and_forgotten(hubspot: HubSpot, connect: Connect, ask: Ask) -> None:
    """The list begins anew where it is cleared, and calls of the control API are not in it."""
    connect()
    (request,) = ask("GET", "requests")
    assert request["number"] == 1

    ask("DELETE", "requests")
    assert ask("GET", "requests") == []
    assert hubspot.requests == ()


def test_account_changes_its_tier(
    http: httpx2.Client, authorize_url: Callable[..., str], ask: Ask
) -> None:
    """An account that was moved to another tier grants what that tier can grant."""
    url = authorize_url(scope="oauth e-commerce")
    given = {"authorize_url": url, "hub_id": BAKERY}
    assert http.post("/control/approve", json=given).status_code == 409

    shown = ask("PATCH", f"accounts/{BAKERY}", {"tier": "enterprise"}, "accounts/{hub_id}")
    assert shown["cannot_grant"] == ["crm.objects.deals.read"]
    assert ask("POST", "approve", given)


def test_tokens_follow_their_account(http: httpx2.Client, connect: Connect, ask: Ask) -> None:
    """A token that is out tells the account as it is now, with the scopes that it was granted."""
    tokens = connect(BAKERY)
    changes = {"currency": "CHF", "lacks": ["crm.objects.contacts.read"]}
    ask("PATCH", f"accounts/{BAKERY}", changes, "accounts/{hub_id}")
    bearer = {"Authorization": f"Bearer {tokens['access_token']}"}
    details = http.get("/account-info/2026-03/details", headers=bearer).json()

    assert (details["portalId"], details["companyCurrency"]) == (BAKERY, "CHF")
    (_, access) = ask("GET", "state")["tokens"]
    assert "crm.objects.contacts.read" in access["scopes"]


def test_user_gets_the_right_to_install(authorize_url: Callable[..., str], ask: Ask) -> None:
    """The rights of a user are set for them alone."""
    maya, theo = ACCOUNTS[0].users
    path = f"accounts/{ACCOUNTS[0].hub_id}/users/{theo.user_id}"
    shown = ask("PATCH", path, {"may_install": True}, "accounts/{hub_id}/users/{user_id}")

    assert [each["email"] for each in shown["users"]] == [maya.email, theo.email]
    given = {"authorize_url": authorize_url(), "user_id": theo.user_id}
    assert ask("POST", "approve", {**given, "hub_id": ACCOUNTS[0].hub_id})


def test_new_account_and_app(hubspot: HubSpot, ask: Ask) -> None:
    """A person can agree for an account, and to an app, that came while the simulator ran."""
    users = [{"user_id": 7, "email": "new@example.org"}]
    account = {"hub_id": 99, "name": "Neu", "domain": "neu.example", "users": users}
    assert ask("POST", "accounts", account)["tier"] == "enterprise"
    uri = "https://app.example/callback"
    app = {"client_id": "new", "client_secret": "s", "redirect_uris": [uri]}
    shown = ask("POST", "apps", app)
    assert shown["redirect_uris"] == [uri]

    url = f"{hubspot.url}{shown['install_path']}"
    callback = ask("POST", "approve", {"authorize_url": url, "hub_id": 99})["callback_url"]
    assert callback.startswith(f"{uri}?code=")


def test_uninstall(hubspot: HubSpot, connect: Connect, refresh: Ask, ask: Ask) -> None:
    """The app's refresh tokens there end, and the answer names what was installed."""
    tokens = connect()
    given = {"hub_id": ACCOUNTS[0].hub_id}
    client_id = hubspot.app.client_id

    assert ask("POST", "uninstall", {**given, "client_id": client_id}) == {
        "uninstalled": [client_id]
    }
    assert ask("POST", "uninstall", given) == {"uninstalled": []}
    assert refresh(tokens["refresh_token"]).status_code == 400


def test_access_tokens_expire(http: httpx2.Client, connect: Connect, ask: Ask) -> None:
    """One, those of an account, or all: HubSpot says that they expired, and not that they lack."""
    first, second, third = (connect(one.hub_id)["access_token"] for one in ACCOUNTS)

    def is_over(token: str) -> bool:
        bearer = {"Authorization": f"Bearer {token}"}
        answer = http.get("/account-info/2026-03/details", headers=bearer)
        return bool(answer.json().get("category") == "EXPIRED_AUTHENTICATION")

    assert ask("POST", "expire", {"access_token": first}) == {"expired": 1}
    assert [is_over(each) for each in (first, second, third)] == [True, False, False]
    assert ask("POST", "expire", {"hub_id": ACCOUNTS[1].hub_id}) == {"expired": 1}
    assert [is_over(each) for each in (first, second, third)] == [True, True, False]
    assert ask("POST", "expire", {}) == {"expired": 1}
    assert len(ask("GET", "state")["tokens"]) == 3


def test_python_sets_the_same(
    hubspot: HubSpot, http: httpx2.Client, connect: Connect, authorize_url: Callable[..., str]
) -> None:
    """Accounts, apps and the ends of tokens are set in Python as they are over HTTP."""
    hubspot.set_account(replace(ACCOUNTS[2], tier="enterprise"))
    assert "code=" in hubspot.approve(authorize_url(scope="oauth e-commerce"), BAKERY)

    hubspot.add_app(app := App("new", "s", ("https://app.example/callback",)))
    assert hubspot.approve(hubspot.install_link(app)).startswith(app.redirect_uris[0])
    hubspot.add_app(replace(hubspot.app, name="Renamed"))
    assert (hubspot.app.name, http.get("/control/state").json()["apps"][0]["name"]) == (
        "Renamed",
        "Renamed",
    )

    first, second, *_ = (connect(one.hub_id)["access_token"] for one in ACCOUNTS)
    assert hubspot.expire(first) == 1
    assert hubspot.expire(hub_id=ACCOUNTS[0].hub_id) == 0
    assert hubspot.expire(second, ACCOUNTS[0].hub_id) == 0
    assert hubspot.expire() == 2
    with pytest.raises(ValueError, match="hub_id is unknown; allowed: 4410001, "):
        hubspot.expire(hub_id=99)
    with pytest.raises(
        ValueError, match=r"^access_token is unknown; allowed: an access token that"
    ):
        hubspot.expire("canary")


def test_reset(hubspot: HubSpot, connect: Connect, refresh: Ask, ask: Ask) -> None:
    """Nothing happened, and all that was set is as it was at the start."""
    before = hubspot.faults.rules, hubspot.accounts, hubspot.requests
    tokens = connect()
    hubspot.clock.move(50)
    hubspot.faults.add("late", times=None)
    hubspot.switches.pkce = "refused"
    ask("PATCH", f"accounts/{BAKERY}", {"name": "Other"}, "accounts/{hub_id}")
    ask("POST", "reset", {})

    assert (hubspot.faults.rules, hubspot.accounts, hubspot.requests) == before
    assert (hubspot.clock.ahead, hubspot.switches) == (0, Switches())
    state = ask("GET", "state")
    assert (state["tokens"], state["installs"]) == ([], [])
    assert refresh(tokens["refresh_token"]).status_code == 400


def test_reset_of_a_prepared_one() -> None:
    """A reset prepares the simulator again, and a seed makes the same tokens again."""

    def prepare(one: HubSpot) -> None:
        one.switches.latency = 0.25
        one.faults.add("empty")

    hubspot = HubSpot(seed=5, prepare=prepare)
    first = hubspot._world.mint.make_id()
    hubspot.switches.latency = 0
    hubspot.faults.clear()
    hubspot.reset()

    assert hubspot.switches.latency == 0.25
    assert len(hubspot.faults.rules) == 1
    assert hubspot._world.mint.make_id() == first


def test_app_of_its_own_is_shown(hubspot: HubSpot, ask: Ask) -> None:
    """A token that ``client_credentials`` gives is for no account."""
    hubspot._world.ledger.issue_app_token(hubspot.app.client_id, ("a", "b"))
    (token,) = ask("GET", "state")["tokens"]

    assert (token["kind"], token["hub_id"], token["scopes"]) == ("app", None, ["a", "b"])


def test_every_call_is_documented(http: httpx2.Client) -> None:
    """The document is served, is OpenAPI, and has one operation for each call of the table."""
    told = http.get("/control/openapi.json").json()
    operations = {(method, path) for path, one in told["paths"].items() for method in one}

    assert told["openapi"] == "3.1.0"
    assert operations == {(call.method.lower(), f"/control/{call.path}") for call in OPERATIONS}
    names = [one["operationId"] for each in told["paths"].values() for one in each.values()]
    assert len(names) == len(set(names))


def test_limits_of_switches_are_those_of_the_document() -> None:
    """The document allows for a switch what the switch itself does, at its very ends."""
    body = build_document()["paths"]["/control/switches"]["patch"]["requestBody"]
    schema = body["content"]["application/json"]["schema"]
    for value in (0, 10**9, 10**9 + 1, -1, True, "x", None):
        try:
            Switches(code_seconds=value)  # type: ignore[arg-type]
        except ValueError:
            assert not jsonschema_rs.is_valid(schema, {"code_seconds": value})
        else:
            assert jsonschema_rs.is_valid(schema, {"code_seconds": value})


def test_head_of_the_state(http: httpx2.Client) -> None:
    """HEAD is answered as GET is, without a body."""
    answer = http.head("/control/state")

    assert (answer.status_code, answer.content) == (200, b"")


def test_page_names_what_can_be_chosen(http: httpx2.Client) -> None:
    """The room is a page with every kind of fault in it, under a policy that lets no other in."""
    answer = http.get("/")

    assert answer.status_code == 200
    assert "drop_during" in answer.text
    (policy,) = answer.headers.get_list("Content-Security-Policy")
    assert "script-src 'self'" in policy
    assert "unsafe" not in policy
    assert http.get("/static/room.js").status_code == 200


def test_secrets_are_nowhere(hubspot: HubSpot, http: httpx2.Client, connect: Connect) -> None:
    """Client secrets, codes and whole tokens are in no answer and not on the page."""
    app = App("canary-app", "canary-secret-of-an-app", ("https://a.example/",))
    hubspot._world.add_app(app)
    tokens = connect()
    secret = hubspot.app.client_secret
    canaries = [secret, app.client_secret, tokens["access_token"], tokens["refresh_token"]]
    # Whoever mistakes one field for another has put a secret there.
    form = {"client_id": secret, "grant_type": app.client_secret, "scope": secret}
    http.post("/oauth/2026-03/token", data=form)
    http.post("/oauth/2026-03/token", json={"client_secret": secret})
    http.get(f"/oauth/v1/access-tokens/{tokens['access_token']}")
    http.get(f"/oauth/v1/refresh-tokens/{tokens['refresh_token']}")
    http.get(f"/oauth/of-nobody/{tokens['access_token']}/{tokens['refresh_token']}")
    answer = {"fault": "answer", "body": {"access_token": secret}, "headers": {"X-A": secret}}
    answers = [http.post("/control/faults", json=answer)]
    answers += [http.post("/control/apps", json={"client_secret": [secret]})]
    answers += [http.post("/control/apps", json={"client_secret": f"{secret}\n"})]
    answers += [http.post("/control/apps", json={"client_secret": 98765432})]
    answers += [http.post("/control/faults", json={"fault": "answer", "headers": secret})]
    answers += [http.get(path) for path in ("/", "/control/state", "/control/requests")]
    assert any("access-tokens" in each.text for each in answers)

    for canary in (*canaries, "98765432"):
        assert [each.url for each in answers if canary in each.text] == []


def test_secrets_in_fields_that_are_shown(
    hubspot: HubSpot,
    http: httpx2.Client,
    get_code: Callable[..., str],
    exchange: Callable[..., httpx2.Response],
) -> None:
    """A live code or token is not shown whole, into whichever field it has strayed."""
    spent, code = get_code(), get_code(ACCOUNTS[1].hub_id)
    tokens = exchange(spent).raise_for_status().json()
    uri = hubspot.app.redirect_uris[0]
    live = [code, tokens["refresh_token"], tokens["access_token"]]
    for one in live:
        for strayed in (
            one,
            f"{uri}?code={one}",
            f"{uri}#{one}",
            f"{uri}/{one.replace('-', '%252D')}x",
        ):
            http.post("/oauth/2026-03/token", data=dict.fromkeys(PLAIN, strayed))
    http.post("/oauth/2026-03/token", data={"scope": f"oauth {hubspot.app.client_secret}"})
    http.post("/oauth/2026-03/token", data={"redirect_uri": f"{uri}?x", "scope": "oauth tickets"})
    shown = http.get("/control/requests").text

    for canary in (*live, hubspot.app.client_secret):
        assert canary not in unquote(unquote(shown))
    assert json.loads(shown)[-1]["form"] == {"redirect_uri": uri, "scope": "oauth tickets"}


def test_command_line_client_needs_no_more_than_a_type(http: httpx2.Client) -> None:
    """The docs' calls with curl are enough: a JSON content type, and no origin."""
    body = json.dumps({"move": 1})
    headers = {"Content-Type": "application/json; charset=utf-8", "User-Agent": "curl"}

    assert http.post("/control/clock", content=body, headers=headers).status_code == 200


def test_every_call_is_in_the_docs() -> None:
    """One place lists them for people."""
    text = (Path(__file__).parents[2] / "docs" / "simulator.md").read_text()

    assert [call for call in OPERATIONS if f"`{call.method} {call.path}`" not in text] == []
