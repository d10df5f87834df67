"""Clients for Node; those that bring HubSpot's addresses along speak OAuth v1."""

from collections.abc import Callable
from typing import Any

from portalkey_simulator import HubSpot

Node = Callable[..., dict[str, Any]]
Talk = Callable[[str], Any]


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


def test_oauth4webapi(hubspot: HubSpot, talk: Talk) -> None:
    """PKCE, exchange, refresh, introspection, revocation, and the refusal that follows."""
    script = talk("npm-oauth4webapi.js")
    callback = hubspot.approve(script.hear()["authorizeUrl"])

    assert script.answer(callback) == {
        "hubId": 4410001,
        "type": "bearer",
        "isNew": True,
        "active": [True, False],
        "refused": {"status": 400, "error": "invalid_grant"},
    }


def test_auth_core(hubspot: HubSpot, talk: Talk) -> None:
    """Signing in with PKCE by its own provider, a renewal as its guide has it, and a dead token."""
    script = talk("npm-auth-core.js")
    url = script.hear()["authorizeUrl"]
    assert "code_challenge_method=S256" in url

    assert script.answer(hubspot.approve(url)) == {
        "at": "https://app.example.com/in",
        "user": "maya@harbourpine.example",
    }
    hubspot.uninstall(4410001)
    assert script.answer() == {"isFirst": True, "isNew": True, "error": "invalid_grant"}


def test_better_auth(hubspot: HubSpot, talk: Talk) -> None:
    """Signing in with PKCE by its own helper, a renewal by itself, and a dead token."""
    script = talk("npm-better-auth.js")
    url = script.hear()["authorizeUrl"]
    assert "code_challenge_method=S256" in url

    told = script.answer(hubspot.approve(url))
    assert (told["at"], told["user"]) == ("/in", "maya@harbourpine.example")
    hubspot.uninstall(4410001)
    assert script.answer() == {
        "isFirst": True,
        "isNew": True,
        "scope": "",
        "error": "FAILED_TO_REFRESH_ACCESS_TOKEN",
    }
