"""What we say to HubSpot and what it says back: one pair of functions for each exchange.

``..._request()`` makes the value to send and ``read_...()`` makes sense of the response. All of
them are pure: random values come in as arguments. Every reader raises what ``failures`` has for a
refusal, and ``BadAnswer`` for a success that cannot be used.
"""

from portalkey.hubspot.authorize import Callback, authorize_url, challenge, read_callback
from portalkey.hubspot.envelopes import Request, Response
from portalkey.hubspot.identity import (
    Details,
    Introspection,
    details_request,
    identify,
    introspect_request,
    read_details,
    read_introspection,
)
from portalkey.hubspot.tokens import (
    GrantType,
    code_request,
    read_grant,
    read_refresh_token,
    read_revocation,
    refresh_request,
    revoke_request,
)

__all__ = [
    "Callback",
    "Details",
    "GrantType",
    "Introspection",
    "Request",
    "Response",
    "authorize_url",
    "challenge",
    "code_request",
    "details_request",
    "identify",
    "introspect_request",
    "read_callback",
    "read_details",
    "read_grant",
    "read_introspection",
    "read_refresh_token",
    "read_revocation",
    "refresh_request",
    "revoke_request",
]
