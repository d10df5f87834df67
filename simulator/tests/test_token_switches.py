"""Switches of the token endpoints, for what is not known or has changed."""

import base64
import json
from collections.abc import Callable
from typing import Any

import httpx2
import pytest

from portalkey_simulator import HubSpot

Send = Callable[..., httpx2.Response]
Connect = Callable[..., dict[str, Any]]

TOKEN = "/oauth/2026-03/token"


@pytest.mark.parametrize("name", ["hub_id", "user_id", "scopes"])
def test_field_that_is_not_told(hubspot: HubSpot, connect: Connect, name: str) -> None:
    """Each optional field of a grant can be left out, and the rest stays."""
    hubspot.switches.sends_user_id = True
    whole = set(connect())
    setattr(hubspot.switches, f"sends_{name}", False)

    assert whole - set(connect()) == {name}


def test_identity_token(hubspot: HubSpot, connect: Connect) -> None:
    """The schema's ``id_token`` comes where it is asked for."""
    assert "id_token" not in connect()
    hubspot.switches.sends_id_token = True

    assert connect()["id_token"]


def test_second_user_of_an_account(hubspot: HubSpot, grant: Callable[..., dict[str, str]]) -> None:
    """Tokens tell of the user who agreed, not of the account's first."""
    hubspot.switches.sends_user_id = True
    theo = hubspot.accounts[0].users[1]
    token = grant("oauth", user=theo)["Authorization"].removeprefix("Bearer ")
    refresh_token = next(iter(hubspot._world.ledger.list_tokens()))

    with httpx2.Client(base_url=hubspot.url) as http:
        form = {
            "client_id": hubspot.app.client_id,
            "client_secret": hubspot.app.client_secret,
            "grant_type": "refresh_token",
            "refresh_token": refresh_token,
            "token": token,
        }
        told = http.post(f"{TOKEN}", data={k: v for k, v in form.items() if k != "token"}).json()
        seen = http.post(f"{TOKEN}/introspect", data=form).json()
    signed = seen["signed_access_token"]
    assert {told["user_id"], seen["user_id"], signed["userId"], signed["installingUserId"]} == {
        theo.user_id
    }
    assert seen["user"] == theo.email


@pytest.mark.parametrize(
    "body", ["[]", "{", '["grant_type"]', '[["grant_type", "x"]]', "1", "\xff"]
)
def test_json_that_is_no_object(hubspot: HubSpot, http: httpx2.Client, body: str) -> None:
    """Whatever else JSON can be holds no fields."""
    hubspot.switches.json_bodies = "read"
    headers = {"Content-Type": "application/json"}

    answer = http.post(TOKEN, content=body.encode("latin-1"), headers=headers)
    assert (answer.status_code, answer.json()["status"]) == (400, "BAD_GRANT_TYPE")


def test_json_that_is_read(hubspot: HubSpot, http: httpx2.Client, connect: Connect) -> None:
    """A switch lets a JSON object do as a form does, texts only, and none of them twice."""
    hubspot.switches.json_bodies = "read"
    fields = {
        "grant_type": "refresh_token",
        "refresh_token": connect()["refresh_token"],
        "client_id": hubspot.app.client_id,
        "client_secret": hubspot.app.client_secret,
        "extra": {"grant_type": 1},
    }

    http.post(TOKEN, json=fields).raise_for_status()
    assert http.post(TOKEN, json=fields | {"client_id": 1}).json()["status"] == "BAD_CLIENT_ID"
    twice = b'{"grant_type": "refresh_token", "grant_type": "refresh_token"}'
    headers = {"Content-Type": "application/json"}
    answer = http.post(TOKEN, content=twice, headers=headers)
    assert answer.json()["status"] == "BAD_GRANT_TYPE"
    half = json.dumps({**fields, "client_secret": "\ud800"})
    answer = http.post(TOKEN, content=half, headers=headers)
    assert answer.json()["status"] == "BAD_CLIENT_SECRET"


@pytest.mark.parametrize("is_read", [True, False])
def test_basic_authentication(
    hubspot: HubSpot,
    post: Send,
    http: httpx2.Client,
    connect: Connect,
    is_read: bool,  # noqa: FBT001 - on or off
) -> None:
    """Credentials in a header are not looked at, unless that is switched on."""
    hubspot.switches.basic_authentication = "read" if is_read else "ignored"
    form = {"grant_type": "refresh_token", "refresh_token": connect()["refresh_token"]}
    mine = (hubspot.app.client_id, hubspot.app.client_secret)

    assert http.post(TOKEN, data=form, auth=mine).is_success is is_read
    # What the body says goes before the header.
    assert post(**form).is_success


@pytest.mark.parametrize(
    "header", ["Basic", "Basic !!", "Basic /w==", f"Basic {base64.b64encode(b'id').decode()}"]
)
def test_garbled_basic_authentication(hubspot: HubSpot, http: httpx2.Client, header: str) -> None:
    """A header that holds no id and secret is as good as none."""
    hubspot.switches.basic_authentication = "read"

    answer = http.post(
        TOKEN, data={"grant_type": "refresh_token"}, headers={"Authorization": header}
    )
    assert answer.json()["status"] == "BAD_CLIENT_ID"


@pytest.mark.parametrize(
    ("changes", "word"),
    [({"client_id": "x"}, "BAD_CLIENT_ID"), ({"client_secret": "x"}, "BAD_CLIENT_SECRET")],
)
def test_status_of_a_bad_client(
    hubspot: HubSpot, post: Send, changes: dict[str, str], word: str
) -> None:
    """Whether it is 400 or 401 is a switch."""
    form = {"grant_type": "refresh_token", **changes}
    assert post(**form).status_code == 400
    hubspot.switches.bad_client_status = 401

    answer = post(**form)
    assert (answer.status_code, answer.json()["status"]) == (401, word)


def test_status_of_a_bad_hub(hubspot: HubSpot, post: Send) -> None:
    """Whether it is 403 or 400 is a switch."""
    hubspot.switches.bad_hub_status = 400
    hubspot.next_token_refusal("BAD_HUB")

    answer = post(grant_type="refresh_token")
    assert (answer.status_code, answer.json()["status"]) == (400, "BAD_HUB")


@pytest.mark.parametrize("path", [TOKEN, f"{TOKEN}/introspect", "/oauth/v1/token"])
def test_limit_of_the_token_endpoints(hubspot: HubSpot, post: Send, path: str) -> None:
    """There is none unless it is switched on; the window rolls with the simulated clock."""
    assert {post(path, token="x").status_code for _ in range(20)} <= {200, 400}
    hubspot.switches.token_requests_per_second = 2

    statuses = [post(path, token="x").status_code for _ in range(3)]
    body = post(path).json()
    assert statuses[:2] != [429, 429] == statuses[2:] * 2
    del body["correlationId"]
    assert body == {
        "status": "error",
        "message": "You have reached your rate limit.",
        "errorType": "RATE_LIMIT",
        "policyName": "SECONDLY",
    }
    hubspot.clock.move(2)
    assert post(path, token="x").status_code != 429
