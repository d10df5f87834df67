"""Where HubSpot is: hosts, paths and API versions, as data.

Nothing else in the package spells a path of HubSpot's.
"""

from collections.abc import Mapping
from typing import Literal

APP_URL = "https://app.hubspot.com"
"""Where people agree. HubSpot leads them on to their own region by itself."""
API_URL = "https://api.hubapi.com"
HOSTS = (".hubspot.com", ".hubapi.com")
"""How the name of every host ends that may see a secret."""

ApiVersion = Literal["2026-03", "2026-09", "v3"]

NEWEST: ApiVersion = "2026-09"
"""The newest generally available version, and the one that is asked for by default."""
VERSIONS: Mapping[str, ApiVersion] = {NEWEST: NEWEST, "2026-03": "2026-03", "v3": "v3"}
"""The versions that can be asked for, the recommended one first."""
V1_ENDS = "2027-02-16"
V3_ENDS = "September 2027"


def authorize(app_url: str, hub_id: int | None = None) -> str:
    """The page where people agree; with *hub_id* that account's own, without the picker."""
    return f"{app_url}/oauth/authorize" if hub_id is None else f"{app_url}/oauth/{hub_id}/authorize"


def token(api_url: str, version: ApiVersion) -> str:
    """Where a code or a refresh token is exchanged."""
    return f"{api_url}/oauth/{version}/token"


def introspection(api_url: str, version: ApiVersion) -> str:
    """Where a token is looked up (RFC 7662)."""
    return f"{api_url}/oauth/{version}/token/introspect"


def revocation(api_url: str, version: ApiVersion) -> str:
    """Where a refresh token is given back (RFC 7009)."""
    return f"{api_url}/oauth/{version}/token/revoke"


def details(api_url: str, version: ApiVersion) -> str:
    """Where the facts of the account behind an access token are."""
    return f"{api_url}/account-info/{version}/details"
