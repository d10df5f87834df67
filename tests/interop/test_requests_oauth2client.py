"""requests-oauth2client, which is strict about RFCs and sends PKCE unasked.

The lines that differ: the endpoints' host; and ``testing=True``, which it asks for where a server
on this machine has no https.
"""

import pytest
import requests
from requests_oauth2client import InvalidGrant, OAuth2AccessTokenAuth, OAuth2Client

from portalkey_simulator import HubSpot

REDIRECT_URI = "https://app.example.com/callback"


def test_the_whole_way(hubspot: HubSpot) -> None:
    """PKCE and state, exchange, a call, refreshing by itself, introspection, and a dead token."""
    client = OAuth2Client(
        token_endpoint=f"{hubspot.url}/oauth/2026-09/token",
        authorization_endpoint=f"{hubspot.url}/oauth/authorize",
        introspection_endpoint=f"{hubspot.url}/oauth/2026-09/token/introspect",
        revocation_endpoint=f"{hubspot.url}/oauth/2026-09/token/revoke",
        redirect_uri=REDIRECT_URI,
        client_id=hubspot.app.client_id,
        client_secret=hubspot.app.client_secret,
        testing=True,
    )
    asked = client.authorization_request(scope="oauth crm.objects.contacts.read")
    assert asked.code_challenge
    returned = asked.validate_callback(hubspot.approve(asked.uri))
    first = client.authorization_code(returned)
    assert first.hub_id == 4410001

    hubspot.clock.move(1900)
    renewing = OAuth2AccessTokenAuth(client, first, leeway=3600)
    answer = requests.get(f"{hubspot.url}/account-info/2026-09/details", auth=renewing, timeout=10)
    assert answer.json()["portalId"] == 4410001
    assert renewing.token is not None
    assert str(renewing.token) != str(first)
    assert client.introspect_token(str(renewing.token))["active"]

    assert client.revoke_refresh_token(first.refresh_token)
    with pytest.raises(InvalidGrant):
        client.refresh_token(first.refresh_token)
