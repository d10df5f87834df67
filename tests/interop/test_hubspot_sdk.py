"""hubspot-sdk, HubSpot's newer one for Python, which sends its OAuth bodies as JSON.

The line that differs: ``base_url=...``. It has no helper for authorize URLs.
"""

from collections.abc import Callable, Iterator
from urllib.parse import urlencode

import pytest
from hubspot_sdk import APIStatusError, AuthenticationError, BadRequestError
from hubspot_sdk import HubSpot as Client

from portalkey_simulator import HubSpot

REDIRECT_URI = "https://app.example.com/callback"


@pytest.fixture
def client(hubspot: HubSpot) -> Iterator[Client]:
    """The SDK's client."""
    with Client(access_token="not yet", base_url=hubspot.url, max_retries=0) as running:
        yield running


@pytest.fixture
def code(hubspot: HubSpot, code_of: Callable[[str], str]) -> str:
    """A code, got by hand."""
    query = urlencode(
        {
            "client_id": hubspot.app.client_id,
            "redirect_uri": REDIRECT_URI,
            "scope": "oauth crm.objects.contacts.read",
        }
    )
    return code_of(f"{hubspot.url}/oauth/authorize?{query}")


def test_json_is_refused(hubspot: HubSpot, client: Client, code: str) -> None:
    """Where only forms are read, as HubSpot documents it, the SDK gets HubSpot's refusal."""
    with pytest.raises(BadRequestError, match="BAD_GRANT_TYPE"):
        client.auth.oauth.create_token(
            grant_type="authorization_code",
            code=code,
            redirect_uri=REDIRECT_URI,
            client_id=hubspot.app.client_id,
            client_secret=hubspot.app.client_secret,
        )


def test_the_whole_way(hubspot: HubSpot, client: Client, code: str) -> None:
    """Where JSON is read: exchange, who it is, the account, contacts, and the end."""
    hubspot.switches.json_bodies = "read"
    app = {"client_id": hubspot.app.client_id, "client_secret": hubspot.app.client_secret}
    tokens = client.auth.oauth.create_token(
        grant_type="authorization_code", code=code, redirect_uri=REDIRECT_URI, **app
    )
    assert (tokens.token_use, tokens.hub_id) == ("access_token", 4410001)

    again = client.auth.oauth.create_token(
        grant_type="refresh_token", refresh_token=tokens.refresh_token, **app
    )
    told = client.auth.oauth.introspect_token(token=again.access_token, **app)
    assert (told.active, told.hub_id) == (True, 4410001)

    client.access_token = again.access_token
    assert client.account.get().portal_id == 4410001
    assert client.crm.objects.contacts.list(limit=2).results

    client.auth.oauth.revoke_token(token=again.refresh_token, **app)
    with pytest.raises(BadRequestError, match="BAD_REFRESH_TOKEN"):
        client.auth.oauth.create_token(
            grant_type="refresh_token", refresh_token=again.refresh_token, **app
        )


def test_an_unknown_token(client: Client) -> None:
    """The SDK raises its own error for HubSpot's 401."""
    with pytest.raises(AuthenticationError) as caught:
        client.account.get()
    assert isinstance(caught.value, APIStatusError)
    assert caught.value.status_code == 401
