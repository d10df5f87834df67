"""The way out: from a link of ours, or a popup of ours, to HubSpot."""

from urllib.parse import urlencode

from portalkey.model.attempt import Attempt
from portalkey.model.authorization import AuthorizationOptions
from portalkey.web import headers
from portalkey.web.context import Context
from portalkey.web.http import ATTEMPT_COOKIE, Cookie, WebRequest, WebResponse
from portalkey.web.signed_tokens import Start, read_start

ATTEMPTS_ALIVE = 5
"""So many attempts a browser may have open at once; starting another ends the oldest."""
COOKIE_GRACE = 300
"""An attempt's cookie outlives it by so many seconds, so that its end can still be shown."""


class StartPage:
    """``/auth/hubspot/start``, which a popup opens with an ``attempt`` and its ``origin``.

    Without an attempt of its own the visit is a journey in one tab, and leads back to ``next``.
    """

    def __init__(self, context: Context) -> None:
        self._context = context
        self._broker = context.broker
        self._origins = context.broker.settings.allowed_origins

    def start(self, request: WebRequest) -> WebResponse:
        """Begin an attempt and lead on to HubSpot; ask first where the visit may not be meant."""
        language = request.one("language")
        if request.owner is None:
            return self._context.signed_out(language=language)
        if request.one("origin") not in {None, *self._origins}:
            return self._context.notice("unknown_origin", 403, language=language)
        token = request.one("t")
        start = read_start(self._broker, token, browser=request.browser, owner=request.owner)
        is_meant = request.is_own_visit(self._origins) and self._may_be_begun(request)
        if start is None or not is_meant:
            return self._ask_first(request, start)
        return self._begin(request, request.owner, request.browser or "", start)

    def _may_be_begun(self, request: WebRequest) -> bool:
        """True where no attempt id came along, or a well-formed one that is not taken."""
        if all(name != "attempt" for name, _ in request.query):
            return True
        attempt_id = request.attempt_id
        return attempt_id is not None and not self._broker.has_attempt(attempt_id)

    def _ask_first(self, request: WebRequest, start: Start | None) -> WebResponse:
        onward = start or Start(self._context.home)
        url = self._context.connect_url(request.owner, request.browser, onward)
        body = self._context.render(
            "popup/start.html",
            language=request.one("language"),
            pk_owner_name=self._context.owner_name(request.owner or ""),
            attempt_id=request.attempt_id,
            go_on=url + self._carried_on(request),
            back=onward.next,
        )
        return WebResponse.page(body, headers.POPUP)

    def _carried_on(self, request: WebRequest) -> str:
        """What the opening page goes by: its attempt's id and its origin."""
        carried = {}
        if request.attempt_id is not None and self._may_be_begun(request):
            carried["attempt"] = request.attempt_id
        for name in ("origin", "language"):
            if value := request.one(name):
                carried[name] = value
        return f"&{urlencode(carried)}" if carried else ""

    def _begin(self, request: WebRequest, owner: str, browser: str, start: Start) -> WebResponse:
        dropped = self._make_room(request)
        wish = AuthorizationOptions(
            attempt_id=request.attempt_id,
            next=start.next,
            opener_origin=self._opener_origin(request),
            hub_id=start.hub_id,
            language=self._context.language(request.one("language")),
        )
        begun = self._broker.begin(owner, browser, wish)
        seconds = self._broker.settings.attempt_seconds + COOKIE_GRACE
        cookie = self._cookie(begun.attempt.id, begun.cookie.get_secret_value(), seconds)
        to_hubspot = WebResponse.to(begun.authorize_url, headers.POPUP)
        return to_hubspot.with_cookies(cookie, *(self._cookie(each, "", 0) for each in dropped))

    def _opener_origin(self, request: WebRequest) -> str | None:
        """Whose page waits: the origin that it named, else our own; None for one tab's journey."""
        origin = request.one("origin")
        if origin is None and request.attempt_id is not None:
            return self._origins[0]
        return origin

    def _make_room(self, request: WebRequest) -> list[str]:
        """End the oldest open attempts of this browser; the ids whose cookies can go.

        Cookies ignore ports: those of an app beside this one are not known here, and left alone.
        """
        cookies, find = request.attempt_cookies, self._broker.attempt_of_browser
        mine = [each for name in cookies if (each := find(name, cookies)) is not None]
        alive = sorted((each for each in mine if each.is_open), key=lambda each: each.created_at)
        surplus = alive[: 1 - ATTEMPTS_ALIVE]
        for attempt in surplus:
            self._broker.expire(attempt)
        return [each.id for each in mine if each in surplus or _is_long_over(each)]

    def _cookie(self, attempt_id: str, value: str, max_age: int) -> Cookie:
        return Cookie(
            name=f"{ATTEMPT_COOKIE}{attempt_id}",
            value=value,
            path=self._context.path("/auth/hubspot"),
            max_age=max_age,
            secure=self._broker.settings.is_secure,
        )


def _is_long_over(attempt: Attempt) -> bool:
    """True once nobody looks at the attempt's end any more."""
    if attempt.ended_at is None:
        return False
    return (attempt.seen_at - attempt.ended_at).total_seconds() > COOKIE_GRACE
