"""How HubSpot's API endpoints say no.

The bodies are those that were captured; HubSpot says that every field of them is optional
(https://developers.hubspot.com/docs/api-reference/error-handling).
"""

import uuid
from collections.abc import Iterable
from datetime import UTC, datetime

from flask import Response, jsonify

_NOT_FOUND = (
    "Authentication credentials not found. This API supports OAuth 2.0 authentication and you can "
    "find more details at https://developers.hubspot.com/docs/methods/auth/oauth-overview"
)
_NOT_GRANTED = (
    "This app hasn't been granted all required scopes to make this call. "
    "Read more about required scopes here: https://developers.hubspot.com/scopes."
)
_UNITS = ((86400, "day"), (3600, "hour"), (60, "minute"), (1, "second"))


class ApiRefused(Exception):
    """The request is answered with ``response``."""

    def __init__(self, response: Response) -> None:
        """Refuse with this *response*."""
        super().__init__(response.status)
        self.response = response


def not_authenticated() -> ApiRefused:
    """401: there is no token, or none that is known."""
    return _unauthorized(_NOT_FOUND, "INVALID_AUTHENTICATION")


def expired(expires_at: float, now: float) -> ApiRefused:
    """401: the token is past its time; both are in seconds since 1970 in UTC."""
    ago = now - expires_at
    size, unit = next((one for one in _UNITS if ago >= one[0]), _UNITS[-1])
    moment = datetime.fromtimestamp(expires_at, UTC).isoformat(timespec="milliseconds")
    return _unauthorized(
        f"The OAuth token used to make this call expired {int(ago // size)} {unit}(s) ago.",
        "EXPIRED_AUTHENTICATION",
        context={"expire time": [moment.replace("+00:00", "Z")]},
    )


def missing_scopes(scopes: Iterable[str]) -> ApiRefused:
    """403: one of these *scopes* is needed."""
    problem = {
        "message": "One or more of the following scopes are required.",
        "context": {"requiredScopes": list(scopes)},
    }
    links = {"scopes": "https://developers.hubspot.com/scopes"}
    return ApiRefused(error(403, _NOT_GRANTED, "MISSING_SCOPES", errors=[problem], links=links))


def error(status: int, message: str, category: str, **more: object) -> Response:
    """A body of HubSpot's, with *more* fields in it."""
    response = jsonify(
        status="error", message=message, correlationId=str(uuid.uuid4()), category=category, **more
    )
    response.status_code = status
    return response


def _unauthorized(message: str, category: str, **more: object) -> ApiRefused:
    response = error(401, message, category, **more)
    response.headers["X-HubSpot-Auth-Failure"] = "401 Unauthorized"
    return ApiRefused(response)
