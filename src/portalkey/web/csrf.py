"""Who may post: a page of this app, in this session, for whoever is signed in."""

from portalkey.model.events import EventName
from portalkey.web.context import Context
from portalkey.web.http import WebRequest, WebResponse
from portalkey.web.signed_tokens import is_form_signed, read_start


class CsrfGuard:
    """Looks at every POST before anything is done."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._broker = context.broker

    def refusal(
        self, request: WebRequest, *, start_token_will_do: bool = False
    ) -> WebResponse | None:
        """The answer to a POST that did not come from a page of this app in this session.

        A start token stands in addresses, so it will do only for what it can begin.
        """
        if request.owner is None:
            asks_json = request.wants_json
            return (
                self._context.problem("signed_out", 401)
                if asks_json
                else self._context.signed_out()
            )
        check = self._forged(request, request.owner)
        if check == "token" and start_token_will_do and self._has_start_token(request):
            check = None
        if check is None:
            return None
        self._broker.record(EventName.FORGERY_REFUSED, owner=request.owner, facts={"check": check})
        if request.wants_json:
            return self._context.problem("forgery_refused", 403)
        return self._context.notice("forgery_refused", 403, back=self._context.home)

    def _forged(self, request: WebRequest, owner: str) -> str | None:
        """The name of the check that failed, if one did."""
        if not request.is_own_post(self._broker.settings.allowed_origins):
            return "origin"
        token = request.headers.get("x-portalkey-token") or request.one_in_form("portalkey_token")
        signed = is_form_signed(self._broker, token, browser=request.browser, owner=owner)
        return None if signed else "token"

    def _has_start_token(self, request: WebRequest) -> bool:
        token, owner = request.headers.get("x-portalkey-token"), request.owner or ""
        start = read_start(self._broker, token, browser=request.browser, owner=owner)
        return start is not None
