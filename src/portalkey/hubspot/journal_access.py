"""An app's own access to its webhooks journal: a token for no account, and what refuses it."""

from dataclasses import dataclass
from typing import TypeGuard

from pydantic import SecretStr

from portalkey.errors import (
    BadAnswer,
    HubSpotRefused,
    PersonMustAct,
    PortalkeyError,
    ScopesMissing,
)
from portalkey.hubspot import endpoints
from portalkey.hubspot.app import App
from portalkey.hubspot.errors import failure
from portalkey.hubspot.http import Request, Response
from portalkey.hubspot.json_body import Answer
from portalkey.hubspot.token import api_url, form_request, read_lifetime

SCOPES = (
    "developer.webhooks_journal.read",
    "developer.webhooks_journal.subscriptions.read",
    "developer.webhooks_journal.subscriptions.write",
)
"""The scopes of the app's own token; no account grants them."""

_OK = 200
_OF_SCOPES = frozenset({"BAD_SCOPES", "MISSING_SCOPES"})
_LACKS = (
    "HubSpot does not let the app read the webhooks journal ({word}): it lacks {scopes}. Add them "
    "to the app's scopes at HubSpot, as `portalkey journal setup` says, or set PORTALKEY_JOURNAL "
    "to off"
)
_REFUSED = (
    "HubSpot does not let the app read the webhooks journal ({word}); run `portalkey journal "
    "setup`, which says what is missing, or set PORTALKEY_JOURNAL to off"
)


@dataclass(frozen=True, slots=True)
class AppToken:
    """A token of the app itself, good for so many seconds from when it was asked for."""

    token: SecretStr
    expires_in: int


def app_token_request(settings: App) -> Request:
    """Build the request for a token of the app itself (RFC 6749 section 4.4)."""
    url = api_url(settings, endpoints.TOKEN)
    form = {"grant_type": "client_credentials", "scope": " ".join(SCOPES)}
    return form_request(settings, url, form)


def read_app_token(response: Response) -> AppToken:
    """Read the app's own token.

    Raises:
        HubSpotRefused, BadAnswer: The operator has to look; the message says where.
        RateLimited, HubSpotUnavailable: Try again later.
    """
    if response.status != _OK:
        raise _app_failure(response)
    answer = Answer.of(response)
    token = answer.token("access_token")
    if token is None or answer.get("token_use") not in _USES:
        raise BadAnswer("HubSpot's answer lacks a token of the app.")
    return AppToken(token, read_lifetime(answer.get("expires_in")))


_USES = (None, "client_credentials", "access_token")


def journal_failure(response: Response) -> PortalkeyError:
    """Return the error that *response* of the journal or its subscriptions stands for."""
    trouble = _app_failure(response)
    if _is_about_journal(trouble, response):
        return HubSpotRefused(f"{_REFUSED.format(word=response.status)}.", status=trouble.status)
    return trouble


def _is_about_journal(trouble: PortalkeyError, response: Response) -> TypeGuard[HubSpotRefused]:
    # An address that is blocked is said elsewhere, and a wrong secret is met by the token request.
    is_refused = isinstance(trouble, HubSpotRefused) and trouble.status not in _OF_SCOPES
    return is_refused and response.status in {401, 404}


def _app_failure(response: Response) -> PortalkeyError:
    """Return the error that *response* stands for; none of them is a person's to put right.

    What is wrong with the app itself, as its secret, is said in the words that any request has.
    """
    trouble = failure(response)
    if isinstance(trouble, ScopesMissing):
        sentence = _LACKS.format(word="MISSING_SCOPES", scopes=" ".join(trouble.scopes or SCOPES))
        return HubSpotRefused(f"{sentence}.", status="MISSING_SCOPES")
    if isinstance(trouble, HubSpotRefused) and trouble.status in _OF_SCOPES:
        sentence = _LACKS.format(word=trouble.status, scopes=" or ".join(SCOPES))
        return HubSpotRefused(f"{sentence}.", status=trouble.status)
    if isinstance(trouble, PersonMustAct):
        return HubSpotRefused(f"{_REFUSED.format(word=response.status)}.", status=trouble.code)
    return trouble
