"""The question whether an install that began at HubSpot is meant, and the answer to it.

Anybody can lead somebody's browser to the callback with a code of their own. So the page names the
HubSpot account and the app's owner, and only a press there, signed in, attaches anything.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from portalkey.model.attempt import Attempt, AttemptStatus
from portalkey.model.connection import Connection, find_missing
from portalkey.model.installs import is_claimable
from portalkey.web import headers
from portalkey.web.context import Context
from portalkey.web.csrf import CsrfGuard
from portalkey.web.http import WebRequest, WebResponse
from portalkey.web.install_cookies import INSTALL, InstallCookies
from portalkey.web.installs import TROUBLES
from portalkey.web.permissions import show

_YES, _NO = "yes", "no"
_ID = re.compile(r"[A-Za-z0-9_-]{22}")


class InstallPage:
    """``/auth/hubspot/install``; each method handles one route."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._broker = context.broker
        self._cookies = InstallCookies(context)
        self._guard = CsrfGuard(context)

    @property
    def handlers(self) -> Mapping[str, Callable[[WebRequest], WebResponse]]:
        """The handler of each route, by its name."""
        return {
            "install": self.show,
            "install_answered": self.answer,
            "install_opened": self.open,
        }

    def show(self, request: WebRequest) -> WebResponse:
        """Name the accounts that this browser has installed, to whoever is signed in; or an end."""
        trouble = request.query_value("trouble")
        if trouble in TROUBLES:
            return self._context.lead_home(request, trouble, 409)
        done = request.query_value("done")
        if done is not None and _ID.fullmatch(done):
            return self._show_end(request, done)
        here = self._context.path(INSTALL)
        if request.owner is None:
            again = self._cookies.bring_session(request, here)
            return again or self._context.ask_to_sign_in(request, here)
        waiting = self._broker.find_installs(self._cookies.read(request))
        if not waiting:
            return self._context.lead_home(request, "unknown_install", 404)
        theirs = [each for each in waiting if is_claimable(each, request.visitor)]
        if not theirs:
            return self._context.lead_home(request, "install_of_another", 403)
        return WebResponse.page(self._render(request, theirs), headers.COMPLETE)

    def _render(self, request: WebRequest, installs: Sequence[Attempt]) -> str:
        owner, browser = request.owner or "", request.browser or ""
        return self._context.render(
            "popup/install.html",
            language=self._context.language_of(request),
            action=self._context.path(INSTALL),
            form_token=self._context.form_token(owner, browser),
            pk_owner_name=self._context.options.owner_name(owner),
            installs=[self._describe(each, owner) for each in installs],
        )

    def _describe(self, attempt: Attempt, owner: str) -> dict[str, Any]:
        """Return what the page says of one: a live connection, too, whose place it would take."""
        account, scopes = self._broker.look_at_install(attempt)
        before = self._broker.live_connection_to(owner, account.hub_id)
        return {
            "id": attempt.id,
            "account": account,
            "before": before.account if before else None,
            "replaces": _name_of(before),
            "lost": show(find_missing(scopes, before.scopes or ())) if before else (),
        }

    def _is_as_shown(self, request: WebRequest, attempt: Attempt) -> bool:
        """Return True where a yes still replaces what the page has named, and nothing else."""
        account, _ = self._broker.look_at_install(attempt)
        before = self._broker.live_connection_to(request.owner or "", account.hub_id)
        return request.form_value("replaces") == _name_of(before)

    def open(self, request: WebRequest) -> WebResponse:
        """Take the ticket from the page in HubSpot's frame into this browser's cookies."""
        if not request.is_pressed(self._broker.settings.allowed_origins[0]):
            self._broker.count_forgery(None, "origin")
            return self._context.lead_home(request, "forgery_refused", 403)
        attempt_id, ticket = request.form_value("attempt"), request.form_value("ticket")
        attempt = self._broker.find_install(attempt_id or "", ticket or "")
        if attempt is None or not attempt.is_pending:
            return self._context.lead_home(request, "unknown_install", 403)
        leaving = WebResponse.redirect(self._context.path(INSTALL), headers.POPUP)
        return leaving.with_cookies(self._cookies.build(attempt))

    def answer(self, request: WebRequest) -> WebResponse:
        """Attach the account after a yes, and give its grant back to HubSpot after a no."""
        owner = self._guard.authorize_post(request, way_back=self._context.path(INSTALL))
        if isinstance(owner, WebResponse):
            return owner
        asked, answer = request.form_value("attempt"), request.form_value("answer")
        waiting = self._broker.find_installs(self._cookies.read(request))
        attempt = next((each for each in waiting if each.id == asked), None)
        if attempt is None:
            return self._context.lead_home(request, "unknown_install", 403)
        if not is_claimable(attempt, request.visitor):
            return self._context.lead_home(request, "install_of_another", 403)
        if answer == _YES and self._is_as_shown(request, attempt):
            self._broker.claim_install(attempt, request.visitor)
        elif answer == _NO:
            self._broker.decline_install(attempt, request.visitor)
        else:  # or what it would replace has changed: the page asks once more
            return WebResponse.redirect(self._context.path(INSTALL), headers.POPUP)
        # To a page of ours: a browser holds the whole way on from a form to its form-action.
        path = self._context.path(f"{INSTALL}?done={attempt.id}")
        leaving = WebResponse.redirect(path, headers.POPUP)
        return leaving.with_cookies(self._cookies.drop(attempt.id))

    def _show_end(self, request: WebRequest, attempt_id: str) -> WebResponse:
        """Show what became of an install that was answered in this session."""
        attempt = self._context.attempt_of_session(request, attempt_id)
        if attempt is None or attempt.is_open:
            return self._context.lead_home(request, "unknown_install", 404)
        language = self._context.language_of(request)
        connection = self._broker.connection_of(attempt)
        if attempt.status is not AttemptStatus.CONNECTED or connection is None:
            return self._context.lead_home(request, attempt.error or attempt.status.value, 409)
        body = self._context.render(
            "popup/installed.html",
            language=language,
            account=connection.account,
            back=self._context.way_on(attempt),
        )
        return WebResponse.page(body, headers.POPUP)


def _name_of(connection: Connection | None) -> str:
    """Return what tells the connection that a page has named from any that comes after it."""
    if connection is None:
        return ""
    return f"{connection.id}.{connection.connected_at.timestamp():.0f}"
