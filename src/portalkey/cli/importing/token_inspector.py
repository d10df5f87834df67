"""Introspection of old refresh tokens. It consumes nothing, so the old app goes on working."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from pydantic import SecretStr

from portalkey.broker.adopt import OF_ANOTHER_APP, Known, build_inspection, read_inspection
from portalkey.cli.importing.outcomes import WHY, Outcome
from portalkey.errors import (
    BadAnswer,
    HubSpotRefused,
    HubSpotUnavailable,
    PersonMustAct,
    SourceUnusable,
    TryLater,
)
from portalkey.hubspot.client import Send
from portalkey.settings.settings import Settings

TRIES = 4
"""Requests to HubSpot about one row while it is not well."""
LONGEST_WAIT = 60.0
"""Longest wait in seconds; where HubSpot asks for more, the import ends and is run again later."""


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
        response = self._send(build_inspection(self._settings, refresh_token))
        try:
            return read_inspection(self._settings, response, refresh_token)
        except PersonMustAct:
            return reject(Outcome.DEAD)
        except SourceUnusable:
            return reject(Outcome.WRONG_KIND)
        except HubSpotRefused as refused:
            if refused.status == OF_ANOTHER_APP:
                return reject(Outcome.OTHER_APP)
            if refused.of_app:
                raise
            return Useless(Outcome.UNCLEAR, str(refused))
        except BadAnswer as trouble:
            return Useless(Outcome.UNCLEAR, str(trouble))
