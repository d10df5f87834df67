"""The question before another account than last time is attached, and the answer to it.

Somebody may have been led to agree with an account of somebody else's (RFC 9700 and OAuth 2.1 call
it consent phishing). So both accounts are named first, and only a press in the session that began
the attempt attaches the new one.
"""

from portalkey.model.attempt import Attempt, AttemptStatus
from portalkey.model.authorization import find_difference
from portalkey.web import headers
from portalkey.web.context import Context
from portalkey.web.csrf import CsrfGuard
from portalkey.web.http import WebRequest, WebResponse

YES, NO = "yes", "no"


class ConfirmPage:
    """``/auth/hubspot/confirm``; each method handles one route."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._broker = context.broker
        self._guard = CsrfGuard(context)

    def show(self, request: WebRequest) -> WebResponse:
        """Name the account that came back and the one before it; nothing to another session."""
        attempt = self._context.attempt_of_cookie(request, request.attempt_id)
        if attempt is None:
            return self._context.lead_home(request, "unknown_attempt", 404)
        if not _is_asked(attempt, request):
            return self._lead_to_end(attempt)
        return WebResponse.page(self._render(request, attempt), headers.COMPLETE)

    def _render(self, request: WebRequest, attempt: Attempt) -> str:
        owner, browser = request.owner or "", request.browser or ""
        return self._context.render(
            "popup/confirm_account.html",
            language=attempt.language,
            attempt_id=attempt.id,
            action=self._context.path("/auth/hubspot/confirm"),
            form_token=self._context.form_token(owner, browser),
            pk_owner_name=self._context.options.owner_name(owner),
            question=self._broker.question_of(attempt),
        )

    def answer(self, request: WebRequest) -> WebResponse:
        """Attach the account after a yes, and give its grant back to HubSpot after a no."""
        owner = self._guard.authorize_post(request)
        if isinstance(owner, WebResponse):
            return owner
        attempt = self._context.attempt_of_cookie(request, request.form_value("attempt"))
        if attempt is None or find_difference(attempt, request.visitor) is not None:
            return self._context.lead_home(request, "unknown_attempt", 403)
        answer = request.form_value("answer")
        if answer == YES:
            self._broker.confirm(attempt, request.visitor)
        elif answer == NO:
            self._broker.cancel(attempt)
        # To a page of ours: a browser holds the whole way on from a form to its form-action.
        return self._lead_to_end(attempt)

    def _lead_to_end(self, attempt: Attempt) -> WebResponse:
        path = self._context.path(f"/auth/hubspot/done?attempt={attempt.id}")
        return WebResponse.redirect(path, headers.POPUP)


def _is_asked(attempt: Attempt, request: WebRequest) -> bool:
    is_own = find_difference(attempt, request.visitor) is None
    return is_own and attempt.status is AttemptStatus.ASKING
