"""Refresh tokens, and what every token request has to look like."""

from collections.abc import Callable
from typing import Any

import httpx2
import pytest

from portalkey_simulator import DEFAULT_APP, TOKEN_REFUSALS, App, HubSpot, running_hubspot

GetCode = Callable[..., str]
Send = Callable[..., httpx2.Response]
Connect = Callable[..., dict[str, Any]]


def refused(answer: httpx2.Response) -> str:
    """HubSpot's word for a refusal, once the whole answer is as the table has it."""
    word = str(answer.json()["status"])
    row = TOKEN_REFUSALS[word]
    assert row.http_status == answer.status_code
    assert {
        "status": word,
        "message": row.message,
        "error": row.error,
        "error_description": row.message,
    } == answer.json()
    return word


@pytest.mark.parametrize("version", ["2026-03", "2026-09"])
def test_dated_versions(
    version: str, hubspot: HubSpot, get_code: GetCode, post: Send, connect: Connect
) -> None:
    """Both dated versions answer alike."""
    answer = post(
        f"/oauth/{version}/token",
        grant_type="authorization_code",
        code=get_code(),
        redirect_uri=hubspot.app.redirect_uris[0],
    )

    assert set(connect()) == set(answer.json())


@pytest.mark.parametrize("version", ["v2", "v4", "2026-04", "2025-09"])
def test_other_versions(version: str, post: Send) -> None:
    """No other version is found."""
    for path in ("token", "token/introspect", "token/revoke"):
        assert post(f"/oauth/{version}/{path}").status_code == 404


def test_refresh_keeps_the_refresh_token(connect: Connect, refresh: Send) -> None:
    """HubSpot does not rotate: the same refresh token comes back, beside a new access token."""
    first = connect()
    second = refresh(first["refresh_token"], redirect_uri="http://localhost/tolerated").json()

    assert first["refresh_token"] == second["refresh_token"]
    assert first["access_token"] != second["access_token"]
    assert set(first) == set(second)
    assert first["scopes"] == second["scopes"]


def test_rotation(hubspot: HubSpot, connect: Connect, refresh: Send) -> None:
    """A switch lets every refresh end the refresh token it came with."""
    hubspot.switches.rotate_refresh_tokens = True
    first = connect()["refresh_token"]
    second = refresh(first).json()["refresh_token"]

    assert first != second
    assert refused(refresh(first)) == "BAD_REFRESH_TOKEN"
    refresh(second).raise_for_status()


@pytest.mark.parametrize("refresh_token", ["", "na1-unknown", "x" * 10_000])
def test_unknown_refresh_token(refresh: Send, refresh_token: str) -> None:
    """An unknown refresh token is refused with HubSpot's documented row."""
    assert refused(refresh(refresh_token)) == "BAD_REFRESH_TOKEN"


def test_access_token_does_not_refresh(connect: Connect, refresh: Send) -> None:
    """The two kinds are not taken for each other."""
    assert refused(refresh(connect()["access_token"])) == "BAD_REFRESH_TOKEN"


def test_refresh_token_of_another_app() -> None:
    """A refresh token belongs to the app it was issued to."""
    other = App(client_id="other", client_secret="s", redirect_uris=DEFAULT_APP.redirect_uris)
    with running_hubspot(apps=[other, DEFAULT_APP]) as hubspot, httpx2.Client() as http:
        url = f"{hubspot.url}/oauth/2026-03/token"
        uri = other.redirect_uris[0]
        asked = httpx2.QueryParams(client_id="other", redirect_uri=uri, scope="oauth")
        callback = httpx2.URL(hubspot.approve(f"{hubspot.url}/oauth/authorize?{asked}"))
        form = {"client_id": "other", "client_secret": "s", "redirect_uri": uri}
        form |= {"grant_type": "authorization_code", "code": callback.params["code"]}
        form = {
            "grant_type": "refresh_token",
            "refresh_token": http.post(url, data=form).json()["refresh_token"],
            "client_id": DEFAULT_APP.client_id,
            "client_secret": DEFAULT_APP.client_secret,
        }
        assert refused(http.post(url, data=form)) == "MISMATCH_REFRESH_TOKEN_CLIENT"


def test_uninstalled_app(
    hubspot: HubSpot, http: httpx2.Client, connect: Connect, refresh: Send
) -> None:
    """Uninstalling ends every refresh token of that account, no other, and no access token."""
    mine, yours, elsewhere = connect(4410001), connect(4410001), connect(4410002)
    hubspot.uninstall(4410001)

    assert refused(refresh(mine["refresh_token"])) == "BAD_REFRESH_TOKEN"
    assert refused(refresh(yours["refresh_token"])) == "BAD_REFRESH_TOKEN"
    refresh(elsewhere["refresh_token"]).raise_for_status()
    headers = {"Authorization": f"Bearer {mine['access_token']}"}
    http.get("/account-info/2026-03/details", headers=headers).raise_for_status()


def test_body_that_is_no_form(hubspot: HubSpot, http: httpx2.Client, get_code: GetCode) -> None:
    """JSON and multipart hold no grant type, nor does a form that does not say it is one."""
    form = {
        "grant_type": "authorization_code",
        "code": get_code(),
        "redirect_uri": hubspot.app.redirect_uris[0],
        "client_id": hubspot.app.client_id,
        "client_secret": hubspot.app.client_secret,
    }
    path = "/oauth/2026-03/token"

    assert refused(http.post(path, json=form)) == "BAD_GRANT_TYPE"
    files = {name: (None, value) for name, value in form.items()}
    assert refused(http.post(path, files=files)) == "BAD_GRANT_TYPE"
    text = str(httpx2.QueryParams(form))
    for headers in ({}, {"Content-Type": "text/plain"}, {"Content-Type": "application/json"}):
        assert refused(http.post(path, content=text, headers=headers)) == "BAD_GRANT_TYPE"
    http.post(path, data=form).raise_for_status()


@pytest.mark.parametrize("path", ["token", "token/introspect", "token/revoke"])
@pytest.mark.parametrize("name", ["client_secret", "refresh_token", "code", "token"])
def test_secret_in_the_url(post: Send, path: str, name: str) -> None:
    """A secret may not stand in a URL, even if the body has it too."""
    assert refused(post(f"/oauth/2026-03/{path}?{name}=x")) == "SECRET_IN_URL"


def test_harmless_query(connect: Connect, post: Send) -> None:
    """Anything else in the URL is not looked at."""
    token = connect()["refresh_token"]
    answer = post(
        "/oauth/2026-03/token?grant_type=password", grant_type="refresh_token", refresh_token=token
    )
    answer.raise_for_status()


@pytest.mark.parametrize(
    ("name", "word"),
    [
        ("grant_type", "BAD_GRANT_TYPE"),
        ("client_id", "BAD_CLIENT_ID"),
        ("client_secret", "BAD_CLIENT_SECRET"),
        ("refresh_token", "BAD_REFRESH_TOKEN"),
    ],
)
def test_field_given_twice(
    hubspot: HubSpot, http: httpx2.Client, connect: Connect, name: str, word: str
) -> None:
    """A field that comes twice counts as missing (RFC 6749 section 3.2)."""
    form = {
        "grant_type": "refresh_token",
        "refresh_token": connect()["refresh_token"],
        "client_id": hubspot.app.client_id,
        "client_secret": hubspot.app.client_secret,
    }
    body = f"{httpx2.QueryParams(form)}&{httpx2.QueryParams({name: form[name]})}"
    headers = {"Content-Type": "application/x-www-form-urlencoded"}

    answer = http.post("/oauth/2026-03/token", content=body, headers=headers)
    assert word == refused(answer)
