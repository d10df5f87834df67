"""Who comes with which access token (RFC 6750)."""

from flask import request

from portalkey.simulator.api.errors import expired, missing_scopes, not_authenticated
from portalkey.simulator.world import World
from portalkey.simulator.world.ledger import Access, AppAccess


def token_of_request() -> str:
    """The token in the ``Authorization`` header, or an empty text."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def admit(world: World, *scopes: str) -> Access:
    """What the request's token is for; it has to have one of these *scopes*.

    Raises:
        ApiRefused: There is no token, it is unknown or old, or has none of the scopes.
    """
    access = world.ledger.access(token_of_request())
    if access is None:
        raise not_authenticated()
    _in_time(world, access.expires_at)
    if not set(scopes) & set(access.agreement.scopes):
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


def _in_time(world: World, expires_at: float) -> None:
    now = world.clock.now()
    if now >= expires_at:
        raise expired(expires_at, now)
