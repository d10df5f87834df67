"""An access token for the opening page, where the app has decided to take that risk.

A page that holds a token can lose it: to any script on it, to an extension, to a careless log. So
this is off by default, once an attempt, and the refresh token never leaves by it. A debugged app
that other machines reach hands out none.
"""

import logging
from dataclasses import asdict

from portalkey.errors import NotConnected
from portalkey.model.attempt import Attempt
from portalkey.web import headers
from portalkey.web.context import Context
from portalkey.web.csrf import CsrfGuard
from portalkey.web.http import WebRequest, WebResponse

log = logging.getLogger("portalkey")


class TokenDelivery:
    """``POST /api/hubspot/attempts/ID/token``."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._broker = context.broker
        self._guard = CsrfGuard(context)

    def hand_over(self, request: WebRequest) -> WebResponse:
        """Answer with the access token that the attempt came to, and how many seconds it lives on.

        Only for the owner in the browser that began it, at the origin that opened the popup (or
        from the popup itself), once, within ``DELIVER_SECONDS`` of the end.
        """
        if self._context.options.deliver is None:
            return self._context.problem("not_found", 404)
        if self._is_debugged_by_others(request):
            log.error(
                "no token is delivered: the app is in debug mode, and other machines reach it; "
                "turn debug off, or say allow_debug=True where nobody else can"
            )
            return self._context.problem("debug_app", 403)
        owner = self._guard.authorize_post(request, accept_start_token=True)
        if isinstance(owner, WebResponse):
            return owner
        attempt = self._context.attempt_of_session(request, request.arguments["attempt_id"])
        if attempt is None or not self._is_from_the_journey(request, attempt):
            return self._context.problem("not_found", 404)
        if not self._may_deliver(attempt):
            return self._context.problem("may_not_deliver", 403)
        return self._deliver(attempt)

    def _is_debugged_by_others(self, request: WebRequest) -> bool:
        """Return True where a debugger, which shows memory and runs code, is off this machine."""
        is_here = self._broker.settings.is_local and request.is_from_here
        return request.is_debug and not is_here and not self._context.options.allow_debug

    def _may_deliver(self, attempt: Attempt) -> bool:
        """Return False where the app wants to hear from the person first; it may be asked again."""
        allows = self._context.options.may_deliver
        connection = self._broker.connection_of(attempt) if allows else None
        return allows is None or connection is None or allows(attempt.owner, connection)

    def _is_from_the_journey(self, request: WebRequest, attempt: Attempt) -> bool:
        """Return True where the browser says that the opening page asks, or our own popup."""
        origins = {attempt.opener_origin, self._broker.settings.public_url}
        return bool(attempt.opener_origin) and request.headers.get("origin") in origins

    def _deliver(self, attempt: Attempt) -> WebResponse:
        try:
            delivered = self._broker.deliver(attempt)
        except NotConnected:
            return self._context.problem("not_connected", 409)
        if delivered is None:
            return self._context.problem("already_delivered", 409)
        return WebResponse.json(asdict(delivered), headers.API)
