"""The way back from HubSpot: the callback, and the page that brings a Strict session along."""

from portalkey.errors import AttemptMismatch, HubSpotUnavailable
from portalkey.model.attempt import Attempt, AttemptStatus
from portalkey.model.authorization import Callback
from portalkey.web import headers
from portalkey.web.context import Context
from portalkey.web.http import WebRequest, WebResponse
from portalkey.web.signed_tokens import is_complete_signed, sign_complete


class CallbackPages:
    """``/auth/hubspot/callback``, ``/complete`` and ``/refused``; each method handles one route."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._broker = context.broker

    def finish(self, request: WebRequest) -> WebResponse:
        """Finish the attempt that HubSpot sent back, and leave this address by redirect."""
        if not request.is_plain_get:
            return WebResponse(400, headers.POPUP)
        callback = Callback(
            request.query,
            request.attempt_cookies,
            request.visitor,
            is_withheld=request.is_session_withheld,
        )
        try:
            attempt = self._broker.finish(callback)
        except AttemptMismatch:
            return WebResponse.redirect(self._context.path("/auth/hubspot/refused"), headers.POPUP)
        return self._lead_on(attempt)

    def show_refused(self, request: WebRequest) -> WebResponse:
        """Show that a callback is not ours to finish, away from its address with a code in it."""
        del request
        return self._context.notice("not_from_here", 403, back=self._context.home)

    def show_complete(self, request: WebRequest) -> WebResponse:
        """Show a page of our own between HubSpot and us, which posts the host's session along.

        Browsers keep a ``SameSite=Strict`` session back on the way from another site.
        """
        attempt = self._context.attempt_of_cookie(request, request.attempt_id)
        if attempt is None:
            return self._context.notice("unknown_attempt", 404, back=self._context.home)
        if attempt.status is not AttemptStatus.RETURNED:
            return self._lead_on(attempt)
        cookie = self._broker.cookie_of(attempt, request.attempt_cookies)
        body = self._context.render(
            "popup/complete.html",
            language=attempt.language,
            action=self._context.path("/auth/hubspot/complete"),
            attempt_id=attempt.id,
            token=sign_complete(self._broker, attempt.id, cookie) if cookie else "",
        )
        return WebResponse.page(body, headers.COMPLETE)

    def complete(self, request: WebRequest) -> WebResponse:
        """Finish the attempt that the page above posted, with whoever is signed in."""
        attempt = self._context.attempt_of_cookie(request, request.form_value("attempt"))
        if attempt is None or not self._is_complete_signed(request, attempt):
            return self._context.notice("unknown_attempt", 403, back=self._context.home)
        if not request.is_own_post(self._broker.settings.allowed_origins[:1]):
            return self._context.notice("forgery_refused", 403, back=self._context.home)
        try:
            self._broker.complete(attempt, request.visitor)
        except HubSpotUnavailable as trouble:
            return self._show_wait(attempt, trouble)
        # To a page of ours: a browser holds the whole way on from a form to its form-action.
        return self._redirect_to("done", attempt)

    def _show_wait(self, attempt: Attempt, trouble: HubSpotUnavailable) -> WebResponse:
        """Show that HubSpot cannot be asked just now, and try again as soon as it may help."""
        again = self._context.path(f"/auth/hubspot/complete?attempt={attempt.id}")
        seconds = max(1, round(trouble.retry_after))
        page = self._context.notice(trouble.code, 503, back=again, tag=attempt.language)
        wait = {"Retry-After": str(seconds), "Refresh": f"{seconds}; url={again}"}
        return page.with_headers(wait)

    def _is_complete_signed(self, request: WebRequest, attempt: Attempt) -> bool:
        cookie = self._broker.cookie_of(attempt, request.attempt_cookies)
        token = request.form_value("token")
        return cookie is not None and is_complete_signed(self._broker, token, attempt.id, cookie)

    def _lead_on(self, attempt: Attempt) -> WebResponse:
        """Redirect to the next page of the journey, or back to where one in this tab began."""
        if attempt.status is AttemptStatus.CONNECTED and not attempt.opener_origin:
            return WebResponse.redirect(attempt.next, headers.POPUP)
        if attempt.status is AttemptStatus.ASKING:
            return self._context.lead_to_question(attempt)
        is_parked = attempt.status is AttemptStatus.RETURNED
        return self._redirect_to("complete" if is_parked else "done", attempt)

    def _redirect_to(self, page: str, attempt: Attempt) -> WebResponse:
        path = self._context.path(f"/auth/hubspot/{page}?attempt={attempt.id}")
        return WebResponse.redirect(path, headers.POPUP)
