"""Refusals of the token endpoints, as a table.

Since January 2026 a body carries RFC 6749's ``error`` and ``error_description`` beside HubSpot's
own ``status`` and ``message``
(https://developers.hubspot.com/changelog/new-oauth-v3-api-endpoints-and-standardized-error-responses).
HubSpot documents the first row only; the rest was put together from captures.
"""

from dataclasses import dataclass

from portalkey_simulator.world.evidence import Evidence

_DOCS = "https://developers.hubspot.com/docs/api-reference/legacy/authentication"
_SLACK = "https://github.com/hubspotdev/devslackarchive/blob/9b76cf5a"
_MCP_LOG = "https://github.com/bagofwords1/bagofwords"

DOCUMENTED, CAPTURED, PRESUMED = Evidence.DOCUMENTED, Evidence.CAPTURED, Evidence.PRESUMED


@dataclass(frozen=True, slots=True)
class Refusal:
    """One way to be refused: HubSpot's word and sentence, RFC 6749's word, and the HTTP status.

    ``evidence`` is what the word rests on; ``presumed`` names what else of the row nobody has
    seen. ``status_switch`` is the switch that says the HTTP status, where there is one.
    """

    status: str
    message: str
    error: str
    http_status: int = 400
    evidence: Evidence = CAPTURED
    source: str = ""
    presumed: str = ""
    status_switch: str = ""

    @property
    def body(self) -> dict[str, str]:
        """The answer's JSON."""
        return {
            "status": self.status,
            "message": self.message,
            "error": self.error,
            "error_description": self.message,
        }


class Refused(Exception):
    """The request is answered with ``refusal``."""

    def __init__(self, status: str) -> None:
        """Refuse with the row of this HubSpot *status*."""
        super().__init__(status)
        self.refusal = TOKEN_REFUSALS[status]


_ROWS = (
    Refusal(
        "BAD_REFRESH_TOKEN",
        "refresh token is invalid, expired or revoked",
        "invalid_grant",
        evidence=DOCUMENTED,
        source=f"{_DOCS}/manage-oauth-tokens",
    ),
    Refusal(
        "BAD_AUTH_CODE",
        "missing or unknown auth code",
        "invalid_grant",
        source=f"{_SLACK}/channel_api/2023/10/2023-10-04.json",
        presumed="`error`, and that a code of another app gets this row",
    ),
    Refusal(
        "EXPIRED_AUTH_CODE",
        "auth code has expired",
        "invalid_grant",
        source="https://github.com/HubSpot/hubspot-api-python/issues/115",
        presumed="all but `status`",
    ),
    Refusal(
        "MISMATCH_REDIRECT_URI_AUTH_CODE",
        "redirect URI does not match initial auth code URI",
        "invalid_grant",
        source=f"{_SLACK}/channel_api/2021/06/2021-06-11.json",
        presumed="`error`",
    ),
    Refusal(
        "BAD_REDIRECT_URI",
        "missing or invalid redirect URI",
        "invalid_request",
        source="named in one old code base",
        presumed="all but `status`",
    ),
    Refusal(
        "BAD_CLIENT_ID",
        "missing or unknown client id",
        "invalid_client",
        source=f"{_SLACK}/channel_api/2024/05/2024-05-29.json",
        presumed="the HTTP status",
        status_switch="bad_client_status",
    ),
    Refusal(
        "BAD_CLIENT_SECRET",
        "missing or invalid client secret",
        "invalid_client",
        source=_MCP_LOG,
        presumed="all but `status`",
        status_switch="bad_client_status",
    ),
    Refusal(
        "BAD_GRANT_TYPE",
        "missing or unknown grant type",
        "unsupported_grant_type",
        source=f"{_SLACK}/channel_general/2022/04/2022-04-01.json",
        presumed="`error`",
    ),
    Refusal(
        "MISMATCH_REFRESH_TOKEN_CLIENT",
        "refresh token was not issued to this client",
        "invalid_grant",
        source=f"{_SLACK}/channel_api/2023/10/2023-10-03.json",
        presumed="`error` and the HTTP status",
    ),
    # Only ever sent where a test asks for it.
    Refusal(
        "BAD_HUB",
        "missing or unknown hub id",
        "access_denied",
        403,
        source=f"{_SLACK}/channel_api/2024/01/2024-01-05.json",
        status_switch="bad_hub_status",
    ),
    Refusal(
        "BAD_CODE_VERIFIER",
        "missing or invalid code verifier",
        "invalid_grant",
        source=_MCP_LOG,
        presumed="all but `status`",
    ),
    Refusal(
        "BAD_SCOPES",
        "missing or invalid scopes",
        "invalid_scope",
        source=_MCP_LOG,
        presumed="all but `status`",
    ),
    Refusal(
        "USER_LEVEL_CLIENT_CREDENTIALS_NOT_SUPPORTED",
        "client credentials are not supported for user level apps",
        "unauthorized_client",
        source=_MCP_LOG,
        presumed="all but `status`",
    ),
    Refusal(
        "SECRET_IN_URL",
        "secrets and tokens belong into the body, not the URL",
        "invalid_request",
        evidence=PRESUMED,
        presumed="all: HubSpot says that a secret may not be in the URL, and not what it answers",
    ),
)

TOKEN_REFUSALS = {row.status: row for row in _ROWS}
"""Every refusal of the token endpoints, by HubSpot's own word for it."""
