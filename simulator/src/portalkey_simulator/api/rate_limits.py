"""Rate limits of the API, and the headers about them."""

from portalkey_simulator.api.error_responses import ApiRefused, rate_limit_error
from portalkey_simulator.api.headers import add_to_answer
from portalkey_simulator.world import World
from portalkey_simulator.world.error_bodies import CALLS, SEARCHES, TOKEN_REQUESTS, TooMany
from portalkey_simulator.world.ledger import Access

_SECONDS = 10


def count_call(world: World, access: Access) -> None:
    """Count one call of the app in its account; the answer's headers say how many are left.

    Raises:
        ApiRefused: There were too many in the last ten seconds.
    """
    most = world.switches.calls_per_ten_seconds
    agreement = access.agreement
    key = ("calls", agreement.client_id, agreement.account.hub_id)
    left = world.limits.count(key, most, _SECONDS)
    _add_limit_headers(most, left or 0)
    if left is None:
        raise _limit_error(world, CALLS, access)


def count_search(world: World, access: Access) -> None:
    """Count one search in the account, of whichever app; nothing tells how many are left.

    Raises:
        ApiRefused: There were too many in the last second.
    """
    key = ("searches", access.agreement.account.hub_id)
    if world.limits.count(key, world.switches.searches_per_second, 1) is None:
        raise _limit_error(world, SEARCHES, access)


def count_token_request(world: World) -> None:
    """Count one request to the token endpoints, where they have a limit.

    Raises:
        ApiRefused: There were too many in the last second.
    """
    most = world.switches.token_requests_per_second
    if most and world.limits.count("token requests", most, 1) is None:
        raise rate_limit_error(TOKEN_REQUESTS)


def _limit_error(world: World, limit: TooMany, access: Access) -> ApiRefused:
    agreement = access.agreement
    app = world.apps[agreement.client_id]
    return rate_limit_error(limit, app.app_id, agreement.account.hub_id)


def _add_limit_headers(most: int, left: int) -> None:
    add_to_answer(
        {
            "X-HubSpot-RateLimit-Interval-Milliseconds": str(_SECONDS * 1000),
            "X-HubSpot-RateLimit-Max": str(most),
            "X-HubSpot-RateLimit-Remaining": str(left),
        }
    )
