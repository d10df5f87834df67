"""Requests to the token endpoints: exchange a code, refresh a grant, revoke a refresh token."""

import re
from collections.abc import Mapping
from enum import StrEnum

from pydantic import SecretStr

from portalkey.errors import AttemptExpired, BadAnswer, HubSpotUnavailable, NeedsReconnect
from portalkey.hubspot import endpoints
from portalkey.hubspot.app import App
from portalkey.hubspot.errors import failure
from portalkey.hubspot.http import Request, Response
from portalkey.hubspot.json_body import Answer
from portalkey.model.connection import Grant

DEFAULT_LIFETIME = 1800
"""Lifetime in seconds where the answer names none: the one that HubSpot documents."""
LONGEST_LIFETIME = 24 * 3600
"""Longest lifetime in seconds that is believed, so that no answer makes an eternal token."""

_OK = 200
_DONE = frozenset({200, 204})


class GrantType(StrEnum):
    """The ``grant_type`` of a token request (RFC 6749)."""

    CODE = "authorization_code"
    REFRESH = "refresh_token"


def code_request(
    settings: App, *, code: SecretStr, redirect_uri: str, verifier: SecretStr | None
) -> Request:
    """Build the request that exchanges a *code* for a grant.

    *redirect_uri* is the one that the person was sent away with, to the letter (RFC 6749 section
    4.1.3); *verifier* belongs to the challenge, or is None if there was none.
    """
    form = {"code": code.get_secret_value(), "redirect_uri": redirect_uri}
    if verifier is not None:
        form["code_verifier"] = verifier.get_secret_value()
    return _token_request(settings, GrantType.CODE, form)


def refresh_request(settings: App, refresh_token: SecretStr) -> Request:
    """Build the request for a new access token; it names no scope, so the old ones stay."""
    form = {"refresh_token": refresh_token.get_secret_value()}
    return _token_request(settings, GrantType.REFRESH, form)


def _token_request(settings: App, asked: GrantType, form: Mapping[str, str]) -> Request:
    url = api_url(settings, endpoints.TOKEN)
    return form_request(settings, url, {"grant_type": asked.value, **form})


def api_url(settings: App, path: str) -> str:
    """Return the address of a *path* of HubSpot's API, at the version that *settings* name.

    The newest is taken where that version has no such path.
    """
    is_without = settings.api_version == "v3" and path in endpoints.DATED_ONLY
    version = endpoints.NEWEST if is_without else settings.api_version
    return f"{settings.api_url}{path.format(version=version)}"


def form_request(settings: App, url: str, form: Mapping[str, str]) -> Request:
    """Build a POST of *form* to *url* that authenticates the app (RFC 6749 section 2.3.1).

    The secret goes into the body, the only way that HubSpot documents, and never into the URL.
    """
    client = {
        "client_id": settings.client_id,
        "client_secret": settings.client_secret.get_secret_value(),
    }
    return Request("POST", url, {**form, **client})


def read_grant(response: Response, *, asked: GrantType) -> Grant:
    """Read the grant in a token response; unknown members are ignored.

    ``expires_in`` is between 1 and ``LONGEST_LIFETIME`` seconds, or ``DEFAULT_LIFETIME`` where the
    answer has no number: that is no reason to lose a grant. An empty refresh token counts as none.

    Raises:
        NeedsReconnect: HubSpot no longer honours the refresh token.
        AttemptExpired: HubSpot does not know the code, or no longer.
        AttemptMismatch: The verifier is not the one of the challenge.
        HubSpotRefused, BadAnswer: The operator has to look.
        RateLimited, HubSpotUnavailable: Try again later.
    """
    if response.status != _OK:
        dead = AttemptExpired if asked is GrantType.CODE else NeedsReconnect
        raise failure(response, dead=dead)
    answer = Answer.of(response)
    _require_bearer(answer)
    access_token = answer.token("access_token")
    refresh_token = answer.token("refresh_token")
    if access_token is None or (asked is GrantType.CODE and refresh_token is None):
        raise BadAnswer("HubSpot's answer lacks a token.")
    return Grant(
        access_token=access_token,
        refresh_token=refresh_token,
        expires_in=read_lifetime(answer.get("expires_in")),
        scopes=answer.scopes(),
        hub_id=answer.identifier("hub_id"),
        hub_user_id=answer.identifier("user_id"),
    )


def read_refresh_token(response: Response) -> SecretStr | None:
    """Return the refresh token of a token response that is otherwise unusable, or None.

    It may be the only one that HubSpot still honours (RFC 6749 section 6), so it is saved even
    where the rest of the answer is refused.
    """
    if response.status != _OK:
        return None
    try:
        return Answer.of(response).token("refresh_token")
    except (BadAnswer, HubSpotUnavailable):
        return None


def _require_bearer(answer: Answer) -> None:
    kind, use = answer.get("token_type"), answer.get("token_use")
    if not isinstance(kind, str) or kind.lower() != "bearer" or use not in (None, "access_token"):
        raise BadAnswer("HubSpot's answer holds a kind of token that is not known here.")


def read_lifetime(value: object) -> int:
    """Return the seconds of ``expires_in``, or ``DEFAULT_LIFETIME`` where it is no number."""
    if isinstance(value, str) and re.fullmatch(r"[0-9]{1,99}", value):
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return DEFAULT_LIFETIME
    return int(max(1, min(value, LONGEST_LIFETIME)))


def revoke_request(settings: App, refresh_token: SecretStr) -> Request:
    """Build the request that revokes a refresh token; its access tokens live until they expire."""
    form = {"token": refresh_token.get_secret_value(), "token_type_hint": "refresh_token"}
    return form_request(settings, api_url(settings, endpoints.REVOCATION), form)


def read_revocation(response: Response) -> None:
    """Return if the token is revoked or was not known (RFC 7009 section 2.2).

    Raises:
        HubSpotRefused, BadAnswer, RateLimited, HubSpotUnavailable: The token may live on.
    """
    # RFC 7009 has the body ignored, but a page comes from whatever stands in HubSpot's place.
    if response.status == _OK and response.body.lstrip().startswith(b"<"):
        raise HubSpotUnavailable
    if response.status not in _DONE:
        trouble = failure(response)
        # HubSpot answers an unknown token with invalid_grant, where RFC 7009 asks for a 200.
        if not isinstance(trouble, NeedsReconnect):
            raise trouble
