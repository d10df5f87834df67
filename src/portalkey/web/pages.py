"""The pages of the journey: callback, the page between, and done."""

from collections.abc import Mapping

from pydantic import SecretStr

from portalkey.errors import AttemptMismatch
from portalkey.model.attempt import Attempt, AttemptStatus
from portalkey.model.authorization import Callback
from portalkey.web import headers
from portalkey.web import result_pages as ending
from portalkey.web.connections_page import ConnectionsPage
from portalkey.web.context import Context
from portalkey.web.http import WebRequest, WebResponse
from portalkey.web.signed_tokens import is_complete_signed, sign_complete


class Pages:
    """Everything a person sees; each method takes a request and returns a response."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._broker = context.broker
        self.setup = ConnectionsPage(context).show

    def callback(self, request: WebRequest) -> WebResponse:
        """Finish the attempt that HubSpot sent back, and leave this address by redirect."""
        if not request.is_meant:
            return WebResponse(400, headers.POPUP)
        try:
            attempt = self._broker.finish(
                Callback(
                    request.query,
                    request.attempt_cookies,
                    request.owner,
                    is_withheld=request.is_session_withheld,
                )
            )
        except AttemptMismatch:
            return WebResponse.to(self._context.path("/auth/hubspot/refused"), headers.POPUP)
        return self._on_from(attempt)

    def refused(self, request: WebRequest) -> WebResponse:
        """Where a callback leads that is not ours to finish; its address held a code, maybe."""
        del request
        return self._context.notice("not_from_here", 403, back=self._context.home)

    def complete(self, request: WebRequest) -> WebResponse:
        """A page of our own between HubSpot and us: what it posts brings the host's session along.

        Browsers keep a ``SameSite=Strict`` session back on the way from another site.
        """
        attempt, cookie = self._mine(request, request.attempt_id)
        if attempt is None:
            return self._context.notice("unknown_attempt", 404, back=self._context.home)
        if attempt.status is not AttemptStatus.RETURNED:
            return self._on_from(attempt)
        body = self._context.render(
            "popup/complete.html",
            language=attempt.language,
            action=self._context.path("/auth/hubspot/complete"),
            attempt_id=attempt.id,
            token=sign_complete(self._broker, attempt.id, cookie),
        )
        return WebResponse.page(body, headers.COMPLETE)

    def completed(self, request: WebRequest) -> WebResponse:
        """Finish the attempt that the page above posted, with whoever is signed in."""
        attempt, cookie = self._mine(request, request.one_in_form("attempt"))
        token = request.one_in_form("token")
        if attempt is None or not is_complete_signed(self._broker, token, attempt.id, cookie):
            return self._context.notice("unknown_attempt", 403, back=self._context.home)
        if not request.is_own_post(self._broker.settings.allowed_origins[:1]):
            return self._context.notice("forgery_refused", 403, back=self._context.home)
        self._broker.complete(attempt, request.owner, request.browser)
        # To a page of ours: a browser holds the whole way on from a form to its form-action.
        return self._to("done", attempt)

    def _mine(
        self, request: WebRequest, attempt_id: str | None
    ) -> tuple[Attempt | None, SecretStr]:
        """The attempt of this id, if this browser has its cookie; and that cookie."""
        cookies = request.attempt_cookies
        cookie = cookies.get(attempt_id or "")
        if attempt_id is None or cookie is None:
            return None, SecretStr("")
        return self._broker.attempt_of_browser(attempt_id, cookies), cookie

    def _on_from(self, attempt: Attempt) -> WebResponse:
        """By redirect to the next page of the journey, or back to where one in this tab began."""
        if attempt.status is AttemptStatus.CONNECTED and not attempt.opener_origin:
            return WebResponse.to(attempt.next, headers.POPUP)
        return self._to("complete" if attempt.status is AttemptStatus.RETURNED else "done", attempt)

    def _to(self, page: str, attempt: Attempt) -> WebResponse:
        path = self._context.path(f"/auth/hubspot/{page}?attempt={attempt.id}")
        return WebResponse.to(path, headers.POPUP)

    def done(self, request: WebRequest) -> WebResponse:
        """Tell the opener and the person what became of an attempt of this browser."""
        attempt, _ = self._mine(request, request.attempt_id)
        if attempt is None:
            return self._context.notice("unknown_attempt", 404, back=self._context.home)
        known: dict[str, object] = {
            "attempt_id": attempt.id,
            "origin": attempt.opener_origin,
            "back": attempt.next,
            "bridge": self._bridge(attempt),
            "delivery": self._delivery(request, attempt),
        }
        if attempt.status is AttemptStatus.CONNECTED:
            return ending.success(self._context, attempt, known)
        return ending.failure(self._context, request, attempt, known)

    def _bridge(self, attempt: Attempt) -> str | None:
        """A page on the opening page's own origin, which can ring there when this one cannot."""
        origin, settings = attempt.opener_origin, self._broker.settings
        if origin in {"", settings.public_url}:
            return None
        return f"{origin}{settings.bridge_path}#{attempt.id}"

    def _delivery(self, request: WebRequest, attempt: Attempt) -> Mapping[str, str] | None:
        """What ``deliver.js`` needs to fetch the access token, where the app delivers it."""
        if self._context.deliver is None or not attempt.opener_origin:
            return None
        if request.owner is None or request.browser is None:
            return None
        return {
            "token_url": self._context.path(f"/api/hubspot/attempts/{attempt.id}/token"),
            "form_token": self._context.form_token(request.owner, request.browser),
        }
