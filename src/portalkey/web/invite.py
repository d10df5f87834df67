"""Invitations: the page that a link leads to, and the way on for the one browser that may use it.

Opening the link changes nothing: mail scanners, previews and prefetches do as well. Only a form
that is posted from the page binds the invitation to a browser, by a cookie; whoever else has the
link is told so. From then on that cookie stands for the login that its person does not have.
"""

from pydantic import SecretStr

from portalkey.errors import AttemptMismatch
from portalkey.model.authorization import AuthorizationOptions
from portalkey.model.connection import Account
from portalkey.model.invitation import Invitation
from portalkey.web import headers
from portalkey.web.context import Context
from portalkey.web.http import COOKIE_GRACE, Cookie, WebRequest, WebResponse, invitation_cookie
from portalkey.web.permissions import show

_GONE, _FORBIDDEN = 410, 403


class InvitePages:
    """``/auth/hubspot/invite`` and ``/invited``; each method handles one route."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._broker = context.broker
        self.handlers = {"invite": self.show, "accept": self.accept, "invited": self.go_on}

    def show(self, request: WebRequest) -> WebResponse:
        """Say who asks for what, and until when; nothing is written, whoever looks."""
        if request.is_prefetch:
            return WebResponse(403, headers.POPUP)
        secret = request.query_value("link")
        invitation = self._broker.invitation_by_link(SecretStr(secret)) if secret else None
        if secret is None or invitation is None or not invitation.is_live:
            return self._show_over(request, invitation)
        if invitation.browser_hash is not None and self._find_cookie(request, invitation) is None:
            return self._show_elsewhere(request)
        body = self._render(request, invitation, secret)
        return WebResponse.page(body, headers.INVITE)

    def _render(self, request: WebRequest, invitation: Invitation, secret: str) -> str:
        settings = self._broker.settings
        return self._context.render(
            "popup/invite.html",
            language=self._context.language_of(request),
            action=self._context.path("/auth/hubspot/invite"),
            secret=secret,
            inviter=self._name_inviter(invitation),
            account=self._find_account(invitation),
            wanted=show((*settings.scopes, *self._broker.scopes_of_invitation(invitation))),
            optional=show(settings.optional_scopes),
            expires_at=invitation.expires_at,
        )

    def accept(self, request: WebRequest) -> WebResponse:
        """Bind the invitation to this browser, which came by a press on the page, and go on."""
        secret = request.form_value("link")
        invitation = self._broker.invitation_by_link(SecretStr(secret)) if secret else None
        if not self._is_pressed(request):
            self._broker.count_forgery(invitation.owner if invitation else None, "origin")
            return self._context.lead_home(request, "forgery_refused", _FORBIDDEN)
        if invitation is None or not invitation.is_live:
            return self._show_over(request, invitation)
        if request.form_value("answer") == "no":
            return self._context.notice(
                "invitation_declined", 200, tag=self._context.language_of(request)
            )
        # To a page of ours: a browser holds the whole way on from a form to its form-action.
        path = self._context.path(f"/auth/hubspot/invited?link={invitation.id}")
        on = WebResponse.redirect(path, headers.INVITE)
        if self._find_cookie(request, invitation) is not None:
            return on
        cookie = self._broker.bind_invitation(invitation)
        if cookie is None:
            return self._show_elsewhere(request)
        return on.with_cookies(self._cookie(invitation, cookie))

    def go_on(self, request: WebRequest) -> WebResponse:
        """Lead the bound browser on to HubSpot: a page first, which a form may lead to.

        It is also where a try that failed begins again.
        """
        invitation = self._broker.find_invitation(request.query_value("link") or "")
        cookie = self._find_cookie(request, invitation) if invitation else None
        if invitation is None or cookie is None:
            return self._show_elsewhere(request)
        if not invitation.is_live:
            return self._show_over(request, invitation)
        origins = self._broker.settings.allowed_origins[:1]
        if request.query_value("go") == "1" and request.is_own_navigation(origins):
            return self._begin(request, invitation, cookie)
        body = self._context.render(
            "popup/invited.html",
            language=self._context.language_of(request),
            go_on=self._context.path(f"/auth/hubspot/invited?link={invitation.id}&go=1"),
            is_refreshed=request.query_value("go") is None,
        )
        return WebResponse.page(body, headers.POPUP)

    def _begin(self, request: WebRequest, invitation: Invitation, cookie: SecretStr) -> WebResponse:
        options = AuthorizationOptions(
            next=self._context.home,
            hub_id=invitation.hub_id,
            # Nobody but the owner is asked about accounts of the owner's.
            another=True,
            language=self._context.language_of(request),
            scopes=invitation.scopes or (),
            invitation=invitation,
        )
        try:
            started = self._broker.begin(invitation.owner, cookie.get_secret_value(), options)
        except AttemptMismatch:  # no two ids are the same
            return self._show_elsewhere(request)
        seconds = self._broker.settings.attempt_seconds + COOKIE_GRACE
        value = started.cookie.get_secret_value()
        way = WebResponse.redirect(started.authorize_url, headers.POPUP)
        return way.with_cookies(self._context.attempt_cookie(started.attempt.id, value, seconds))

    def _is_pressed(self, request: WebRequest) -> bool:
        """Return True where a browser says that our own page posted this, and no other."""
        return request.is_pressed(self._broker.settings.allowed_origins[0])

    def _find_cookie(self, request: WebRequest, invitation: Invitation) -> SecretStr | None:
        values = self._context.link_cookies(request).get(invitation.id, ())
        return self._broker.is_bound_to(invitation, values)

    def _cookie(self, invitation: Invitation, value: SecretStr) -> Cookie:
        is_secure = self._broker.settings.is_secure
        # As an attempt's cookie does, it outlives the link, whose last end can still be shown.
        seconds = (invitation.expires_at - invitation.seen_at).total_seconds() + COOKIE_GRACE
        return Cookie(
            name=invitation_cookie(invitation.id, is_secure=is_secure),
            value=value.get_secret_value(),
            path=self._context.path("/auth/hubspot"),
            max_age=max(1, int(seconds)),
            secure=is_secure,
        )

    def _name_inviter(self, invitation: Invitation) -> str:
        return invitation.name or self._context.options.owner_name(invitation.owner)

    def _find_account(self, invitation: Invitation) -> Account | None:
        """Return the account that has to be chosen, if one has, with all that is known of it."""
        hub_id = invitation.hub_id
        if hub_id is None:
            return None
        known = self._broker.connection_to(invitation.owner, hub_id)
        return known.account if known else Account(hub_id)

    def _show_over(self, request: WebRequest, invitation: Invitation | None) -> WebResponse:
        """Say that the link holds no more; who made it stands there for whoever has it."""
        inviter = self._name_inviter(invitation) if invitation else None
        body = self._context.render(
            "popup/invite_over.html",
            language=self._context.language_of(request),
            inviter=inviter,
        )
        return WebResponse.page(body, headers.POPUP, _GONE)

    def _show_elsewhere(self, request: WebRequest) -> WebResponse:
        tag = self._context.language_of(request)
        return self._context.notice("invitation_elsewhere", _FORBIDDEN, tag=tag)
