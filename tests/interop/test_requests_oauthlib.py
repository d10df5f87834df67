"""requests-oauthlib: its session with automatic refreshing.

The lines that differ: the two endpoints' host; and OAUTHLIB_INSECURE_TRANSPORT, which oauthlib asks
for where a server on this machine has no https.
"""

from typing import Any

import pytest
from oauthlib.oauth2.rfc6749.errors import InvalidGrantError
from requests_oauthlib import OAuth2Session

from portalkey_simulator import HubSpot

REDIRECT_URI = "https://app.example.com/callback"
SCOPES = ["oauth", "crm.objects.contacts.read"]


def test_the_whole_way(hubspot: HubSpot) -> None:
    """State, exchange, a call, refreshing by itself after the end, and a dead refresh token."""
    kept: list[dict[str, Any]] = []
    app = {"client_id": hubspot.app.client_id, "client_secret": hubspot.app.client_secret}
    token_url = f"{hubspot.url}/oauth/2026-03/token"
    session = OAuth2Session(
        hubspot.app.client_id,
        scope=SCOPES,
        redirect_uri=REDIRECT_URI,
        auto_refresh_url=token_url,
        auto_refresh_kwargs=app,
        token_updater=kept.append,
    )
    url, _ = session.authorization_url(f"{hubspot.url}/oauth/authorize")

    token = session.fetch_token(
        token_url,
        authorization_response=hubspot.approve(url),
        client_secret=hubspot.app.client_secret,
        include_client_id=True,
    )
    assert token["hub_id"] == 4410001

    hubspot.clock.move(1900)
    session.token = {**token, "expires_at": 1}
    details = session.get(f"{hubspot.url}/account-info/2026-03/details")
    assert details.json()["portalId"] == 4410001
    assert kept[0]["access_token"] != token["access_token"]

    hubspot.uninstall(4410001)
    with pytest.raises(InvalidGrantError, match="expired or revoked"):
        session.refresh_token(token_url, **app)


def test_basic_authentication_is_not_looked_at(hubspot: HubSpot) -> None:
    """Its default, credentials in a header, is one that HubSpot does not document."""
    session = OAuth2Session(hubspot.app.client_id, scope=SCOPES, redirect_uri=REDIRECT_URI)
    url, _ = session.authorization_url(f"{hubspot.url}/oauth/authorize")

    with pytest.raises(Exception, match="invalid_client"):
        session.fetch_token(
            f"{hubspot.url}/oauth/2026-03/token",
            authorization_response=hubspot.approve(url),
            client_secret=hubspot.app.client_secret,
        )
