"""Taking the app out of an account: the request, and what each answer means."""

import pytest
from pydantic import SecretStr

from portalkey.errors import HubSpotRefused, HubSpotUnavailable, PortalkeyError, RateLimited
from portalkey.hubspot.http import Response
from portalkey.hubspot.install import read_uninstall, uninstall_request
from portalkey.settings import Settings


def test_the_token_is_in_a_header(settings: Settings) -> None:
    """Never in the address, and the version is the one in use."""
    request = uninstall_request(settings, SecretStr("a token"))

    path = f"/appinstalls/{settings.api_version}/external-install"
    assert (request.method, request.url) == ("DELETE", settings.api_url + path)
    assert request.bearer is not None
    assert request.bearer.get_secret_value() == "a token"
    assert dict(request.form) == {}


@pytest.mark.parametrize("response", [Response(204), Response(200, {}, b"{}")])
def test_it_is_done(response: Response) -> None:
    """HubSpot answers with nothing."""
    read_uninstall(response)


@pytest.mark.parametrize(
    ("response", "error"),
    [
        (Response(200, {}, b"<!doctype html>"), HubSpotUnavailable),
        (Response(302), PortalkeyError),
        (Response(401), HubSpotRefused),
        (Response(404), HubSpotRefused),
        (Response(429), RateLimited),
        (Response(503), HubSpotUnavailable),
    ],
)
def test_it_may_not_be_done(response: Response, error: type[PortalkeyError]) -> None:
    """Whatever is no success is told."""
    with pytest.raises(error):
        read_uninstall(response)
