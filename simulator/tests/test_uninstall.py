"""An app that takes itself out of an account."""

from collections.abc import Callable
from typing import Any

import httpx2
import pytest

from portalkey_simulator import HubSpot

Send = Callable[..., httpx2.Response]
Connect = Callable[..., dict[str, Any]]
Grant = Callable[..., dict[str, str]]


@pytest.mark.parametrize("version", ["v3", "2026-03", "2026-09"])
def test_uninstall(
    hubspot: HubSpot, http: httpx2.Client, connect: Connect, refresh: Send, version: str
) -> None:
    """Every refresh token of the app in that account ends, and those elsewhere live on."""
    mine, yours, elsewhere = connect(), connect(), connect(4410002)
    headers = {"Authorization": f"Bearer {mine['access_token']}"}

    answer = http.delete(f"/appinstalls/{version}/external-install", headers=headers)

    assert (answer.status_code, answer.content) == (204, b"")
    for each in (mine, yours):
        assert refresh(each["refresh_token"]).json()["status"] == "BAD_REFRESH_TOKEN"
    refresh(elsewhere["refresh_token"]).raise_for_status()
    event = hubspot._world.lifecycle.events[-1]
    assert (event.action, event.hub_id) == ("APP_UNINSTALL", 4410001)


def test_who_may_not(http: httpx2.Client, connect: Connect, refresh: Send, grant: Grant) -> None:
    """It takes an access token with the scope ``oauth``, and anything else changes nothing."""
    body = connect()
    path = "/appinstalls/2026-09/external-install"

    assert http.delete(path).status_code == 401
    headers = {"Authorization": f"Bearer {body['refresh_token']}"}
    assert http.delete(path, headers=headers).status_code == 401
    answer = http.delete(path, headers=grant("tickets"))
    assert answer.status_code == 403
    assert answer.json()["errors"][0]["context"]["requiredScopes"] == ["oauth"]
    refresh(body["refresh_token"]).raise_for_status()
