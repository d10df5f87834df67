"""Account data, and how it is withheld."""

import re
from collections.abc import Callable
from typing import Any

import httpx2
import pytest

from portalkey_simulator import App, HubSpot, running_hubspot

Connect = Callable[..., dict[str, Any]]

DETAILS = "/account-info/2026-03/details"


def bearer(token: str) -> dict[str, str]:
    """The header that carries a *token*."""
    return {"Authorization": f"Bearer {token}"}


@pytest.mark.parametrize("version", ["2026-03", "2026-09"])
def test_details_of_an_eu_account(http: httpx2.Client, connect: Connect, version: str) -> None:
    """The account's facts have HubSpot's names."""
    token = connect(4410002)["access_token"]

    assert http.get(f"/account-info/{version}/details", headers=bearer(token)).json() == {
        "portalId": 4410002,
        "accountType": "STANDARD",
        "timeZone": "Europe/Berlin",
        "utcOffset": "+01:00",
        "utcOffsetMilliseconds": 3_600_000,
        "companyCurrency": "EUR",
        "additionalCurrencies": [],
        "uiDomain": "app-eu1.hubspot.com",
        "dataHostingLocation": "eu1",
    }


def test_calls_of_the_day_by_private_apps(http: httpx2.Client, connect: Connect) -> None:
    """None were made, as no private app is there."""
    path = "/account-info/2026-09/api-usage/daily/private-apps"
    [usage] = http.get(path, headers=bearer(connect()["access_token"])).json()["results"]

    assert (usage["name"], usage["currentUsage"]) == ("private-apps-api-calls-daily", 0)
    assert usage["collectedAt"] < usage["resetsAt"]
    assert http.get(path).status_code == 401


def test_details_of_a_us_account(http: httpx2.Client, connect: Connect) -> None:
    """West of Greenwich the offset is negative, and the first hublet has no name in the host."""
    body = http.get(DETAILS, headers=bearer(connect()["access_token"])).json()

    assert (body["utcOffset"], body["utcOffsetMilliseconds"]) == ("-05:00", -18_000_000)
    assert (body["uiDomain"], body["dataHostingLocation"]) == ("app.hubspot.com", "na1")


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": "Basic Zm9v"},
        {"Authorization": "Bearer"},
        bearer("garbage"),
        bearer("a b"),
    ],
)
def test_no_credentials(http: httpx2.Client, headers: dict[str, str]) -> None:
    """Missing and garbled credentials get the same 401."""
    answer = http.get(DETAILS, headers=headers)

    assert answer.status_code == 401
    assert answer.headers["X-HubSpot-Auth-Failure"] == "401 Unauthorized"
    body = answer.json()
    assert (body["status"], body["category"]) == ("error", "INVALID_AUTHENTICATION")
    assert body["message"].startswith("Authentication credentials not found.")
    assert body["correlationId"]


def test_token_in_the_wrong_place(http: httpx2.Client, connect: Connect) -> None:
    """A refresh token opens nothing here, and an access token only as a bearer token."""
    body = connect()
    access = body["access_token"]

    for value in (f"Bearer {body['refresh_token']}", f"Basic {access}", access):
        assert http.get(DETAILS, headers={"Authorization": value}).status_code == 401
    assert http.get(DETAILS, params={"access_token": access}).status_code == 401


@pytest.mark.parametrize(
    ("ahead", "ago"),
    [
        (1805, r"\d second"),
        (1800 + 150, "2 minute"),
        (1800 + 7500, "2 hour"),
        (1800 + 3 * 86400 + 60, "3 day"),
    ],
)
def test_expired_token(
    hubspot: HubSpot, http: httpx2.Client, connect: Connect, ahead: int, ago: str
) -> None:
    """An expired token gets a 401 that says since when."""
    token = connect()["access_token"]
    hubspot.clock.move(ahead)

    answer = http.get(DETAILS, headers=bearer(token))
    body = answer.json()
    assert (answer.status_code, body["category"]) == (401, "EXPIRED_AUTHENTICATION")
    assert answer.headers["X-HubSpot-Auth-Failure"] == "401 Unauthorized"
    sentence = rf"The OAuth token used to make this call expired {ago}\(s\) ago\."
    assert re.fullmatch(sentence, body["message"])
    [moment] = body["context"]["expire time"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", moment)


def test_expired_just_now(hubspot: HubSpot, http: httpx2.Client, connect: Connect) -> None:
    """A token is over at its last second: "expired 0 second(s) ago" was seen in the wild."""
    hubspot.switches.access_token_seconds = 0

    answer = http.get(DETAILS, headers=bearer(connect()["access_token"]))
    assert "expired 0 second(s) ago" in answer.json()["message"]


def test_token_that_is_still_good(hubspot: HubSpot, http: httpx2.Client, connect: Connect) -> None:
    """A token works to its end, and its scheme is written in any case."""
    token = connect()["access_token"]
    hubspot.clock.move(1790)

    answer = http.get(DETAILS, headers={"Authorization": f"bEaReR {token}"})
    assert answer.status_code == 200


def test_other_versions(http: httpx2.Client, connect: Connect) -> None:
    """No other version is found."""
    headers = bearer(connect()["access_token"])

    assert http.get("/account-info/v2/details", headers=headers).status_code == 404


def test_scope_is_missing() -> None:
    """A token without the scope ``oauth`` gets HubSpot's 403."""
    uri = "https://app.example/"
    app = App(client_id="c", client_secret="s", redirect_uris=(uri,), required_scopes=())
    with running_hubspot(apps=[app]) as hubspot, httpx2.Client(base_url=hubspot.url) as http:
        hubspot.switches.oauth_required = False
        url = f"{hubspot.url}/oauth/authorize?client_id=c&scope=tickets&redirect_uri={uri}"
        form = {"client_id": "c", "client_secret": "s", "redirect_uri": uri}
        form |= {"grant_type": "authorization_code"}
        form |= {"code": httpx2.URL(hubspot.approve(url)).params["code"]}
        token = http.post("/oauth/2026-03/token", data=form).json()["access_token"]

        answer = http.get(DETAILS, headers=bearer(token))
    assert (answer.status_code, answer.json()["category"]) == (403, "MISSING_SCOPES")
    assert answer.json()["errors"][0]["context"]["requiredScopes"] == ["oauth"]
