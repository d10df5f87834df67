"""OAuth v1, until its end and after it."""

from collections.abc import Callable
from typing import Any

import httpx2
import pytest

from portalkey_simulator import HubSpot

Send = Callable[..., httpx2.Response]
Connect = Callable[..., dict[str, Any]]

TOKEN = "/oauth/v1/token"
ACCESS, REFRESH = "/oauth/v1/access-tokens", "/oauth/v1/refresh-tokens"


def test_tokens(connect: Connect, post: Send) -> None:
    """The answer is that of the newer endpoints, with a warning in its headers."""
    first = connect()
    answer = post(TOKEN, grant_type="refresh_token", refresh_token=first["refresh_token"])

    assert set(first) == set(answer.json())
    assert answer.headers["Sunset"] == "Tue, 16 Feb 2027 00:00:00 GMT"
    assert answer.headers["Deprecation"] == "@1778544000"
    assert 'rel="sunset"' in answer.headers["Link"]


def test_secrets_in_the_url(hubspot: HubSpot, http: httpx2.Client, connect: Connect) -> None:
    """Here two may stand there; the body goes first, and all else is read from it alone."""
    token = connect()["refresh_token"]
    secrets = {"refresh_token": token, "client_secret": hubspot.app.client_secret}
    rest = {"grant_type": "refresh_token", "client_id": hubspot.app.client_id}

    http.post(TOKEN, params=secrets, data=rest).raise_for_status()
    http.post(TOKEN, params=secrets | rest, data=secrets | rest).raise_for_status()
    http.post(TOKEN, params={"grant_type": "x"}, data=secrets | rest).raise_for_status()
    answer = http.post(TOKEN, params=secrets, data=rest | {"refresh_token": "x"})
    assert answer.json()["status"] == "BAD_REFRESH_TOKEN"
    answer = http.post(TOKEN, params=secrets | rest)
    assert answer.json()["status"] == "BAD_GRANT_TYPE"
    assert token not in repr(hubspot.requests)


def test_access_token(hubspot: HubSpot, http: httpx2.Client, connect: Connect) -> None:
    """Whoever has an access token is told what it is for, without other credentials."""
    token = connect(4410002)["access_token"]
    body = http.get(f"{ACCESS}/{token}").json()

    assert len(body.pop("signed_access_token")) == 17
    assert 1790 <= body.pop("expires_in") <= 1800
    assert body.pop("scopes")[0] == "oauth"
    assert body == {
        "token": token,
        "user": "jonas@nordlicht.example",
        "user_id": 770202,
        "hub_domain": "nordlicht.example",
        "hub_id": 4410002,
        "app_id": hubspot.app.app_id,
        "token_type": "access",
    }


def test_refresh_token(hubspot: HubSpot, http: httpx2.Client, connect: Connect) -> None:
    """Whoever has a refresh token is told what it is for, and may end it."""
    token = connect()["refresh_token"]
    body = http.get(f"{REFRESH}/{token}").json()

    assert (body["token"], body["token_type"], body["hub_id"]) == (token, "refresh", 4410001)
    assert body["client_id"] == hubspot.app.client_id
    for _ in range(2):
        gone = http.delete(f"{REFRESH}/{token}")
        assert (gone.status_code, gone.content) == (204, b"")
    assert http.get(f"{REFRESH}/{token}").json()["status"] == "BAD_REFRESH_TOKEN"


def test_what_is_no_access_token(hubspot: HubSpot, http: httpx2.Client, connect: Connect) -> None:
    """It is told to have the wrong format, and so is one that is past its time."""
    body = connect()

    for wrong in ("x", body["refresh_token"]):
        answer = http.get(f"{ACCESS}/{wrong}")
        assert answer.status_code == 400
        assert answer.json()["message"] == "The access token must have the correct format"
    assert http.get(f"{ACCESS}/{body['access_token']}").status_code == 200
    hubspot.clock.move(1801)
    assert http.get(f"{ACCESS}/{body['access_token']}").status_code == 400


def test_tokens_in_paths_are_not_kept(
    hubspot: HubSpot, http: httpx2.Client, connect: Connect
) -> None:
    """A logged request is shown without the token that stood in its path."""
    body = connect()
    http.get(f"{ACCESS}/{body['access_token']}")
    http.delete(f"{REFRESH}/{body['refresh_token']}")
    http.get(f"{REFRESH}/{body['refresh_token']}/")

    assert [asked.path for asked in hubspot.requests[-3:]] == [
        f"{ACCESS}/...",
        f"{REFRESH}/...",
        f"{REFRESH}/...",
    ]


@pytest.mark.parametrize(
    ("method", "path"),
    [("POST", TOKEN), ("GET", f"{ACCESS}/x"), ("GET", f"{REFRESH}/x"), ("DELETE", f"{REFRESH}/x")],
)
def test_after_the_end(hubspot: HubSpot, http: httpx2.Client, method: str, path: str) -> None:
    """Every call is an error that names the newer path."""
    hubspot.switches.v1 = "ended"

    answer = http.request(method, path)
    assert answer.status_code == 410
    assert answer.json()["status"] == "error"
    assert "/oauth/2026-09/token" in answer.json()["message"]
    assert "Sunset" not in answer.headers


def test_refresh_tokens_outlive_v1(
    hubspot: HubSpot, post: Send, connect: Connect, refresh: Send
) -> None:
    """A refresh token of v1 works on the newer path, without asking anybody again."""
    old = post(TOKEN, grant_type="refresh_token", refresh_token=connect()["refresh_token"]).json()
    hubspot.switches.v1 = "ended"

    refresh(old["refresh_token"]).raise_for_status()
