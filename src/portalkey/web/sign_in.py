"""The way through the host's sign-in: back to the start, for whoever had begun there signed out.

Anybody can lead somebody through a sign-in to our start, so that coming back proves nothing, and a
page asks first. It does not ask again in a browser that a page of ours had led to the start: there
a cookie lies that holds for ten minutes and for just that way back. An address that was typed, or
stood in a message, sets none, and neither does a browser that does not say where it comes from.
"""

import secrets

from portalkey.web.context import Context
from portalkey.web.http import Cookie, WebRequest, WebResponse
from portalkey.web.signed_tokens import (
    RETURN_MINUTES,
    Start,
    peek_start,
    read_return,
    sign_return,
)

COOKIE, RETURN = "portalkey_return", "return"
"""Names of the cookie, and of the parameter that has the secret of a way back."""


class SignInOnTheWay:
    """Leads from the start to the sign-in, and knows who comes back from it."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._broker = context.broker
        self._origins = context.broker.settings.allowed_origins

    def ask(self, request: WebRequest) -> WebResponse:
        """Lead somebody who is signed out to the sign-in; remember them if they come from us."""
        is_ours = self._is_from_our_page(request)
        way_back = self._build_way_back(request, secrets.token_urlsafe(16) if is_ours else None)
        answer = self._context.ask_to_sign_in(request, way_back)
        if self._context.options.login_url is None or not is_ours:
            return answer
        meant = peek_start(request.query_value("t"), self._origins) or Start(self._context.home)
        return answer.with_cookies(self._cookie(sign_return(self._broker, way_back, meant)))

    def find_start(self, request: WebRequest) -> Start | None:
        """Return what this browser had begun here before its visitor signed in; else None."""
        value = request.cookies.get(self._name)
        if value is None or not _is_page_visit(request):
            return None
        way_back = self._build_way_back(request, request.query_value(RETURN))
        return read_return(self._broker, value, way_back)

    def forget(self, response: WebResponse) -> WebResponse:
        """Return *response*, which drops the cookie: it holds once."""
        return response.with_cookies(self._cookie("", seconds=0))

    def _build_way_back(self, request: WebRequest, secret: str | None) -> str:
        """Return the start's address without its token, which belongs to a session that is over.

        With the *secret* nobody else can lead to it, as long as the cookie is there.
        """
        facts = {"attempt": request.attempt_id, "origin": request.query_value("origin")}
        return self._context.way_back(request, "/auth/hubspot/start", **facts, **{RETURN: secret})

    def _is_from_our_page(self, request: WebRequest) -> bool:
        is_from_a_page = request.headers.get("sec-fetch-site", "none") != "none"
        return is_from_a_page and request.is_own_navigation(self._origins)

    @property
    def _name(self) -> str:
        return f"{'__Secure-' if self._broker.settings.is_secure else ''}{COOKIE}"

    def _cookie(self, value: str, *, seconds: int = RETURN_MINUTES * 60) -> Cookie:
        return Cookie(
            name=self._name,
            value=value,
            path=self._context.path("/auth/hubspot"),
            max_age=seconds,
            secure=self._broker.settings.is_secure,
        )


def _is_page_visit(request: WebRequest) -> bool:
    """Return True for a page that is opened, from wherever: a sign-in may be another site's."""
    is_document = request.headers.get("sec-fetch-dest", "document") == "document"
    return request.is_plain_get and is_document
