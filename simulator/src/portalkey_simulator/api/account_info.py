"""``/account-info/{version}/details`` and its forerunner: the account behind an access token."""

from flask import Response, jsonify

from portalkey_simulator.api.bearer import admit
from portalkey_simulator.api.error_responses import format_moment
from portalkey_simulator.world import World
from portalkey_simulator.world.accounts import Account

_DAILY_CALLS, _DAY = 250_000, 86_400


class AccountInfo:
    """Account data for whoever comes with an access token."""

    def __init__(self, world: World) -> None:
        self._world = world

    def show_details(self, version: str) -> Response:
        """Show the account's facts.

        Raises:
            ApiRefused: The token does not do, or comes too often.
        """
        del version
        access = admit(self._world, self._world.switches.account_info_scope)
        return jsonify(_serialize_details(access.agreement.account))

    def show_daily_usage(self, version: str) -> Response:
        """Show how many of its calls of the day the account's private apps have used: none.

        Raises:
            ApiRefused: The token does not do, or comes too often.
        """
        del version
        admit(self._world, "oauth")
        now = self._world.clock.now()
        usage = {
            "name": "private-apps-api-calls-daily",
            "usageLimit": _DAILY_CALLS,
            "currentUsage": 0,
            "collectedAt": format_moment(now),
            "fetchStatus": "SUCCESS",
            "resetsAt": format_moment((now // _DAY + 1) * _DAY),
        }
        return jsonify(results=[usage])

    def show_me(self) -> Response:
        """Show some of the account's facts, as ``/integrations/v1/me`` has them.

        Raises:
            ApiRefused: The token does not do, or comes too often.
        """
        account = admit(self._world, "oauth").agreement.account
        return jsonify({**_serialize_times(account), "currency": account.currency})


def _serialize_details(account: Account) -> dict[str, object]:
    return {
        **_serialize_times(account),
        "accountType": account.account_type,
        "companyCurrency": account.currency,
        "additionalCurrencies": [],
        "uiDomain": account.ui_domain,
        "dataHostingLocation": account.hosting,
    }


def _serialize_times(account: Account) -> dict[str, object]:
    return {
        "portalId": account.hub_id,
        "timeZone": account.time_zone,
        "utcOffset": f"{account.utc_offset_hours:+03d}:00",
        "utcOffsetMilliseconds": account.utc_offset_hours * 3_600_000,
    }
