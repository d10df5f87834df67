"""The HubSpot account behind a grant: introspection, account details, and both put together."""

from dataclasses import dataclass

from pydantic import SecretStr

from portalkey.errors import BadAnswer
from portalkey.hubspot import endpoints
from portalkey.hubspot.app import App
from portalkey.hubspot.errors import failure
from portalkey.hubspot.http import Request, Response
from portalkey.hubspot.json_body import Answer
from portalkey.hubspot.token import api_url, form_request
from portalkey.model.connection import Account, Grant

_OK = 200


@dataclass(frozen=True, slots=True)
class Introspection:
    """HubSpot's answer to an introspection; all but ``active`` may be missing.

    ``user`` is the e-mail address of whoever agreed, ``hub_domain`` the customer's website.
    ``client_id`` is the app's that the token was issued to.
    """

    active: bool
    hub_id: int | None = None
    user_id: int | None = None
    user: str | None = None
    hub_domain: str | None = None
    scopes: tuple[str, ...] | None = None
    client_id: str | None = None


@dataclass(frozen=True, slots=True)
class Details:
    """The facts of an account; ``ui_domain`` is the host of its pages."""

    hub_id: int
    account_type: str | None = None
    time_zone: str | None = None
    currency: str | None = None
    ui_domain: str | None = None
    data_hosting: str | None = None


def introspect_request(settings: App, token: SecretStr) -> Request:
    """Build the request that introspects an access or refresh token (RFC 7662)."""
    url = api_url(settings, endpoints.INTROSPECTION)
    return form_request(settings, url, {"token": token.get_secret_value()})


def read_introspection(response: Response) -> Introspection:
    """Read the answer to an introspection; the token that it echoes is not kept.

    Raises:
        BadAnswer: ``active`` is not a boolean (RFC 7662 section 2.2), or the rest is unusable.
        PortalkeyError: As ``read_grant()`` does.
    """
    answer = _success(response)
    active = answer.get("active")
    if not isinstance(active, bool):
        raise BadAnswer("HubSpot's answer does not say whether the token is active.")
    client_id = answer.fact("client_id")
    if not active:
        return Introspection(active=False, client_id=client_id)
    return Introspection(
        active=True,
        hub_id=answer.identifier("hub_id"),
        user_id=answer.identifier("user_id"),
        user=answer.fact("user", 254),
        # Looked for by whoever runs the app, as people write it: in any letters.
        hub_domain=(answer.fact("hub_domain", 253) or "").lower() or None,
        scopes=answer.scopes(),
        client_id=client_id,
    )


def details_request(settings: App, access_token: SecretStr) -> Request:
    """Build the request for the facts of the account behind *access_token*."""
    return Request("GET", api_url(settings, endpoints.DETAILS), bearer=access_token)


def read_details(response: Response) -> Details:
    """Read the facts of an account.

    Raises:
        BadAnswer: The answer has no account id.
        ScopesMissing: The granted scopes do not cover them.
        PortalkeyError: As ``read_grant()`` does.
    """
    answer = _success(response)
    hub_id = answer.identifier("portalId")
    if hub_id is None:
        raise BadAnswer("HubSpot's answer does not name the account.")
    return Details(
        hub_id=hub_id,
        account_type=answer.fact("accountType"),
        time_zone=answer.fact("timeZone"),
        currency=answer.fact("companyCurrency"),
        ui_domain=answer.fact("uiDomain", 253),
        data_hosting=answer.fact("dataHostingLocation"),
    )


def identify(
    grant: Grant, introspection: Introspection | None, details: Details | None
) -> tuple[Account, tuple[str, ...] | None]:
    """Return the account that *grant* is for, and the granted scopes; None where none are named.

    The token response counts first, then the introspection, then the details.

    Raises:
        BadAnswer: None of the three names the account, or two name different ones: one of them
            would be the answer to somebody else's request.
    """
    about, facts = introspection or Introspection(active=False), details
    hub_id = _require_same(grant.hub_id, about.hub_id, facts.hub_id if facts else None)
    if hub_id is None:
        raise BadAnswer("HubSpot does not say which account this is.")
    account = Account(
        hub_id=hub_id,
        hub_user_id=_require_same(grant.hub_user_id, about.user_id),
        user_email=about.user,
        hub_domain=about.hub_domain,
        account_type=facts.account_type if facts else None,
        time_zone=facts.time_zone if facts else None,
        currency=facts.currency if facts else None,
        ui_domain=facts.ui_domain if facts else None,
        data_hosting=facts.data_hosting if facts else None,
    )
    return account, grant.scopes or about.scopes or None


def _require_same(*ids: int | None) -> int | None:
    """Return the one id among *ids*, or None where all are None."""
    named = {each for each in ids if each is not None}
    if len(named) > 1:
        raise BadAnswer("HubSpot's answers name different accounts or people for one grant.")
    return next(iter(named), None)


def _success(response: Response) -> Answer:
    if response.status != _OK:
        raise failure(response)
    return Answer.of(response)
