"""The authorization request, and the response that comes back in the callback's query."""

import base64
import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from urllib.parse import quote, urlencode

from pydantic import SecretStr

from portalkey.errors import AttemptMismatch, Declined, HubSpotRefused, HubSpotUnavailable
from portalkey.hubspot import endpoints
from portalkey.hubspot.app import App

UNKNOWN_ERROR = "unknown_error"
"""Stands for an ``error`` in a callback that RFC 6749 does not define."""

_CALLBACK_ERRORS = frozenset(
    {
        "access_denied",
        "invalid_request",
        "invalid_scope",
        "server_error",
        "temporarily_unavailable",
        "unauthorized_client",
        "unsupported_response_type",
    }
)
# RFC 6749 appendix A.5, A.7 and A.11, with limits far above the length of any honest value.
_CALLBACK_GRAMMAR = {
    "code": re.compile(r"[\x20-\x7E]{1,2048}"),
    "state": re.compile(r"[\x20-\x7E]{1,512}"),
    "error": re.compile(r"[\x20\x21\x23-\x5B\x5D-\x7E]{1,100}"),
}


@dataclass(frozen=True, slots=True)
class AuthorizationResponse:
    """The query of a callback: a code, or an error of RFC 6749 section 4.1.2.1."""

    code: SecretStr | None
    state: str | None = field(repr=False)
    error: str | None


def challenge(verifier: SecretStr) -> str:
    """Return the S256 challenge of *verifier* (RFC 7636 section 4.2)."""
    digest = hashlib.sha256(verifier.get_secret_value().encode("ascii")).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode("ascii")


def authorize_url(
    settings: App,
    *,
    state: str,
    challenge: str | None,
    hub_id: int | None = None,
    scopes: Sequence[str] = (),
) -> str:
    """Return the URL of HubSpot's consent page for this attempt.

    Args:
        settings: Name the app, its scopes and HubSpot's address.
        state: Comes back with the person; unguessable and used once.
        challenge: The S256 challenge of a verifier, or None to go without (RFC 7636).
        hub_id: The account to be connected; None lets the person pick one.
        scopes: Asked for as well, this once. HubSpot takes those that the app has as optional in
            ``optional_scope`` only, where they are anyway, and all others in ``scope`` only.
    """
    further = merge(scopes, beside=(*settings.scopes, *settings.optional_scopes))
    query = {
        "client_id": settings.client_id,
        "redirect_uri": settings.redirect_uri,
        "scope": " ".join((*settings.scopes, *further)),
        "state": state,
    }
    if settings.optional_scopes:
        # In the singular: HubSpot ignores the plural, though its prose has it.
        query["optional_scope"] = " ".join(settings.optional_scopes)
    if challenge is not None:
        query |= {"code_challenge": challenge, "code_challenge_method": "S256"}
    path = endpoints.AUTHORIZE if hub_id is None else endpoints.AUTHORIZE_ONE.format(hub_id=hub_id)
    return f"{settings.app_url}{path}?{urlencode(query, quote_via=quote)}"


def merge(*several: Iterable[str], beside: Sequence[str]) -> tuple[str, ...]:
    """Return the scopes of *several*, each once, without those *beside* which they stand."""
    names = dict.fromkeys(name for each in several for name in each)
    return tuple(name for name in names if name not in beside)


def longest_url(settings: App) -> str:
    """Return the URL of an attempt that names the account, as long as any can be."""
    # As long as those of an attempt: what they say does not matter.
    some = "s" * 43
    return authorize_url(settings, state=some, challenge=some, hub_id=10**12)


def read_authorization_response(query: Sequence[tuple[str, str]]) -> AuthorizationResponse:
    """Read the parameters of a callback; unknown ones are ignored.

    Raises:
        AttemptMismatch: A parameter is doubled, has characters or a length that it cannot have, or
            both a code and an error are there. Nothing of it can be trusted.
    """
    parameters = {name: _only(query, name) for name in _CALLBACK_GRAMMAR}
    code, error = parameters["code"], parameters["error"]
    if code is not None and error is not None:
        raise AttemptMismatch
    if error is not None and error not in _CALLBACK_ERRORS:
        error = UNKNOWN_ERROR
    return AuthorizationResponse(
        SecretStr(code) if code is not None else None, parameters["state"], error
    )


def read_code(query: Sequence[tuple[str, str]]) -> SecretStr:
    """Return the code in the *query* of a callback.

    Raises:
        Declined, HubSpotUnavailable, HubSpotRefused: What HubSpot sent in its place.
        AttemptMismatch: There is none, or the query cannot be trusted.
    """
    answer = read_authorization_response(query)
    if answer.error == "access_denied":
        raise Declined
    if answer.error in {"server_error", "temporarily_unavailable"}:
        raise HubSpotUnavailable
    if answer.error is not None:
        raise HubSpotRefused(status=answer.error)
    if answer.code is None:
        raise AttemptMismatch
    return answer.code


def _only(query: Sequence[tuple[str, str]], name: str) -> str | None:
    # "Code" beside "code" could be read in two ways, so any other spelling is refused.
    values = [pair for pair in query if pair[0].lower() == name]
    if not values:
        return None
    spelt, value = values[0]
    if len(values) > 1 or spelt != name or not _CALLBACK_GRAMMAR[name].fullmatch(value):
        raise AttemptMismatch
    return value
