"""``/account-info/{version}/details`` and its forerunner: the account behind an access token."""

from flask import Response, jsonify

from portalkey_simulator.api.bearer import admit
from portalkey_simulator.world import World
from portalkey_simulator.world.accounts import Account


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
