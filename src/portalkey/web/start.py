"""The way out: from a link of ours, or a popup of ours, to HubSpot."""

import logging
from collections.abc import Sequence
from urllib.parse import urlencode, urlsplit

from portalkey.errors import AttemptMismatch
from portalkey.model.attempt import Attempt
from portalkey.model.authorization import AuthorizationOptions
from portalkey.web import headers
from portalkey.web.context import Context
from portalkey.web.http import COOKIE_GRACE, WebRequest, WebResponse
from portalkey.web.sign_in import RETURN, SignInOnTheWay
from portalkey.web.signed_tokens import Start, read_start

log = logging.getLogger("portalkey")

MOST_LOOKED_UP = 20
"""So many of a browser's attempt cookies are looked up at a start, to see whether they can go."""


class StartPage:
    """``/auth/hubspot/start``, which a popup opens with an ``attempt`` and its ``origin``.

    Without an attempt of its own the visit is a journey in one tab, and leads back to ``next``.
    """

    def __init__(self, context: Context) -> None:
        self._context = context
        self._broker = context.broker
        self._origins = context.broker.settings.allowed_origins
        self._sign_in = SignInOnTheWay(context)

    def start(self, request: WebRequest) -> WebResponse:
        """Begin an attempt and lead on to HubSpot; ask first where the visit may not be meant."""
        tag = self._context.language_of(request)
        if answer := self._answer_program(request):
            return answer
        if request.query_value("origin") not in {None, *self._origins}:
            return self._context.notice("unknown_origin", 403, tag=tag)
        if request.owner is None:
            return self._sign_in.ask(request)
        return self._go_on(request, request.owner) or self._begin_or_ask(request, request.owner)

    def _go_on(self, request: WebRequest, owner: str) -> WebResponse | None:
        """Begin what was pressed before the sign-in; None where it was not in this browser."""
        is_back = request.query_value(RETURN) is not None
        begun = self._sign_in.find_start(request) if is_back else None
        response = self._begin(request, owner, begun) if begun is not None else None
        return self._sign_in.forget(self._by_page(request, response)) if response else None

    def _by_page(self, request: WebRequest, response: WebResponse) -> WebResponse:
        """Return a page that goes on to where *response* leads.

        The sign-in was a form of the host's, and a browser holds the whole way on from a form to
        the ``form-action`` of its page, which rarely names HubSpot.
        """
        language = self._context.language_of(request)
        on = response.headers["Location"]
        body = self._context.render("popup/onward.html", language=language, go_on=on)
        return WebResponse.page(body, headers.POPUP).with_cookies(*response.cookies)

    def _begin_or_ask(self, request: WebRequest, owner: str) -> WebResponse:
        token = request.query_value("t")
        start = read_start(self._broker, token, browser=request.browser, owner=owner)
        is_meant = start is not None and request.is_own_navigation(self._origins)
        response = self._begin(request, owner, start) if start and is_meant else None
        if response is not None:
            return response
        if request.query_value("asked"):
            return self._explain(request, start)
        return self._ask_first(request, start or Start(self._context.home))

    def _answer_program(self, request: WebRequest) -> WebResponse | None:
        """Return the answer to what only looks ahead, or swaps pages in; None to a visit."""
        if request.is_prefetch:  # no browser shows a failure when the click comes
            return WebResponse(403, headers.POPUP)
        if "hx-request" not in request.headers:
            return None
        here = f"{self._context.path('/auth/hubspot/start')}?{urlencode(request.query)}"
        return WebResponse(200, {**headers.POPUP, "HX-Redirect": here})

    def _explain(self, request: WebRequest, start: Start | None) -> WebResponse:
        """Say why the link of the page that asks did not begin: asked again, nobody gets on."""
        code = self._find_obstacle(request, start)
        sentence = self._context.sentence(code)
        log.warning("start was asked for and not begun: %s: %s", code, sentence)
        back = start.next if start else self._context.home
        return self._context.notice(code, 403, back=back, tag=self._context.language_of(request))

    def _find_obstacle(self, request: WebRequest, start: Start | None) -> str:
        """Return the code of what keeps a link of the page that asks from beginning."""
        hosts = {request.headers.get(name) for name in ("host", "x-forwarded-host")} - {None}
        if not request.is_navigation:
            return "start_not_opened"
        if start is not None:
            is_own = request.is_own_navigation(self._origins)
            return "start_taken" if is_own else "start_elsewhere"
        if hosts and urlsplit(self._broker.settings.public_url).netloc not in hosts:
            return "start_elsewhere"
        return "session_lost" if request.headers.get("cookie") else "session_missing"

    def _ask_first(self, request: WebRequest, start: Start) -> WebResponse:
        """Show a page that names both sides, and whose link begins the attempt."""
        url = self._context.connect_url(request.owner, request.browser, start)
        body = self._context.render(
            "popup/start.html",
            language=self._context.language_of(request),
            pk_owner_name=self._context.options.owner_name(request.owner or ""),
            attempt_id=request.attempt_id,
            go_on=url + self._query_to_keep(request),
            back=start.next,
        )
        return WebResponse.page(body, headers.POPUP)

    def _query_to_keep(self, request: WebRequest) -> str:
        """Return what the opening page goes by, its attempt's id and its origin, and "asked"."""
        query = {"asked": "1"}
        attempt_id = request.attempt_id
        if attempt_id is not None and not self._broker.has_attempt(attempt_id):
            query["attempt"] = attempt_id
        for name in ("origin", "language"):
            if value := request.query_value(name):
                query[name] = value
        return f"&{urlencode(query)}"

    def _begin(self, request: WebRequest, owner: str, start: Start) -> WebResponse | None:
        """Begin an attempt; None where the id that came along is malformed, or taken."""
        is_named = any(name == "attempt" for name, _ in request.query)
        if is_named and request.attempt_id is None:
            return None
        options = AuthorizationOptions(
            attempt_id=request.attempt_id,
            next=start.next,
            opener_origin=self._opener_origin(request),
            hub_id=start.hub_id,
            another=start.another,
            scopes=start.scopes,
            language=self._context.language_of(request),
            person=request.visitor.person,
        )
        try:
            started = self._broker.begin(owner, request.browser or "", options)
        except AttemptMismatch:
            return None
        seconds = self._broker.settings.attempt_seconds + COOKIE_GRACE
        stale_ids = self._find_stale(request, [each.id for each in started.surplus])
        value = started.cookie.get_secret_value()
        cookie = self._context.attempt_cookie(started.attempt.id, value, seconds)
        dropped = [self._context.attempt_cookie(each, "", 0) for each in stale_ids]
        to_hubspot = WebResponse.redirect(started.authorize_url, headers.POPUP)
        return to_hubspot.with_cookies(cookie, *dropped)

    def _opener_origin(self, request: WebRequest) -> str | None:
        """Return the origin whose page waits: as it named it, else ours; None for one tab."""
        origin = request.query_value("origin")
        if origin is None and request.attempt_id is not None:
            return self._origins[0]
        return origin

    def _find_stale(self, request: WebRequest, surplus: Sequence[str]) -> list[str]:
        """Return the ids whose cookies can go: of *surplus* attempts, and of those long over.

        Cookies ignore ports: those of an app beside this one are not known here, and left alone.
        """
        cookies = request.attempt_cookies
        others = [each for each in cookies if each not in surplus][-MOST_LOOKED_UP:]
        links = self._context.link_cookies(request)
        rows = [self._broker.attempt_of_browser(each, cookies, links) for each in others]
        long_over = [row.id for row in rows if row is not None and _is_long_over(row)]
        return [each for each in surplus if each in cookies] + long_over


def _is_long_over(attempt: Attempt) -> bool:
    """Return True once nobody looks at the attempt's end any more."""
    if attempt.ended_at is None:
        return False
    return (attempt.seen_at - attempt.ended_at).total_seconds() > COOKIE_GRACE
