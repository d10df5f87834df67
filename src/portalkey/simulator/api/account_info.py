"""``/account-info/{version}/details``: the account behind an access token."""

import uuid
from datetime import UTC, datetime

from flask import Response, jsonify, request

from portalkey.simulator.world import World
from portalkey.simulator.world.accounts import Account
from portalkey.simulator.world.ledger import Access

_NOT_FOUND = (
    "Authentication credentials not found. This API supports OAuth 2.0 authentication and you can "
    "find more details at https://developers.hubspot.com/docs/methods/auth/oauth-overview"
)
_NOT_GRANTED = (
    "This app hasn't been granted all required scopes to make this call. "
    "Read more about required scopes here: https://developers.hubspot.com/scopes."
)
_SCOPE = "oauth"
_UNITS = ((86400, "day"), (3600, "hour"), (60, "minute"), (1, "second"))


class AccountInfo:
    """Account data for whoever comes with an access token."""

    def __init__(self, world: World) -> None:
        self._world = world

    def details(self, version: str) -> Response:
        """The account's facts, or HubSpot's 401 and 403 bodies."""
        del version
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        access = self._world.ledger.access(token.strip()) if scheme.lower() == "bearer" else None
        if access is None:
            return _unauthorized(_NOT_FOUND, "INVALID_AUTHENTICATION")
        ago = self._world.clock.now() - access.expires_at
        if ago >= 0:
            return _expired(access, ago)
        if _SCOPE not in access.agreement.scopes:
            return _missing_scope()
        return jsonify(_details(access.agreement.account))


def _details(account: Account) -> dict[str, object]:
    return {
        "portalId": account.hub_id,
        "accountType": account.account_type,
        "timeZone": account.time_zone,
        "utcOffset": f"{account.utc_offset_hours:+03d}:00",
        "utcOffsetMilliseconds": account.utc_offset_hours * 3_600_000,
        "companyCurrency": account.currency,
        "additionalCurrencies": [],
        "uiDomain": account.ui_domain,
        "dataHostingLocation": account.hosting,
    }


def _expired(access: Access, ago: float) -> Response:
    size, unit = next((one for one in _UNITS if ago >= one[0]), _UNITS[-1])
    moment = datetime.fromtimestamp(access.expires_at, UTC).isoformat(timespec="milliseconds")
    return _unauthorized(
        f"The OAuth token used to make this call expired {int(ago // size)} {unit}(s) ago.",
        "EXPIRED_AUTHENTICATION",
        context={"expire time": [moment.replace("+00:00", "Z")]},
    )


def _unauthorized(message: str, category: str, **more: object) -> Response:
    response = _error(401, message, category, **more)
    response.headers["X-HubSpot-Auth-Failure"] = "401 Unauthorized"
    return response


def _missing_scope() -> Response:
    return _error(
        403,
        _NOT_GRANTED,
        "MISSING_SCOPES",
        errors=[
            {
                "message": "One or more of the following scopes are required.",
                "context": {"requiredScopes": [_SCOPE]},
            }
        ],
        links={"scopes": "https://developers.hubspot.com/scopes"},
    )


def _error(status: int, message: str, category: str, **more: object) -> Response:
    response = jsonify(
        status="error", message=message, correlationId=str(uuid.uuid4()), category=category, **more
    )
    response.status_code = status
    return response
