"""Introspection and revocation."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import httpx2
import pytest

from portalkey_simulator import ACCOUNTS, DEFAULT_APP, App, HubSpot, running_hubspot
from portalkey_simulator.api.introspection import describe_access
from portalkey_simulator.world.installs import Agreement
from portalkey_simulator.world.ledger import Access

Send = Callable[..., httpx2.Response]
Connect = Callable[..., dict[str, Any]]

INTROSPECT = "/oauth/2026-03/token/introspect"
REVOKE = "/oauth/2026-03/token/revoke"


def test_access_token(hubspot: HubSpot, connect: Connect, post: Send) -> None:
    """A living access token is told in full, e-mail and website included."""
    body = connect(4410002)
    answer = post(INTROSPECT, token=body["access_token"], token_type_hint="access_token").json()

    signed, left = answer.pop("signed_access_token"), answer.pop("expires_in")
    assert 1790 <= left <= 1800
    assert (signed["hubId"], signed["hublet"], signed["userId"]) == (4410002, "eu1", 770202)
    assert len(signed) == 17
    assert {
        "active": True,
        "token": body["access_token"],
        "token_type": "Bearer",
        "token_use": "access_token",
        "hub_id": 4410002,
        "hub_domain": "nordlicht.example",
        "user_id": 770202,
        "user": "jonas@nordlicht.example",
        "client_id": hubspot.app.client_id,
        "app_id": hubspot.app.app_id,
        "scopes": body["scopes"],
        "is_private_distribution": False,
    } == answer


def test_an_app_for_a_few(hubspot: HubSpot) -> None:
    """An app that is distributed privately is told so."""
    app = replace(hubspot.app, distribution="private")
    access = Access(Agreement(app.client_id, ACCOUNTS[0], ("oauth",), ACCOUNTS[0].users[0]), 9, "")

    told = describe_access("token", access, 0, app)
    assert told["is_private_distribution"]
    assert isinstance(told["signed_access_token"], dict)
    assert told["signed_access_token"]["isPrivateDistribution"]


def test_refresh_token(connect: Connect, post: Send) -> None:
    """A refresh token is told without what belongs to access tokens."""
    body = connect()
    access = post(INTROSPECT, token=body["access_token"]).json()
    answer = post(INTROSPECT, token=body["refresh_token"]).json()

    assert answer["token_use"] == "refresh_token"
    assert {"expires_in", "is_private_distribution", "signed_access_token"} == (
        set(access) - set(answer)
    )


def test_only_the_field_token_counts(connect: Connect, post: Send) -> None:
    """HubSpot's guide names other fields; they do not work."""
    body = connect()

    for form in ({"access_token": body["access_token"]}, {}, {"token": "unknown"}):
        answer = post(INTROSPECT, **form)
        assert (answer.status_code, answer.json()) == (200, {"active": False})


def test_expired_access_token(hubspot: HubSpot, connect: Connect, post: Send) -> None:
    """An access token is active to its end and no longer."""
    token = connect()["access_token"]

    hubspot.clock.move(1790)
    assert post(INTROSPECT, token=token).json()["expires_in"] <= 10
    hubspot.clock.move(20)
    assert post(INTROSPECT, token=token).json() == {"active": False}


def test_revoked_refresh_token(connect: Connect, post: Send, refresh: Send) -> None:
    """Revocation ends the refresh token and leaves the access token alive."""
    body = connect()
    answer = post(REVOKE, token=body["refresh_token"], token_type_hint="refresh_token")

    assert (answer.status_code, answer.content) == (200, b"")
    assert post(INTROSPECT, token=body["refresh_token"]).json() == {"active": False}
    assert refresh(body["refresh_token"]).json()["status"] == "BAD_REFRESH_TOKEN"
    assert post(INTROSPECT, token=body["access_token"]).json()["active"]


def test_revoking_anything_else(connect: Connect, post: Send, refresh: Send) -> None:
    """An unknown token, none, and an access token are answered alike and change nothing."""
    body = connect()

    for token in ("unknown", None, body["access_token"]):
        assert post(REVOKE, token=token).status_code == 200
    assert post(INTROSPECT, token=body["access_token"]).json()["active"]
    refresh(body["refresh_token"]).raise_for_status()


@pytest.mark.parametrize("path", [INTROSPECT, REVOKE])
@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"client_id": "nobody"}, "BAD_CLIENT_ID"),
        ({"client_secret": "wrong"}, "BAD_CLIENT_SECRET"),
    ],
)
def test_wrong_credentials(
    connect: Connect, post: Send, path: str, changes: dict[str, str], word: str
) -> None:
    """Only the app itself may ask."""
    body = connect()
    answer = post(path, token=body["refresh_token"], **changes)

    assert (400, word) == (answer.status_code, answer.json()["status"])
    assert post(INTROSPECT, token=body["refresh_token"]).json()["active"]


def test_body_that_is_no_form(hubspot: HubSpot, http: httpx2.Client) -> None:
    """JSON holds no credentials."""
    body = {"client_id": hubspot.app.client_id, "client_secret": hubspot.app.client_secret}

    for path in (INTROSPECT, REVOKE):
        assert http.post(path, json=body).json()["status"] == "BAD_CLIENT_ID"


def test_tokens_of_another_app() -> None:
    """An app is told nothing of another app's tokens, and cannot end them."""
    other = App(client_id="other", client_secret="s", redirect_uris=DEFAULT_APP.redirect_uris)
    uri = other.redirect_uris[0]
    theirs = {"client_id": "other", "client_secret": "s", "redirect_uri": uri}
    mine = {"client_id": DEFAULT_APP.client_id, "client_secret": DEFAULT_APP.client_secret}
    with running_hubspot(apps=[other, DEFAULT_APP]) as hubspot, httpx2.Client() as http:
        asked = httpx2.QueryParams(client_id="other", redirect_uri=uri, scope="oauth")
        callback = httpx2.URL(hubspot.approve(f"{hubspot.url}/oauth/authorize?{asked}"))
        code = {"grant_type": "authorization_code", "code": callback.params["code"]}
        body = http.post(f"{hubspot.url}/oauth/2026-03/token", data=theirs | code).json()
        for name in ("access_token", "refresh_token"):
            token = {"token": body[name]}
            assert http.post(hubspot.url + REVOKE, data=mine | token).status_code == 200
            told = http.post(hubspot.url + INTROSPECT, data=mine | token).json()
            assert told == {"active": False}
            assert http.post(hubspot.url + INTROSPECT, data=theirs | token).json()["active"]
