"""Error responses of HubSpot's API endpoints.

The bodies are those that were captured; HubSpot says that every field of them is optional
(https://developers.hubspot.com/docs/api-reference/error-handling).
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

from flask import Response, jsonify

from portalkey_simulator.world.error_bodies import TooMany, error_body
from portalkey_simulator.world.refusals import Refused
from portalkey_simulator.world.switches import Switches

_NOT_FOUND = (
    "Authentication credentials not found. This API supports OAuth 2.0 authentication and you can "
    "find more details at https://developers.hubspot.com/docs/methods/auth/oauth-overview"
)
_NOT_GRANTED = (
    "This app hasn't been granted all required scopes to make this call. "
    "Read more about required scopes here: https://developers.hubspot.com/scopes."
)
CORRELATION = "X-HubSpot-Correlation-Id"
"""The header by which HubSpot's support finds a request again."""

_UNITS = ((86400, "day"), (3600, "hour"), (60, "minute"), (1, "second"))


class ApiRefused(Exception):
    """The request is answered with ``response``."""

    def __init__(self, response: Response) -> None:
        """Refuse with this *response*."""
        super().__init__(response.status)
        self.response = response


def authentication_error() -> ApiRefused:
    """401: there is no token, or none that is known."""
    return _unauthorized_error(_NOT_FOUND, "INVALID_AUTHENTICATION")


def expired_token_error(expires_at: float, now: float) -> ApiRefused:
    """401: the token is past its time; both are in seconds since 1970 in UTC."""
    ago = now - expires_at
    size, unit = next((one for one in _UNITS if ago >= one[0]), _UNITS[-1])
    return _unauthorized_error(
        f"The OAuth token used to make this call expired {int(ago // size)} {unit}(s) ago.",
        "EXPIRED_AUTHENTICATION",
        context={"expire time": [format_moment(expires_at)]},
    )


def missing_scopes_error(scopes: Iterable[str]) -> ApiRefused:
    """403: one of these *scopes* is needed."""
    problem = {
        "message": "One or more of the following scopes are required.",
        "context": {"requiredScopes": list(scopes)},
    }
    links = {"scopes": "https://developers.hubspot.com/scopes"}
    return ApiRefused(
        error_response(403, _NOT_GRANTED, "MISSING_SCOPES", errors=[problem], links=links)
    )


def rate_limit_error(limit: TooMany, app_id: int = 0, hub_id: int = 0) -> ApiRefused:
    """429: too many calls for this *limit*, of an app in an account."""
    return ApiRefused(_respond(429, limit.body(app_id, hub_id)))


def validation_error(message: str) -> ApiRefused:
    """400: something that was sent cannot be used; HubSpot's own sentences vary."""
    return ApiRefused(error_response(400, message, "VALIDATION_ERROR"))


def not_found_error(identifier: str) -> ApiRefused:
    """404: there is no object of this *identifier*."""
    message = "Object not found.  objectId are usually numeric."
    return ApiRefused(
        error_response(404, message, "OBJECT_NOT_FOUND", context={"id": [identifier]})
    )


def error_response(status: int, message: str, category: str, **more: object) -> Response:
    """Respond with HubSpot's body for an error, with *more* fields in it."""
    return _respond(status, error_body(message, category=category, **more))


def unrouted_response(status: int, message: str) -> Response:
    """Answer a request that no endpoint takes; the form is presumed."""
    return _respond(status, error_body(message))


def refusal_response(refused: Refused, switches: Switches) -> Response:
    """Respond as the token endpoints do to a request that is *refused*."""
    refusal = refused.refusal
    response = jsonify(refusal.body)
    response.status_code = refusal.http_status
    if refusal.status_switch:
        response.status_code = getattr(switches, refusal.status_switch)
    return response


def format_moment(moment: float) -> str:
    """Format a *moment*, in seconds since 1970 in UTC, as HubSpot does in JSON."""
    text = datetime.fromtimestamp(moment, UTC).isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z")


def _respond(status: int, body: Mapping[str, object]) -> Response:
    response = jsonify(body)
    response.status_code = status
    response.headers[CORRELATION] = str(body["correlationId"])
    return response


def _unauthorized_error(message: str, category: str, **more: object) -> ApiRefused:
    response = error_response(401, message, category, **more)
    response.headers["X-HubSpot-Auth-Failure"] = "401 Unauthorized"
    return ApiRefused(response)
