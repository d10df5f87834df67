"""Check of the app's credentials: does HubSpot know the client, and is the secret right?"""

import secrets

from pydantic import SecretStr

from portalkey.errors import BadAnswer, HubSpotRefused, PortalkeyError
from portalkey.hubspot.account import introspect_request, read_introspection
from portalkey.hubspot.client import Send
from portalkey.model.findings import Finding, ok, problem, unknown
from portalkey.settings.settings import Settings

_NAME = "credentials"
_BAD_ID, _BAD_SECRET = "BAD_CLIENT_ID", "BAD_CLIENT_SECRET"
_OF_CLIENT = frozenset({_BAD_ID, _BAD_SECRET, "invalid_client", "unauthorized_client"})


def check_credentials(settings: Settings, send: Send) -> Finding:
    """Ask HubSpot about a refresh token that nobody has, with the credentials of *settings*.

    It answers that the token is not active only to a client whose secret is right. No grant is
    touched, so that a copy asks it, too.
    """
    token = SecretStr(f"portalkey-doctor-{secrets.token_urlsafe(16)}")
    try:
        answer = read_introspection(send(introspect_request(settings, token)))
        if answer.active:
            raise BadAnswer("HubSpot calls a token active that nobody has.")
    except HubSpotRefused as trouble:
        if trouble.status in _OF_CLIENT:
            return _tell_wrong(settings, str(trouble.status))
        return unknown(_NAME, f"HubSpot did not say whether the credentials are right. {trouble}")
    except PortalkeyError as trouble:
        why = f"({trouble.code})"
        return unknown(_NAME, f"HubSpot did not say whether the credentials are right {why}.")
    return ok(_NAME, f"HubSpot knows the client {settings.client_id}, and its secret is right.")


def _tell_wrong(settings: Settings, word: str) -> Finding:
    where = "the app's Auth settings at HubSpot"
    if word == _BAD_ID:
        what = f"HubSpot knows no client {settings.client_id} ({word})."
        return problem(_NAME, what, f"Compare HUBSPOT_CLIENT_ID with {where}.")
    if word == _BAD_SECRET:
        what = f"HubSpot refuses the secret of the client {settings.client_id} ({word})."
        to_do = f"Compare HUBSPOT_CLIENT_SECRET with {where}; of two secrets the first is sent."
        return problem(_NAME, what, to_do)
    what = f"HubSpot refuses the client {settings.client_id} or its secret ({word})."
    to_do = (
        f"Compare HUBSPOT_CLIENT_ID and HUBSPOT_CLIENT_SECRET with {where}; of two secrets the "
        "first is sent."
    )
    return problem(_NAME, what, to_do)
