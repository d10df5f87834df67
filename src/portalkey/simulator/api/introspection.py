"""What introspection tells of a living token.

Source: ``POST /oauth/2026-03/token/introspect`` in
https://developers.hubspot.com/docs/api-reference/legacy/authentication/manage-oauth-tokens.
"""

from portalkey.simulator.world.apps import App
from portalkey.simulator.world.installs import Agreement
from portalkey.simulator.world.ledger import Access

# Stands where HubSpot puts base64 of its own: signatures and scope bitmaps.
_OPAQUE = "c2ltdWxhdGVk"


def describe_access(token: str, access: Access, now: float, app: App) -> dict[str, object]:
    """The answer for an access *token* at the time *now*, in seconds since 1970 in UTC."""
    return {
        **_common(token, access.agreement, app),
        "token_use": "access_token",
        "expires_in": int(access.expires_at - now),
        "is_private_distribution": False,
        "signed_access_token": _signed(access, app),
    }


def describe_refresh(token: str, agreement: Agreement, app: App) -> dict[str, object]:
    """The answer for a refresh *token*."""
    return {**_common(token, agreement, app), "token_use": "refresh_token"}


def _common(token: str, agreement: Agreement, app: App) -> dict[str, object]:
    account = agreement.account
    return {
        "active": True,
        "token": token,
        "token_type": "Bearer",
        "hub_id": account.hub_id,
        "hub_domain": account.domain,
        "user_id": account.user_id,
        "user": account.user_email,
        "client_id": app.client_id,
        "app_id": app.app_id,
        "scopes": agreement.scopes,
    }


def _signed(access: Access, app: App) -> dict[str, object]:
    account = access.agreement.account
    return {
        "appId": app.app_id,
        "appInstallId": app.app_id + account.hub_id,
        "audience": "",
        "expiresAt": int(access.expires_at * 1000),
        "hubId": account.hub_id,
        "hublet": account.hosting,
        "installingUserId": account.user_id,
        "isPrivateDistribution": False,
        "isServiceAccount": False,
        "isUserLevel": False,
        "newSignature": _OPAQUE,
        "scopeToScopeGroupPks": _OPAQUE,
        "scopes": _OPAQUE,
        "signature": _OPAQUE,
        "trialScopeToScopeGroupPks": "",
        "trialScopes": "",
        "userId": account.user_id,
    }
