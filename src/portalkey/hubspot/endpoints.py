"""HubSpot's addresses: hosts, paths and API versions, as data.

No other module spells a path of HubSpot's.
"""

import re
from collections.abc import Mapping
from typing import TypeAlias

APP_URL = "https://app.hubspot.com"
"""Host of the consent pages; HubSpot redirects people to their own region."""
API_URL = "https://api.hubapi.com"
HOSTS = (".hubspot.com", ".hubapi.com")
"""Endings of the names of all hosts that may see a secret."""

ApiVersion: TypeAlias = str
"""A date version such as ``2026-09``, or ``v3``."""

NEWEST: ApiVersion = "2026-09"
"""The newest generally available version, and the one that is asked for by default."""
VERSIONS: tuple[ApiVersion, ...] = (NEWEST, "2026-03", "v3")
"""The versions that are known here, the recommended one first."""
V1_ENDS = "2027-02-16"
V3_ENDS = "September 2027"
ENDS: Mapping[ApiVersion, str] = {
    NEWEST: "about March 2028",
    "2026-03": "about September 2027",
    "v3": V3_ENDS,
}
"""The time at which HubSpot stops supporting each: a dated one 18 months after it began."""
MCP_HOST = re.compile(r"mcp(-[a-z0-9]+)?\.(hubspot|hubapi)\.com")
"""Hosts of HubSpot's MCP server, whose apps are of another kind."""
_DATED = re.compile(r"20[0-9]{2}-0[39]")

AUTHORIZE, AUTHORIZE_ONE = "/oauth/authorize", "/oauth/{hub_id}/authorize"
"""Paths of the consent page, and of one account's own, without the picker."""
TOKEN = "/oauth/{version}/token"  # noqa: S105 - a path
"""Path at which a code or a refresh token is exchanged."""
INTROSPECTION = "/oauth/{version}/token/introspect"
"""Path at which a token is introspected (RFC 7662)."""
REVOCATION = "/oauth/{version}/token/revoke"
"""Path at which a refresh token is revoked (RFC 7009)."""
EXTERNAL_INSTALL = "/appinstalls/{version}/external-install"
"""Path by which an app takes itself out of an account."""
DETAILS = "/account-info/{version}/details"
"""Path of the facts about the account behind an access token."""
JOURNAL = "/webhooks-journal/journal/{version}"
"""Path at which the webhooks journal lies; only date versions have one."""
JOURNAL_SUBSCRIPTIONS = "/webhooks-journal/subscriptions/{version}"
"""Path of the app's subscriptions to the journal, likewise."""
DATED_ONLY = frozenset({JOURNAL, JOURNAL_SUBSCRIPTIONS})
"""Paths that only date versions have."""


def is_later(version: str) -> bool:
    """Return True for a date version of HubSpot's pattern that came after the newest known here."""
    return _DATED.fullmatch(version) is not None and version > NEWEST
