"""Descriptions of living tokens for introspection.

Source: ``POST /oauth/2026-03/token/introspect`` in
https://developers.hubspot.com/docs/api-reference/legacy/authentication/manage-oauth-tokens.
"""

from portalkey_simulator.world.apps import App
from portalkey_simulator.world.installs import Agreement
from portalkey_simulator.world.ledger import Access

# Stands where HubSpot puts base64 of its own: signatures and scope bitmaps.
_OPAQUE = "c2ltdWxhdGVk"


def describe_access(token: str, access: Access, now: float, app: App) -> dict[str, object]:
    """Describe an access *token* at the time *now*, in seconds since 1970 in UTC."""
    return {
        **_describe_token(token, access.agreement, app),
        "token_use": "access_token",
        "expires_in": int(access.expires_at - now),
        "is_private_distribution": app.distribution == "private",
        "signed_access_token": _describe_signature(access, app),
    }


def describe_refresh(token: str, agreement: Agreement, app: App) -> dict[str, object]:
    """Describe a refresh *token*."""
    return {**_describe_token(token, agreement, app), "token_use": "refresh_token"}


def describe_access_v1(token: str, access: Access, now: float, app: App) -> dict[str, object]:
    """Describe an access *token* as v1 does, at the time *now*, in seconds since 1970 in UTC."""
    return {
        **_describe_agreement(token, access.agreement),
        "app_id": app.app_id,
        "expires_in": int(access.expires_at - now),
        "signed_access_token": _describe_signature(access, app),
        "token_type": "access",
    }


def describe_refresh_v1(token: str, agreement: Agreement) -> dict[str, object]:
    """Describe a refresh *token* as v1 does."""
    client = {"client_id": agreement.client_id}
    return {**_describe_agreement(token, agreement), **client, "token_type": "refresh"}


def _describe_token(token: str, agreement: Agreement, app: App) -> dict[str, object]:
    return {
        **_describe_agreement(token, agreement),
        "active": True,
        "token_type": "Bearer",
        "client_id": app.client_id,
        "app_id": app.app_id,
    }


def _describe_agreement(token: str, agreement: Agreement) -> dict[str, object]:
    return {
        "token": token,
        "hub_id": agreement.account.hub_id,
        "hub_domain": agreement.account.domain,
        "user_id": agreement.user.user_id,
        "user": agreement.user.email,
        "scopes": agreement.scopes,
    }


def _describe_signature(access: Access, app: App) -> dict[str, object]:
    agreement = access.agreement
    return {
        "appId": app.app_id,
        "appInstallId": str(app.app_id + agreement.account.hub_id),
        "audience": "",
        "expiresAt": int(access.expires_at * 1000),
        "hubId": agreement.account.hub_id,
        "hublet": agreement.account.hosting,
        "installingUserId": agreement.user.user_id,
        "isPrivateDistribution": app.distribution == "private",
        "isServiceAccount": False,
        "isUserLevel": agreement.is_user_level,
        "newSignature": _OPAQUE,
        "scopeToScopeGroupPks": _OPAQUE,
        "scopes": _OPAQUE,
        "signature": _OPAQUE,
        "trialScopeToScopeGroupPks": "",
        "trialScopes": "",
        "userId": agreement.user.user_id,
    }
