"""httpx-oauth, which FastAPI Users is built on; it has no client for HubSpot of its own.

The lines that differ: the endpoints' host.
"""

import asyncio
from collections.abc import Callable

import pytest
from httpx_oauth.oauth2 import OAuth2, RefreshTokenError

from portalkey_simulator import HubSpot

REDIRECT_URI = "https://app.example.com/callback"


def test_the_whole_way(hubspot: HubSpot, code_of: Callable[[str], str]) -> None:
    """State, exchange, refresh, revocation, and the refusal that follows."""
    client = OAuth2(
        hubspot.app.client_id,
        hubspot.app.client_secret,
        authorize_endpoint=f"{hubspot.url}/oauth/authorize",
        access_token_endpoint=f"{hubspot.url}/oauth/2026-09/token",
        refresh_token_endpoint=f"{hubspot.url}/oauth/2026-09/token",
        revoke_token_endpoint=f"{hubspot.url}/oauth/2026-09/token/revoke",
        base_scopes=["oauth", "crm.objects.contacts.read"],
        token_endpoint_auth_method="client_secret_post",
        revocation_endpoint_auth_method="client_secret_post",
    )

    async def walk() -> None:
        url = await client.get_authorization_url(REDIRECT_URI, state="s")
        first = await client.get_access_token(code_of(url), REDIRECT_URI)
        assert (first["hub_id"], first.is_expired()) == (4410001, False)
        again = await client.refresh_token(first["refresh_token"])
        assert again["access_token"] != first["access_token"]
        await client.revoke_token(first["refresh_token"], "refresh_token")
        with pytest.raises(RefreshTokenError) as caught:
            await client.refresh_token(first["refresh_token"])
        assert caught.value.response is not None
        assert caught.value.response.json()["error"] == "invalid_grant"

    asyncio.run(walk())
