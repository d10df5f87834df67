"""The way back from HubSpot: the callback, and the page that brings a Strict session along.

The address that HubSpot leads to holds a code, so no page of ours stays there. What the store is
too busy for just then lies sealed in a cookie of this browser, and is tried again from an address
that names that cookie.
"""

import json
import re
import secrets
from collections.abc import Sequence

from pydantic import SecretStr

from portalkey.errors import AttemptMismatch, HubSpotUnavailable
from portalkey.model.attempt import Attempt, AttemptStatus
from portalkey.model.authorization import Callback
from portalkey.web import headers
from portalkey.web.context import Context
from portalkey.web.http import Cookie, Pairs, WebRequest, WebResponse, return_cookie
from portalkey.web.installs import InstallCallback
from portalkey.web.signed_tokens import is_complete_signed, sign_complete

KEPT_SECONDS = 600
"""Seconds for which a return is kept to be tried again."""
_RETURN_NAME = re.compile(r"[A-Za-z0-9_-]{11}")
_LONGEST_RETURN, _MOST_RETURNS = 1500, 2
"""Characters of a return that is kept, and how many are: headers have their bounds."""


class CallbackPages:
    """``/auth/hubspot/callback``, ``/complete`` and ``/refused``; each method handles one route."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._broker = context.broker
        self._installs = InstallCallback(context)

    def finish(self, request: WebRequest) -> WebResponse:
        """Finish the attempt that HubSpot sent back, and leave this address by redirect."""
        if not request.is_plain_get:
            return WebResponse(400, headers.POPUP)
        if _may_begin_elsewhere(request.query) and (install := self._installs.answer(request)):
            return install
        callback = Callback(
            self._read_return(request),
            request.attempt_cookies,
            request.visitor,
            is_withheld=request.is_session_withheld,
            links=self._context.link_cookies(request),
        )
        try:
            attempt = self._broker.finish(callback)
        except AttemptMismatch:
            path = self._context.path("/auth/hubspot/refused")
            return self._drop_return(request, WebResponse.redirect(path, headers.POPUP))
        return self._drop_return(request, self._lead_on(attempt))

    def keep_return(self, request: WebRequest) -> WebResponse | None:
        """Redirect to where this return can be tried again; None where it cannot be kept."""
        text = json.dumps(request.query)
        kept = [name for name in request.cookies if return_cookie("", is_secure=False) in name]
        if (
            not (request.is_plain_get and request.attempt_cookies)
            or len(text) > _LONGEST_RETURN
            or len(kept) >= _MOST_RETURNS
        ):
            return None
        name = secrets.token_urlsafe(8)
        sealed = self._broker.seal_return(name, SecretStr(text))
        path = self._context.path(f"/auth/hubspot/callback?return={name}")
        leaving = WebResponse.redirect(path, headers.POPUP)
        return leaving.with_cookies(self._return_cookie(name, sealed, KEPT_SECONDS))

    def kept_name(self, request: WebRequest) -> str | None:
        """Return the name of the return that *request* tries again, where it is one."""
        name = request.query_value("return")
        return name if name is not None and _RETURN_NAME.fullmatch(name) else None

    def _read_return(self, request: WebRequest) -> Pairs:
        """Return what HubSpot answered, from the address or from the cookie that it names."""
        name = self.kept_name(request)
        if name is None:
            return request.query
        cookie = return_cookie(name, is_secure=self._broker.settings.is_secure)
        opened = self._broker.open_return(name, request.cookies.get(cookie, ""))
        pairs: Sequence[Sequence[str]] = json.loads(opened.get_secret_value()) if opened else ()
        return tuple((key, value) for key, value in pairs)

    def _drop_return(self, request: WebRequest, response: WebResponse) -> WebResponse:
        name = self.kept_name(request)
        return response.with_cookies(self._return_cookie(name, "", 0)) if name else response

    def _return_cookie(self, name: str, value: str, max_age: int) -> Cookie:
        is_secure = self._broker.settings.is_secure
        return Cookie(
            name=return_cookie(name, is_secure=is_secure),
            value=value,
            path=self._context.path("/auth/hubspot/callback"),
            max_age=max_age,
            secure=is_secure,
        )

    def show_refused(self, request: WebRequest) -> WebResponse:
        """Show that a callback is not ours to finish, away from its address with a code in it."""
        return self._context.lead_home(request, "not_from_here", 403)

    def show_complete(self, request: WebRequest) -> WebResponse:
        """Show a page of our own between HubSpot and us, which posts the host's session along.

        Browsers keep a ``SameSite=Strict`` session back on the way from another site.
        """
        attempt = self._context.attempt_of_cookie(request, request.attempt_id)
        if attempt is None:
            return self._context.lead_home(request, "unknown_attempt", 404)
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
            return self._context.lead_home(request, "unknown_attempt", 403)
        if not request.is_own_post(self._broker.settings.allowed_origins[:1]):
            return self._context.lead_home(request, "forgery_refused", 403)
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
        is_invited = attempt.invitation_id is not None
        if attempt.status is AttemptStatus.CONNECTED and not (attempt.opener_origin or is_invited):
            return WebResponse.redirect(self._context.way_on(attempt), headers.POPUP)
        if attempt.status is AttemptStatus.ASKING:
            return self._context.lead_to_question(attempt)
        is_parked = attempt.status is AttemptStatus.RETURNED
        return self._redirect_to("complete" if is_parked else "done", attempt)

    def _redirect_to(self, page: str, attempt: Attempt) -> WebResponse:
        path = self._context.path(f"/auth/hubspot/{page}?attempt={attempt.id}")
        return WebResponse.redirect(path, headers.POPUP)


def _may_begin_elsewhere(query: Pairs) -> bool:
    """Return True where HubSpot sends no state, or a step of its own: see ``installs``."""
    names = {name.lower() for name, _ in query}
    return "state" not in names or "step" in names
