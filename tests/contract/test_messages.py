"""What goes to HubSpot and comes back, against vectors that any other program can read too."""

import json
from pathlib import Path
from typing import Any

import pytest
from cryptography.fernet import Fernet
from pydantic import SecretStr

from portalkey.hubspot.account import (
    details_request,
    identify,
    introspect_request,
    read_details,
    read_introspection,
)
from portalkey.hubspot.authorize import authorize_url, challenge
from portalkey.hubspot.http import Request, Response
from portalkey.hubspot.token import (
    GrantType,
    code_request,
    read_grant,
    refresh_request,
    revoke_request,
)
from portalkey.model.connection import Account
from portalkey.settings import Settings

VECTORS: dict[str, Any] = json.loads(Path(__file__).with_name("messages.json").read_text("utf-8"))
SETTINGS = Settings(**VECTORS["settings"], keys=f"first:{Fernet.generate_key().decode()}")
REFRESH = SecretStr("na1-refresh")
# The pair of RFC 7636 appendix B.
VERIFIER = SecretStr("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk")
REQUESTS = {
    "code": code_request(
        SETTINGS,
        code=SecretStr("na1-code"),
        redirect_uri=SETTINGS.redirect_uri,
        verifier=VERIFIER,
    ),
    "refresh": refresh_request(SETTINGS, REFRESH),
    "introspect": introspect_request(SETTINGS, SecretStr("access-1")),
    "revoke": revoke_request(SETTINGS, REFRESH),
    "details": details_request(SETTINGS, SecretStr("access-1")),
}


@pytest.mark.parametrize("name", REQUESTS)
def test_request(name: str) -> None:
    """Each request is the one that HubSpot documents, to the letter."""
    sent = REQUESTS[name]

    assert VECTORS["requests"][name] == {
        "method": sent.method,
        "url": sent.url,
        "form": dict(sent.form),
    }


def test_authorize_url() -> None:
    """A person is sent away with the parameters that HubSpot documents."""
    url = authorize_url(SETTINGS, state="s-1", challenge=challenge(VERIFIER))

    assert url == VECTORS["requests"]["authorize"]


def test_responses() -> None:
    """The answers that HubSpot documents tell all that is to be known of a connection."""
    bodies = {
        name: Response(200, {}, json.dumps(body).encode())
        for name, body in VECTORS["responses"].items()
    }
    grant = read_grant(bodies["grant"], asked=GrantType.CODE)
    introspection, details = (
        read_introspection(bodies["introspection"]),
        read_details(bodies["details"]),
    )

    assert identify(grant, introspection, details) == (
        Account(
            hub_id=1234567,
            hub_user_id=222222,
            user_email="ada@example.com",
            hub_domain="example.com",
            account_type="DEVELOPER_TEST",
            time_zone="US/Eastern",
            currency="USD",
            ui_domain="app.hubspot.com",
            data_hosting="na1",
        ),
        ("oauth", "crm.objects.contacts.read"),
    )


@pytest.mark.parametrize("request_", REQUESTS.values(), ids=REQUESTS)
def test_no_secret_in_an_address(request_: Request) -> None:
    """A URL gets into logs: nothing secret is in one (RFC 6749 section 2.3.1)."""
    secrets = ["s&cret", "s%26cret", "na1-", "access-1", VERIFIER.get_secret_value()]

    assert not [secret for secret in secrets if secret in request_.url]
    assert "?" not in request_.url
    assert not [secret for secret in secrets if secret in repr(request_)]
