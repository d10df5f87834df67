"""HubSpot's addresses: hosts, paths and API versions, as data.

No other module spells a path of HubSpot's.
"""

from collections.abc import Mapping
from typing import Literal

APP_URL = "https://app.hubspot.com"
"""Host of the consent pages; HubSpot redirects people to their own region."""
API_URL = "https://api.hubapi.com"
HOSTS = (".hubspot.com", ".hubapi.com")
"""Endings of the names of all hosts that may see a secret."""

ApiVersion = Literal["2026-03", "2026-09", "v3"]

NEWEST: ApiVersion = "2026-09"
"""The newest generally available version, and the one that is asked for by default."""
VERSIONS: Mapping[str, ApiVersion] = {NEWEST: NEWEST, "2026-03": "2026-03", "v3": "v3"}
"""The versions that can be asked for, the recommended one first."""
V1_ENDS = "2027-02-16"
V3_ENDS = "September 2027"
ENDS: Mapping[ApiVersion, str] = {
    NEWEST: "about March 2028",
    "2026-03": "about September 2027",
    "v3": V3_ENDS,
}
"""The time at which HubSpot stops supporting each: a dated one 18 months after it began."""


def authorize(app_url: str, hub_id: int | None = None) -> str:
    """Return the consent page; with *hub_id* that account's own, without the picker."""
    return f"{app_url}/oauth/authorize" if hub_id is None else f"{app_url}/oauth/{hub_id}/authorize"


def token(api_url: str, version: ApiVersion) -> str:
    """Return the endpoint that exchanges a code or a refresh token."""
    return f"{api_url}/oauth/{version}/token"


def introspection(api_url: str, version: ApiVersion) -> str:
    """Return the endpoint that introspects a token (RFC 7662)."""
    return f"{api_url}/oauth/{version}/token/introspect"


def revocation(api_url: str, version: ApiVersion) -> str:
    """Return the endpoint that revokes a refresh token (RFC 7009)."""
    return f"{api_url}/oauth/{version}/token/revoke"


def external_install(api_url: str, version: ApiVersion) -> str:
    """Return the endpoint by which an app takes itself out of an account."""
    return f"{api_url}/appinstalls/{version}/external-install"


def details(api_url: str, version: ApiVersion) -> str:
    """Return the endpoint with the facts of the account behind an access token."""
    return f"{api_url}/account-info/{version}/details"
