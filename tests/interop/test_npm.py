"""Clients for Node: @hubspot/api-client, which speaks OAuth v1, and simple-oauth2."""

from collections.abc import Callable
from typing import Any

from portalkey_simulator import HubSpot

Node = Callable[..., dict[str, Any]]


def test_hubspot_api_client(node: Node, code_of: Callable[[str], str]) -> None:
    """Exchange, refresh, who it is, contacts, and the end of the refresh token."""
    url = node("npm-hubspot.js")["authorizeUrl"]

    assert node("npm-hubspot.js", code=code_of(url)) == {
        "expiresIn": 1800,
        "isSame": True,
        "isNew": True,
        "hubId": 4410001,
        "user": "maya@harbourpine.example",
        "contacts": 2,
        "refused": {"code": 400, "status": "BAD_REFRESH_TOKEN"},
    }


def test_simple_oauth2(hubspot: HubSpot, node: Node, code_of: Callable[[str], str]) -> None:
    """Exchange, refresh, revocation, and the refusal that follows.

    It revokes, and then stumbles over an answer without a body, which RFC 7009 allows.
    """
    url = node("npm-simple-oauth2.js")["authorizeUrl"]
    told = node("npm-simple-oauth2.js", code=code_of(url))

    assert told == {
        "hubId": 4410001,
        "isExpired": False,
        "expiresIn": 30,
        "isNew": True,
        "revoked": {"error": "The content-type is not JSON compatible"},
        "refused": {"status": 400, "error": "invalid_grant"},
    }
    assert hubspot.requests[-1].status == 400
