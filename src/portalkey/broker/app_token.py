"""The app's own token at HubSpot, for its webhooks journal: in memory, and never stored."""

from dataclasses import replace

from pydantic import SecretStr

from portalkey._support.clock import Clock
from portalkey.broker import waiting
from portalkey.broker.admission import Permit
from portalkey.broker.token_endpoint import TokenEndpoint
from portalkey.errors import PortalkeyError
from portalkey.hubspot.client import Send
from portalkey.hubspot.journal_access import app_token_request, read_app_token
from portalkey.model.throttle import Purpose
from portalkey.settings.settings import Settings

_WHO = "\0journal"
"""For whom it is asked, among owners; no owner of an app can be called so."""
_EARLY, _EARLY_PART = 60.0, 0.1
"""Seconds before its end at which another is asked for, or a part of its life where that is less.
"""


class AppTokenSource:
    """Source of the app's own token, which asks for one where there is none that lives."""

    def __init__(
        self, settings: Settings, send: Send, endpoint: TokenEndpoint, clock: Clock
    ) -> None:
        self._settings = settings
        self._send = send
        self._endpoint = endpoint
        self._clock = clock
        self._token: SecretStr | None = None
        self._until = 0.0

    def get(self) -> SecretStr:
        """Return it, as a request of the sweep's class at the token endpoint where it is due.

        Raises:
            OperatorMustAct, TryLater: There is none; the message says what to do.
        """
        if self._token is None or self._clock() >= self._until:
            self._token = self._ask()
        return self._token

    def forget(self) -> None:
        """Ask for another the next time, as HubSpot refused this one."""
        self._token = None

    def _ask(self) -> SecretStr:
        permit = self._endpoint.admission.acquire(Purpose.SWEEP, _WHO, _WHO)
        if not isinstance(permit, Permit):
            raise waiting.throttled_error(permit.reason, permit.wait)
        began = self._clock()
        try:
            request = replace(app_token_request(self._settings), owner=_WHO)
            answer = read_app_token(self._send(request))
        except PortalkeyError as trouble:
            self._endpoint.record_failure(_WHO, permit, trouble)
            raise
        self._endpoint.record_answer(permit)
        early = min(_EARLY, answer.expires_in * _EARLY_PART)
        self._until = began + max(1.0, answer.expires_in - early)
        return answer.token
