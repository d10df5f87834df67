"""Authlib: its session for requests, with PKCE and refreshing by itself.

The lines that differ: the two endpoints' host.
"""

from urllib.parse import parse_qs, urlsplit

import pytest
from authlib.common.security import generate_token
from authlib.integrations.base_client.errors import OAuthError
from authlib.integrations.requests_client import OAuth2Session

from portalkey_simulator import HubSpot

REDIRECT_URI = "https://app.example.com/callback"


@pytest.fixture
def session(hubspot: HubSpot) -> OAuth2Session:
    """The session, as for any provider that wants its credentials in the body."""
    return OAuth2Session(
        hubspot.app.client_id,
        hubspot.app.client_secret,
        scope="oauth crm.objects.contacts.read",
        redirect_uri=REDIRECT_URI,
        token_endpoint=f"{hubspot.url}/oauth/2026-03/token",
        token_endpoint_auth_method="client_secret_post",
        revocation_endpoint_auth_method="client_secret_post",
        code_challenge_method="S256",
    )


def test_the_whole_way(hubspot: HubSpot, session: OAuth2Session) -> None:
    """PKCE and state, exchange, a call, refreshing by itself after the end, and introspection."""
    verifier = generate_token(48)
    url, state = session.create_authorization_url(
        f"{hubspot.url}/oauth/authorize", code_verifier=verifier
    )
    callback = hubspot.approve(url)
    assert parse_qs(urlsplit(callback).query)["state"] == [state]

    session.state = state
    first = session.fetch_token(authorization_response=callback, code_verifier=verifier)
    assert first["hub_id"] == 4410001

    hubspot.clock.move(1900)
    session.token = {**first, "expires_at": 0}
    answer = session.get(f"{hubspot.url}/account-info/2026-03/details")
    assert answer.json()["portalId"] == 4410001
    assert session.token["access_token"] != first["access_token"]
    assert session.token["refresh_token"] == first["refresh_token"]

    told = session.introspect_token(
        f"{hubspot.url}/oauth/2026-03/token/introspect", token=session.token["access_token"]
    )
    assert told.json()["active"]
    session.revoke_token(
        f"{hubspot.url}/oauth/2026-03/token/revoke", token=session.token["refresh_token"]
    )
    with pytest.raises(OAuthError, match="invalid_grant"):
        session.refresh_token(refresh_token=first["refresh_token"])


def test_a_wrong_verifier(hubspot: HubSpot, session: OAuth2Session) -> None:
    """PKCE is enforced, and Authlib reads HubSpot's refusal as RFC 6749 has it."""
    url, _ = session.create_authorization_url(
        f"{hubspot.url}/oauth/authorize", code_verifier=generate_token(48)
    )
    callback = hubspot.approve(url)

    with pytest.raises(OAuthError, match="invalid_grant"):
        session.fetch_token(authorization_response=callback, code_verifier=generate_token(48))
