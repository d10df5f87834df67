"""Authentication by access token (RFC 6750)."""

from collections.abc import Callable

from flask import request

from portalkey_simulator.api.error_responses import (
    authentication_error,
    expired_token_error,
    missing_scopes_error,
)
from portalkey_simulator.api.rate_limits import count_call
from portalkey_simulator.world import World
from portalkey_simulator.world.installs import Agreement
from portalkey_simulator.world.ledger import Access, AppAccess


def read_token() -> str:
    """Return the token in the ``Authorization`` header, or an empty text."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def admit(
    world: World, *scopes: str, count: Callable[[World, Access], None] = count_call
) -> Access:
    """Admit the request by its token, which needs one of these *scopes*.

    The call is counted by *count*, also where a scope is missing.

    Raises:
        ApiRefused: There is no token, it is unknown or old, has none of the scopes, or comes too
            often.
    """
    access = world.ledger.access(read_token())
    if access is None:
        raise authentication_error()
    _check_expiry(world, access.expires_at)
    count(world, access)
    if not set(scopes) & _effective_scopes(access.agreement):
        raise missing_scopes_error(scopes)
    return access


def admit_app(world: World, scope: str) -> AppAccess:
    """Admit the request by its token, which must be an app's own with this *scope*.

    Raises:
        ApiRefused: There is no such token, it is old, or has not got the scope.
    """
    access = world.ledger.app_access(read_token())
    if access is None:
        raise authentication_error()
    _check_expiry(world, access.expires_at)
    if scope not in access.scopes:
        raise missing_scopes_error([scope])
    return access


def _effective_scopes(agreement: Agreement) -> frozenset[str]:
    """Return the scopes in effect: a user-level app can do no more than its user."""
    scopes = frozenset(agreement.scopes)
    return scopes - agreement.user.lacks if agreement.is_user_level else scopes


def _check_expiry(world: World, expires_at: float) -> None:
    now = world.clock.now()
    if now >= expires_at:
        raise expired_token_error(expires_at, now)
