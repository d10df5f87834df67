"""hubspot-api-client, HubSpot's own for Python. It speaks OAuth v1 only.

The line that differs: ``HubSpot(host=...)``, and the host of the URL that its helper makes.
"""

from collections.abc import Callable

import pytest
from hubspot import HubSpot as Client
from hubspot.crm.deals.exceptions import ForbiddenException
from hubspot.oauth.exceptions import ApiException
from hubspot.utils.oauth import get_auth_url

from portalkey_simulator import HubSpot

REDIRECT_URI = "https://app.example.com/callback"
SCOPES = ("oauth", "crm.objects.contacts.read")


@pytest.fixture
def client(hubspot: HubSpot) -> Client:
    """The SDK's client."""
    return Client(host=hubspot.url)


@pytest.fixture
def authorize_url(hubspot: HubSpot) -> str:
    """The URL as the SDK's helper makes it."""
    url: str = get_auth_url(
        client_id=hubspot.app.client_id, redirect_uri=REDIRECT_URI, scope=SCOPES, state="s"
    )
    return url.replace("https://app.hubspot.com", hubspot.url)


def app_of(hubspot: HubSpot) -> dict[str, str]:
    """The app's credentials, as the SDK takes them."""
    return {"client_id": hubspot.app.client_id, "client_secret": hubspot.app.client_secret}


def test_the_whole_way(
    hubspot: HubSpot, client: Client, authorize_url: str, code_of: Callable[[str], str]
) -> None:
    """Exchange, refresh, who it is, contacts, and the end of the refresh token."""
    tokens = client.oauth.tokens_api.create(
        grant_type="authorization_code",
        redirect_uri=REDIRECT_URI,
        code=code_of(authorize_url),
        **app_of(hubspot),
    )
    assert (tokens.token_type, tokens.expires_in) == ("bearer", 1800)

    again = client.oauth.tokens_api.create(
        grant_type="refresh_token", refresh_token=tokens.refresh_token, **app_of(hubspot)
    )
    assert again.refresh_token == tokens.refresh_token
    assert again.access_token != tokens.access_token

    who = client.oauth.access_tokens_api.get(again.access_token)
    assert (who.hub_id, who.hub_domain, who.user) == (
        4410001,
        "harbourpine.example",
        "maya@harbourpine.example",
    )
    assert client.oauth.refresh_tokens_api.get(again.refresh_token).hub_id == 4410001

    client.access_token = again.access_token
    page = client.crm.contacts.basic_api.get_page(limit=2)
    assert len(page.results) == 2
    assert page.results[0].properties["email"]

    client.oauth.refresh_tokens_api.archive(again.refresh_token)
    with pytest.raises(ApiException, match="BAD_REFRESH_TOKEN"):
        client.oauth.tokens_api.create(
            grant_type="refresh_token", refresh_token=again.refresh_token, **app_of(hubspot)
        )


def test_a_scope_that_was_not_given(
    hubspot: HubSpot, client: Client, authorize_url: str, code_of: Callable[[str], str]
) -> None:
    """The SDK raises its own error, with HubSpot's category in it."""
    tokens = client.oauth.tokens_api.create(
        grant_type="authorization_code",
        redirect_uri=REDIRECT_URI,
        code=code_of(authorize_url),
        **app_of(hubspot),
    )
    client.access_token = tokens.access_token

    with pytest.raises(ForbiddenException, match="MISSING_SCOPES"):
        client.crm.deals.basic_api.get_page()


def test_after_the_end_of_v1(
    hubspot: HubSpot, client: Client, authorize_url: str, code_of: Callable[[str], str]
) -> None:
    """From 2027-02-16 on this SDK's OAuth is answered with errors."""
    hubspot.switches.v1 = "ended"

    with pytest.raises(ApiException, match="ended"):
        client.oauth.tokens_api.create(
            grant_type="authorization_code",
            redirect_uri=REDIRECT_URI,
            code=code_of(authorize_url),
            **app_of(hubspot),
        )
