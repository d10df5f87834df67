"""The pages of the journey: start, callback, done, and the setup page around it."""

from collections.abc import Mapping
from urllib.parse import urlencode

from pydantic import SecretStr

from portalkey.attempt import OPEN, Attempt, AttemptStatus
from portalkey.connection import Connection
from portalkey.errors import AttemptMismatch
from portalkey.visits import Return, Wish
from portalkey.web import headers
from portalkey.web.desk import Desk
from portalkey.web.sentences import sentence
from portalkey.web.signed import Start, is_complete_signed, read_start, sign_complete
from portalkey.web.values import ATTEMPT_COOKIE, Cookie, WebRequest, WebResponse

ATTEMPTS_ALIVE = 5
"""So many attempts a browser may have open at once; starting another ends the oldest."""
COOKIE_GRACE = 300
"""An attempt's cookie outlives it by so many seconds, so that its end can still be shown."""
SUCCESS_CLOSES_AFTER = 2_000
ERROR_CLOSES_AFTER = 15_000
"""Milliseconds."""
TROUBLES = frozenset({"store_busy", "store_unusable", "portalkey_error"})
"""What a callback may say of itself when it could not reach the attempt's row."""


class Pages:
    """Everything a person sees; each method takes a request and returns a response."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._broker = desk.broker

    def start(self, request: WebRequest) -> WebResponse:
        """Begin an attempt and lead on to HubSpot; ask first where the visit may not be meant."""
        if request.owner is None:
            return self._desk.signed_out()
        keyring, now = self._broker.vault.keyring, self._broker.vault.store.now()
        start = read_start(
            keyring, request.one("t"), browser=request.browser, owner=request.owner, now=now
        )
        if start is None or not request.is_own_visit or not self._may_be_begun(request):
            return self._ask_first(request, start)
        return self._begin(request, request.owner, request.browser or "", start)

    def callback(self, request: WebRequest) -> WebResponse:
        """Finish the attempt that HubSpot sent back, and leave this address by redirect."""
        if not request.is_meant:
            return self._desk.refused(400)
        try:
            attempt = self._broker.finish(
                Return(
                    request.query,
                    request.attempt_cookies,
                    request.owner,
                    is_withheld=request.is_session_withheld,
                )
            )
        except AttemptMismatch:
            status = 403 if request.one("state") else 400
            return self._desk.refused(status)
        return self._on_from(attempt)

    def complete(self, request: WebRequest) -> WebResponse:
        """A page of our own between HubSpot and us: what it posts brings the host's session along.

        Browsers keep a ``SameSite=Strict`` session back on the way from another site.
        """
        attempt, cookie = self._mine(request, request.attempt_id)
        if attempt is None:
            return self._desk.notice("unknown_attempt", 404, back=self._desk.home)
        if attempt.status is not AttemptStatus.RETURNED:
            return self._on_from(attempt)
        body = self._desk.render(
            "popup/complete.html",
            action=self._desk.path("/auth/hubspot/complete"),
            attempt_id=attempt.id,
            token=sign_complete(self._broker.vault.keyring, attempt.id, cookie),
        )
        return WebResponse.page(body, headers.COMPLETE)

    def completed(self, request: WebRequest) -> WebResponse:
        """Finish the attempt that the page above posted, with whoever is signed in."""
        attempt, cookie = self._mine(request, request.one_in_form("attempt"))
        token, keyring = request.one_in_form("token"), self._broker.vault.keyring
        if attempt is None or not is_complete_signed(keyring, token, attempt.id, cookie):
            return self._desk.notice("unknown_attempt", 403, back=self._desk.home)
        if not request.is_own_post(self._broker.settings.public_url):
            return self._desk.notice("forgery_refused", 403, back=self._desk.home)
        return self._on_from(
            self._broker.attempts.complete(attempt, request.owner, request.browser)
        )

    def _mine(
        self, request: WebRequest, attempt_id: str | None
    ) -> tuple[Attempt | None, SecretStr]:
        """The attempt of this id, if this browser has its cookie; and that cookie."""
        cookies = request.attempt_cookies
        cookie = cookies.get(attempt_id or "")
        if attempt_id is None or cookie is None:
            return None, SecretStr("")
        return self._broker.attempts.of_browser(attempt_id, cookies), cookie

    def _on_from(self, attempt: Attempt) -> WebResponse:
        """By redirect to the next page of the journey."""
        page = "complete" if attempt.status is AttemptStatus.RETURNED else "done"
        return WebResponse.to(
            self._desk.path(f"/auth/hubspot/{page}?attempt={attempt.id}"), headers.POPUP
        )

    def done(self, request: WebRequest) -> WebResponse:
        """Tell the opener and the person what became of an attempt of this browser."""
        attempt, _ = self._mine(request, request.attempt_id)
        if attempt is None:
            return self._desk.notice("unknown_attempt", 404, back=self._desk.home)
        known = {
            "attempt_id": attempt.id,
            "origin": attempt.opener_origin,
            "back": attempt.next,
        }
        if attempt.status is AttemptStatus.CONNECTED:
            return self._success(attempt, known)
        return self._failure(attempt, known, request.one("trouble"))

    def setup(self, request: WebRequest) -> WebResponse:
        """The owner's connections, and the way to another one."""
        if request.owner is None:
            return self._desk.signed_out()
        connections = self._broker.connections(request.owner)
        body = self._desk.render(
            "connections/setup.html",
            owner=request.owner,
            connect_url=self._connect_url(request),
            form_token=self._desk.form_token(request.owner, request.browser or ""),
            status_url=self._desk.path("/api/hubspot/status"),
            wanted=self._broker.settings.wanted_scopes,
            connections=[self._card(request, each) for each in connections],
        )
        return WebResponse.page(body, headers.SETUP)

    def _may_be_begun(self, request: WebRequest) -> bool:
        """True where no attempt id came along, or a well-formed one that is not taken."""
        if all(name != "attempt" for name, _ in request.query):
            return True
        attempt_id = request.attempt_id
        return attempt_id is not None and self._broker.vault.store.attempt(attempt_id) is None

    def _ask_first(self, request: WebRequest, start: Start | None) -> WebResponse:
        body = self._desk.render(
            "popup/start.html",
            owner=request.owner,
            go_on=self._connect_url(request, start) + self._carried_on(request),
            back=start.next if start else self._desk.home,
        )
        return WebResponse.page(body, headers.POPUP)

    def _carried_on(self, request: WebRequest) -> str:
        """What the opening page goes by: its attempt's id and its origin, where they will do."""
        attempt_id, origin = request.attempt_id, request.one("origin")
        carried = {}
        if attempt_id is not None and self._may_be_begun(request):
            carried["attempt"] = attempt_id
        if origin is not None and origin in self._broker.settings.allowed_origins:
            carried["origin"] = origin
        return f"&{urlencode(carried)}" if carried else ""

    def _begin(self, request: WebRequest, owner: str, browser: str, start: Start) -> WebResponse:
        dropped = self._make_room(request)
        origin = request.one("origin")
        wish = Wish(
            attempt_id=request.attempt_id,
            next=start.next,
            opener_origin=origin if origin in self._broker.settings.allowed_origins else None,
            hub_id=start.hub_id,
        )
        begun = self._broker.begin(owner, browser, wish)
        seconds = self._broker.settings.attempt_seconds + COOKIE_GRACE
        cookie = self._cookie(begun.attempt.id, begun.cookie.get_secret_value(), seconds)
        to_hubspot = WebResponse.to(begun.authorize_url, headers.POPUP)
        return to_hubspot.with_cookies(cookie, *(self._cookie(each, "", 0) for each in dropped))

    def _make_room(self, request: WebRequest) -> list[str]:
        """End the oldest open attempts of this browser; the ids whose cookies can go.

        Cookies ignore ports: those of an app beside this one are not known here, and left alone.
        """
        cookies, find = request.attempt_cookies, self._broker.attempts.of_browser
        mine = [each for name in cookies if (each := find(name, cookies)) is not None]
        alive = sorted((each for each in mine if each.is_open), key=lambda each: each.created_at)
        surplus = alive[: 1 - ATTEMPTS_ALIVE]
        for attempt in surplus:
            self._broker.attempts.expire(attempt)
        return [each.id for each in mine if each in surplus or _is_long_over(each)]

    def _cookie(self, attempt_id: str, value: str, max_age: int) -> Cookie:
        return Cookie(
            name=f"{ATTEMPT_COOKIE}{attempt_id}",
            value=value,
            path=self._desk.path("/auth/hubspot"),
            max_age=max_age,
            secure=self._broker.settings.is_secure,
        )

    def _success(self, attempt: Attempt, known: Mapping[str, str]) -> WebResponse:
        connection = self._broker.vault.store.connection(attempt.connection_id or "")
        body = self._desk.render(
            "popup/success.html",
            close_after=SUCCESS_CLOSES_AFTER,
            account=connection.account if connection else None,
            **known,
        )
        return WebResponse.page(body, headers.POPUP)

    def _failure(
        self, attempt: Attempt, known: Mapping[str, str], trouble: str | None
    ) -> WebResponse:
        """What ended the attempt, or the *trouble* that its callback ran into."""
        code = attempt.error or attempt.status.value
        if attempt.is_open and trouble in TROUBLES:
            code = trouble
        body = self._desk.render(
            "popup/error.html",
            status="pending" if code in OPEN else "error",
            close_after=ERROR_CLOSES_AFTER,
            code=code,
            sentence=sentence(code),
            **known,
        )
        return WebResponse.page(body, headers.POPUP)

    def _connect_url(self, request: WebRequest, start: Start | None = None) -> str:
        return self._desk.connect_url(
            request.owner, request.browser, start or Start(self._desk.home)
        )

    def _card(self, request: WebRequest, connection: Connection) -> dict[str, object]:
        """One connection as the setup page shows it."""
        pinned = Start(self._desk.home, connection.hub_id)
        account, settings = connection.account, self._broker.settings
        return {
            "id": connection.id,
            "hub_id": account.hub_id,
            "hub_domain": account.hub_domain,
            "user_email": account.user_email,
            "time_zone": account.time_zone,
            "ui_domain": account.ui_domain,
            "account_type": account.account_type,
            "status": connection.status.value,
            "trouble": sentence(connection.status_reason) if connection.status_reason else None,
            "scopes": connection.scopes,
            "missing": connection.missing_scopes(settings.wanted_scopes),
            "lacks_required": bool(connection.missing_scopes(settings.scopes)),
            "since": connection.connected_at,
            "disconnect_url": self._desk.path(
                f"/api/hubspot/connections/{connection.id}/disconnect"
            ),
            "reconnect_url": self._connect_url(request, pinned),
        }


def _is_long_over(attempt: Attempt) -> bool:
    """True once nobody looks at the attempt's end any more."""
    if attempt.ended_at is None:
        return False
    return (attempt.seen_at - attempt.ended_at).total_seconds() > COOKIE_GRACE
