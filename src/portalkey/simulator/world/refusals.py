"""How HubSpot says no at the token endpoints, as a table.

Since January 2026 a body carries RFC 6749's ``error`` and ``error_description`` beside HubSpot's
own ``status`` and ``message``
(https://developers.hubspot.com/changelog/new-oauth-v3-api-endpoints-and-standardized-error-responses).
HubSpot documents the first row only; the rest was put together from captures, and what no capture
shows is marked as presumed.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Refusal:
    """One way to be refused: HubSpot's word and sentence, RFC 6749's word, and the HTTP status."""

    status: str
    message: str
    error: str
    http_status: int = 400

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
    Refusal("BAD_REFRESH_TOKEN", "refresh token is invalid, expired or revoked", "invalid_grant"),
    # Unknown, used, or issued to another client (the last is presumed). `error` is presumed.
    Refusal("BAD_AUTH_CODE", "missing or unknown auth code", "invalid_grant"),
    # All but `status` is presumed.
    Refusal("EXPIRED_AUTH_CODE", "auth code has expired", "invalid_grant"),
    # `error` is presumed.
    Refusal(
        "MISMATCH_REDIRECT_URI_AUTH_CODE",
        "redirect URI does not match initial auth code URI",
        "invalid_grant",
    ),
    # All but `status` is presumed.
    Refusal("BAD_REDIRECT_URI", "missing or invalid redirect URI", "invalid_request"),
    # The HTTP status is presumed.
    Refusal("BAD_CLIENT_ID", "missing or unknown client id", "invalid_client"),
    # All but `status` is presumed.
    Refusal("BAD_CLIENT_SECRET", "missing or invalid client secret", "invalid_client"),
    # Also for a body that is no form: it cannot hold a grant type. `error` is presumed.
    Refusal("BAD_GRANT_TYPE", "missing or unknown grant type", "unsupported_grant_type"),
    # `error` and the HTTP status are presumed.
    Refusal(
        "MISMATCH_REFRESH_TOKEN_CLIENT",
        "refresh token was not issued to this client",
        "invalid_grant",
    ),
    # 403 in raw captures, 400 in a newer fixture. Only ever sent where a test asks for it.
    Refusal("BAD_HUB", "missing or unknown hub id", "access_denied", 403),
    # All but `status` is presumed.
    Refusal("BAD_CODE_VERIFIER", "missing or invalid code verifier", "invalid_grant"),
    # What client_credentials gets without the scopes it is for. All but `status` is presumed.
    Refusal("BAD_SCOPES", "missing or invalid scopes", "invalid_scope"),
    # Ours: HubSpot says that a secret may not be in the URL, and not what happens to one that is.
    Refusal(
        "SECRET_IN_URL", "secrets and tokens belong into the body, not the URL", "invalid_request"
    ),
)

TOKEN_REFUSALS = {row.status: row for row in _ROWS}
"""Every refusal of the token endpoints, by HubSpot's own word for it."""
