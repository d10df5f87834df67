"""Who comes with which access token (RFC 6750)."""

from collections.abc import Callable

from flask import request

from portalkey_simulator.api.error_responses import expired, missing_scopes, not_authenticated
from portalkey_simulator.api.rate_limits import count_call
from portalkey_simulator.world import World
from portalkey_simulator.world.installs import Agreement
from portalkey_simulator.world.ledger import Access, AppAccess


def token_of_request() -> str:
    """The token in the ``Authorization`` header, or an empty text."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def admit(
    world: World, *scopes: str, count: Callable[[World, Access], None] = count_call
) -> Access:
    """What the request's token is for; it has to have one of these *scopes*.

    The call is counted by *count*, also where a scope is missing.

    Raises:
        ApiRefused: There is no token, it is unknown or old, has none of the scopes, or comes too
            often.
    """
    access = world.ledger.access(token_of_request())
    if access is None:
        raise not_authenticated()
    _in_time(world, access.expires_at)
    count(world, access)
    if not set(scopes) & _rights(access.agreement):
        raise missing_scopes(scopes)
    return access


def admit_app(world: World, scope: str) -> AppAccess:
    """What the request's token is for, which has to be an app's own with this *scope*.

    Raises:
        ApiRefused: There is no such token, it is old, or has not got the scope.
    """
    access = world.ledger.app_access(token_of_request())
    if access is None:
        raise not_authenticated()
    _in_time(world, access.expires_at)
    if scope not in access.scopes:
        raise missing_scopes([scope])
    return access


def _rights(agreement: Agreement) -> frozenset[str]:
    """What the token may do: an app on the level of users can do no more than its user."""
    scopes = frozenset(agreement.scopes)
    return scopes - agreement.user.lacks if agreement.is_user_level else scopes


def _in_time(world: World, expires_at: float) -> None:
    now = world.clock.now()
    if now >= expires_at:
        raise expired(expires_at, now)
