"""Asks HubSpot what a refresh token is for. Asking consumes nothing, so the old app goes on."""

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
"""How often HubSpot is asked about one row while it is not well."""
LONGEST_WAIT = 60.0
"""Seconds; who is asked to wait for longer comes back another time."""
_OF_ANOTHER_APP = "MISMATCH_REFRESH_TOKEN_CLIENT"


@dataclass(frozen=True, slots=True)
class Known:
    """A refresh token that HubSpot honours for this app: whose it is, and for what."""

    account: Account
    scopes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Useless:
    """A refresh token that cannot be imported, and why, in a sentence."""

    outcome: Outcome
    why: str
    hub_id: int | None = None


def useless(outcome: Outcome) -> Useless:
    """Useless with the usual sentence."""
    return Useless(outcome, WHY[outcome])


class Asking:
    """Asks from any thread."""

    def __init__(
        self, settings: Settings, send: Send, *, sleep: Callable[[float], object] = time.sleep
    ) -> None:
        """Send with *send*; *sleep* waits between two tries, for so many seconds."""
        self._settings = settings
        self._send = send
        self._sleep = sleep

    def about(self, refresh_token: SecretStr) -> Known | Useless:
        """What HubSpot says of *refresh_token*.

        Raises:
            HubSpotUnavailable, RateLimited: HubSpot was not well each time, whatever is asked.
            HubSpotRefused: It refuses the app, whatever is asked.
        """
        tries = 0
        while True:
            tries += 1
            try:
                return self._once(refresh_token)
            except TryLater as trouble:
                wait = max(trouble.retry_after, 2.0 ** (tries - 1))
                if tries == TRIES or wait > LONGEST_WAIT:
                    if isinstance(trouble, HubSpotUnavailable) and trouble.of_account:
                        return useless(Outcome.LATER)
                    raise
            self._sleep(wait)

    def _once(self, refresh_token: SecretStr) -> Known | Useless:
        response = self._send(introspect_request(self._settings, refresh_token))
        try:
            return self._read(response, refresh_token)
        except PersonMustAct:
            return useless(Outcome.DEAD)
        except HubSpotRefused as refused:
            if refused.status == _OF_ANOTHER_APP:
                return useless(Outcome.OTHER_APP)
            if refused.of_app:
                raise
            return Useless(Outcome.UNCLEAR, str(refused))
        except BadAnswer as trouble:
            return Useless(Outcome.UNCLEAR, str(trouble))

    def _read(self, response: Response, refresh_token: SecretStr) -> Known | Useless:
        told = read_introspection(response)
        if not told.active:
            return useless(Outcome.DEAD)
        answer = Answer.of(response)
        if answer.get("client_id") not in (None, self._settings.client_id):
            return useless(Outcome.OTHER_APP)
        if answer.get("token_use") not in (None, "refresh_token"):
            return useless(Outcome.WRONG_KIND)
        grant = Grant(access_token=SecretStr(""), refresh_token=refresh_token, expires_in=0)
        return Known(*identify(grant, told, None))
