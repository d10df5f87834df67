"""oauthlib alone, which makes requests and reads answers, and leaves the sending to others.

The lines that differ: the two endpoints' host.
"""

import pytest
import requests
from oauthlib.oauth2 import WebApplicationClient
from oauthlib.oauth2.rfc6749.errors import InvalidGrantError

from portalkey_simulator import HubSpot

REDIRECT_URI = "https://app.example.com/callback"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def test_the_whole_way(hubspot: HubSpot) -> None:
    """PKCE and state, exchange, refresh, revocation, and the refusal that follows."""
    client = WebApplicationClient(hubspot.app.client_id)
    verifier = client.create_code_verifier(64)
    url = client.prepare_request_uri(
        f"{hubspot.url}/oauth/authorize",
        redirect_uri=REDIRECT_URI,
        scope=["oauth", "tickets"],
        state="s",
        code_challenge=client.create_code_challenge(verifier, "S256"),
        code_challenge_method="S256",
    )
    returned = client.parse_request_uri_response(hubspot.approve(url), state="s")

    body = client.prepare_request_body(
        code=returned["code"],
        redirect_uri=REDIRECT_URI,
        client_secret=hubspot.app.client_secret,
        code_verifier=verifier,
    )
    token_url = f"{hubspot.url}/oauth/2026-03/token"
    tokens = client.parse_request_body_response(
        requests.post(token_url, body, headers=FORM, timeout=10).text
    )
    assert (tokens["token_type"], tokens["hub_id"]) == ("bearer", 4410001)

    secret = {"client_id": hubspot.app.client_id, "client_secret": hubspot.app.client_secret}
    again = client.prepare_refresh_body(refresh_token=tokens["refresh_token"], **secret)
    refreshed = client.parse_request_body_response(
        requests.post(token_url, again, headers=FORM, timeout=10).text
    )
    assert refreshed["access_token"] != tokens["access_token"]

    url, headers, body = client.prepare_token_revocation_request(
        f"{hubspot.url}/oauth/2026-03/token/revoke",
        tokens["refresh_token"],
        "refresh_token",
        **secret,
    )
    assert requests.post(url, body, headers=headers, timeout=10).status_code == 200
    with pytest.raises(InvalidGrantError):
        client.parse_request_body_response(
            requests.post(token_url, again, headers=FORM, timeout=10).text
        )
