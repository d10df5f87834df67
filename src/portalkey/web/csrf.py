"""Protection against forged POSTs (CSRF): only pages of this app, in this session, may post."""

from portalkey.web.context import Context
from portalkey.web.http import WebRequest, WebResponse
from portalkey.web.signed_tokens import is_form_signed, read_start


class CsrfGuard:
    """Looks at every POST before anything is done."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._broker = context.broker

    def authorize_post(
        self,
        request: WebRequest,
        *,
        accept_start_token: bool = False,
        way_back: str | None = None,
    ) -> str | WebResponse:
        """Return the owner that a POST may act for, or the response that refuses it.

        It has to come from a page of this app in this session. A start token stands in addresses,
        so it is accepted only for what it can begin. Whoever is signed out is led through the
        sign-in to *way_back*, a page.
        """
        owner = request.owner
        if owner is None:
            if request.wants_json:
                return self._context.problem("signed_out", 401)
            return self._context.ask_to_sign_in(request, way_back)
        check = self._find_failed_check(request, owner)
        if check == "token" and accept_start_token and self._has_start_token(request, owner):
            check = None
        if check is None:
            return owner
        self._broker.count_forgery(owner, check)
        return self._context.refuse(request, "forgery_refused", 403)

    def _find_failed_check(self, request: WebRequest, owner: str) -> str | None:
        """Return the name of the check that failed, if one did."""
        if not request.is_own_post(self._broker.settings.allowed_origins):
            return "origin"
        token = request.headers.get("x-portalkey-token") or request.form_value("portalkey_token")
        is_signed = is_form_signed(self._broker, token, browser=request.browser, owner=owner)
        return None if is_signed else "token"

    def _has_start_token(self, request: WebRequest, owner: str) -> bool:
        token = request.headers.get("x-portalkey-token")
        return read_start(self._broker, token, browser=request.browser, owner=owner) is not None
