"""Installation of the app in a HubSpot account: how it is taken out again."""

from pydantic import SecretStr

from portalkey.errors import HubSpotUnavailable
from portalkey.hubspot import endpoints
from portalkey.hubspot.app import App
from portalkey.hubspot.errors import failure
from portalkey.hubspot.http import Request, Response
from portalkey.hubspot.token import api_url

_DONE = frozenset({200, 204})


def uninstall_request(settings: App, access_token: SecretStr) -> Request:
    """Build the request that takes the app out of the account of *access_token*, for everybody."""
    return Request("DELETE", api_url(settings, endpoints.EXTERNAL_INSTALL), bearer=access_token)


def read_uninstall(response: Response) -> None:
    """Return if the app is out of the account.

    Raises:
        ScopesMissing, HubSpotRefused, BadAnswer, RateLimited, HubSpotUnavailable: It may be in it.
    """
    # A page comes from whatever stands in HubSpot's place.
    if response.status == 200 and response.body.lstrip().startswith(b"<"):  # noqa: PLR2004 - HTTP
        raise HubSpotUnavailable
    if response.status not in _DONE:
        raise failure(response)
