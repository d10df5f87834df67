"""Tokens that an app gets for itself: ``client_credentials``."""

from collections.abc import Callable
from typing import Any

import httpx2
import pytest

from portalkey_simulator import App, HubSpot, running_hubspot

Send = Callable[..., httpx2.Response]

READ = "developer.webhooks_journal.read"
SUBSCRIPTIONS = "developer.webhooks_journal.subscriptions.write"


@pytest.mark.parametrize("path", ["/oauth/2026-03/token", "/oauth/v3/token", "/oauth/v1/token"])
def test_app_token(post: Send, path: str) -> None:
    """It comes without a refresh token, for the scopes that were asked for."""
    answer = post(path, grant_type="client_credentials", scope=f"{READ} {SUBSCRIPTIONS} {READ}")
    body = answer.raise_for_status().json()

    assert body.pop("access_token")
    assert body == {
        "token_type": "bearer",
        "token_use": "client_credentials",
        "expires_in": 1800,
        "scopes": [READ, SUBSCRIPTIONS],
    }


@pytest.mark.parametrize("scope", [None, "", "oauth", f"{READ} oauth", "crm.objects.contacts.read"])
def test_scopes_that_no_app_has_for_itself(post: Send, scope: str | None) -> None:
    """It is for the webhooks journal only."""
    answer = post(grant_type="client_credentials", scope=scope)

    assert (answer.status_code, answer.json()["status"]) == (400, "BAD_SCOPES")


def test_without_scopes_in_the_answer(hubspot: HubSpot, post: Send) -> None:
    """The switch for ``scopes`` holds here too."""
    hubspot.switches.sends_scopes = False

    assert "scopes" not in post(grant_type="client_credentials", scope=READ).json()


def test_app_on_the_level_of_users() -> None:
    """Such an app has nothing for itself."""
    app = App("c", "s", ("https://app.example/",), is_user_level=True)
    form = {"grant_type": "client_credentials", "client_id": "c", "client_secret": "s"}
    with running_hubspot(apps=[app]) as hubspot, httpx2.Client(base_url=hubspot.url) as http:
        answer = http.post("/oauth/2026-03/token", data=form | {"scope": READ})

    assert answer.status_code == 400
    assert answer.json()["status"] == "USER_LEVEL_CLIENT_CREDENTIALS_NOT_SUPPORTED"


def test_app_token_opens_no_account(
    http: httpx2.Client, app_token: Callable[..., dict[str, str]], post: Send
) -> None:
    """It is no account's, neither for reading nor for introspection."""
    headers = app_token("read")

    assert http.get("/account-info/2026-03/details", headers=headers).status_code == 401
    token: Any = headers["Authorization"].removeprefix("Bearer ")
    assert post("/oauth/2026-03/token/introspect", token=token).json() == {"active": False}
