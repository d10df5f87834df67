"""An access token for the opening page, where the app has decided to take that risk.

A page that holds a token can lose it: to any script on it, to an extension, to a careless log. So
this is off by default, once an attempt, and the refresh token never leaves by it.
"""

from dataclasses import asdict

from portalkey.errors import NotConnected
from portalkey.model.attempt import Attempt
from portalkey.web import headers
from portalkey.web.context import Context
from portalkey.web.csrf import CsrfGuard
from portalkey.web.http import WebRequest, WebResponse


class TokenDelivery:
    """``POST /api/hubspot/attempts/ID/token``."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._broker = context.broker
        self._guard = CsrfGuard(context)

    def token(self, request: WebRequest) -> WebResponse:
        """The access token that the attempt came to, and how many seconds it lives on.

        Only for the owner in the browser that began it, at the origin that opened the popup (or
        from the popup itself), once, within ``DELIVER_SECONDS`` of the end.
        """
        if self._context.deliver is None:
            return self._context.problem("not_found", 404)
        refused = self._guard.refusal(request, start_token_will_do=True)
        if refused is not None or request.owner is None:
            return refused or self._context.problem("signed_out", 401)
        attempt = self._attempt(request, request.owner)
        if attempt is None or not self._is_of_the_journey(request, attempt):
            return self._context.problem("not_found", 404)
        return self._deliver(attempt)

    def _attempt(self, request: WebRequest, owner: str) -> Attempt | None:
        attempt_id, browser = request.arguments["attempt_id"], request.browser
        return self._broker.attempt_of_session(attempt_id, owner, browser) if browser else None

    def _is_of_the_journey(self, request: WebRequest, attempt: Attempt) -> bool:
        """True where the browser says that the opening page asks, or our own popup."""
        own = self._broker.settings.public_url
        return bool(attempt.opener_origin) and request.headers.get("origin") in {
            attempt.opener_origin,
            own,
        }

    def _deliver(self, attempt: Attempt) -> WebResponse:
        try:
            delivered = self._broker.deliver(attempt)
        except NotConnected:
            return self._context.problem("not_connected", 409)
        if delivered is None:
            return self._context.problem("already_delivered", 409)
        return WebResponse.json(asdict(delivered), headers.API)
