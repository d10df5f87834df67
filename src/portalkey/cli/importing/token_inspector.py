"""Introspection of old refresh tokens. It consumes nothing, so the old app goes on working."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from pydantic import SecretStr

from portalkey.cli.importing.outcomes import WHY, Outcome
from portalkey.errors import (
    BadAnswer,
    HubSpotRefused,
    HubSpotUnavailable,
    PersonMustAct,
    TryLater,
)
from portalkey.hubspot.account import identify, introspect_request, read_introspection
from portalkey.hubspot.client import Send
from portalkey.hubspot.http import Response
from portalkey.hubspot.json_body import Answer
from portalkey.model.connection import Account, Grant
from portalkey.settings.settings import Settings

TRIES = 4
"""Requests to HubSpot about one row while it is not well."""
LONGEST_WAIT = 60.0
"""Longest wait in seconds; where HubSpot asks for more, the import ends and is run again later."""
_OF_ANOTHER_APP = "MISMATCH_REFRESH_TOKEN_CLIENT"


@dataclass(frozen=True, slots=True)
class Known:
    """Account and scopes of a refresh token that HubSpot honours for this app."""

    account: Account
    scopes: tuple[str, ...] | None


@dataclass(frozen=True, slots=True)
class Useless:
    """A refresh token that cannot be imported, with the reason in a sentence."""

    outcome: Outcome
    why: str
    hub_id: int | None = None


def reject(outcome: Outcome) -> Useless:
    """Return ``Useless`` with the usual sentence of *outcome*."""
    return Useless(outcome, WHY[outcome])


class TokenInspector:
    """Asks HubSpot about refresh tokens; threads may share it."""

    def __init__(
        self, settings: Settings, send: Send, *, sleep: Callable[[float], object] = time.sleep
    ) -> None:
        """Send with *send*; *sleep* waits so many seconds between two tries."""
        self._settings = settings
        self._send = send
        self._sleep = sleep

    def look_up(self, refresh_token: SecretStr) -> Known | Useless:
        """Ask HubSpot about *refresh_token*.

        Raises:
            HubSpotUnavailable, RateLimited: HubSpot was not well at each try, for any token.
            HubSpotRefused: HubSpot refuses the app, for any token.
        """
        tries = 0
        while True:
            tries += 1
            try:
                return self._try(refresh_token)
            except TryLater as trouble:
                wait = max(trouble.retry_after, 2.0 ** (tries - 1))
                if tries == TRIES or wait > LONGEST_WAIT:
                    if isinstance(trouble, HubSpotUnavailable) and trouble.of_account:
                        return reject(Outcome.LATER)
                    raise
            self._sleep(wait)

    def _try(self, refresh_token: SecretStr) -> Known | Useless:
        response = self._send(introspect_request(self._settings, refresh_token))
        try:
            return self._read(response, refresh_token)
        except PersonMustAct:
            return reject(Outcome.DEAD)
        except HubSpotRefused as refused:
            if refused.status == _OF_ANOTHER_APP:
                return reject(Outcome.OTHER_APP)
            if refused.of_app:
                raise
            return Useless(Outcome.UNCLEAR, str(refused))
        except BadAnswer as trouble:
            return Useless(Outcome.UNCLEAR, str(trouble))

    def _read(self, response: Response, refresh_token: SecretStr) -> Known | Useless:
        introspection = read_introspection(response)
        if not introspection.active:
            return reject(Outcome.DEAD)
        answer = Answer.of(response)
        if answer.get("client_id") not in (None, self._settings.client_id):
            return reject(Outcome.OTHER_APP)
        if answer.get("token_use") not in (None, "refresh_token"):
            return reject(Outcome.WRONG_KIND)
        grant = Grant(access_token=SecretStr(""), refresh_token=refresh_token, expires_in=0)
        return Known(*identify(grant, introspection, None))
