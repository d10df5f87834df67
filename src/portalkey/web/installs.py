"""Installs that begin at HubSpot, as its requests arrive at the callback.

HubSpot sends no state of ours with a code, or frames the page that the code comes to, where no
cookie arrives. So neither says whose browser it is, and neither attaches anything: the grant waits,
and the browser that brought the code is handed a ticket, by which it is shown the question.
"""

import logging
from urllib.parse import quote, urlencode

from portalkey.errors import (
    AttemptExpired,
    AttemptMismatch,
    BadAnswer,
    Declined,
    HubSpotRefused,
    HubSpotUnavailable,
    HubSpotUnreachable,
    NoKeyOpens,
    OwnerUnusable,
    PortalkeyError,
    RateLimited,
    SessionUnusable,
    StoreBusy,
    StoreUnusable,
    TooManyAttempts,
)
from portalkey.hubspot.authorize import read_code
from portalkey.hubspot.installs import (
    RETURN_URL,
    STEP,
    Install,
    Step,
    add_state,
    read_install,
)
from portalkey.model.attempt import Attempt
from portalkey.model.authorization import Callback
from portalkey.web import headers
from portalkey.web.context import Context
from portalkey.web.http import WebRequest, WebResponse
from portalkey.web.install_cookies import INSTALL, InstallCookies

log = logging.getLogger("portalkey")

_SIGNED = "install-step"
_OTHERWISE = "otherwise"
_KINDS: tuple[type[PortalkeyError], ...] = (
    AttemptExpired,
    AttemptMismatch,
    BadAnswer,
    Declined,
    HubSpotRefused,
    HubSpotUnavailable,
    HubSpotUnreachable,
    NoKeyOpens,
    OwnerUnusable,
    RateLimited,
    SessionUnusable,
    StoreBusy,
    StoreUnusable,
    TooManyAttempts,
)
TROUBLES = frozenset({each.code for each in _KINDS} | {_OTHERWISE})
"""Codes of all that may become of what HubSpot sends; no address makes the page say anything else,
as it is shown to whoever is led there."""
_FRAMES = frozenset({"document", "iframe", "frame"})


class InstallCallback:
    """``/auth/hubspot/callback`` with a code and no state, or with a ``step``."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._broker = context.broker
        self._cookies = InstallCookies(context)

    def answer(self, request: WebRequest) -> WebResponse | None:
        """Take a step of an install; None where *request* is none, or the app takes none."""
        if not self._broker.takes_installs:
            return None
        try:
            install = read_install(request.query, self._broker.settings.app_url)
        except AttemptMismatch:
            path = self._context.path("/auth/hubspot/refused")
            return WebResponse.redirect(path, headers.POPUP)
        if install is None:
            return None
        if not _is_opened(request, install.step):
            return WebResponse(403, headers.POPUP)
        return self._take(request, install)

    def _take(self, request: WebRequest, install: Install) -> WebResponse:
        try:
            if install.step is Step.AUTHORIZE:
                return self._authorize(request, install)
            if install.step is Step.FINALIZE:
                return self._finalize(request, install)
            return self._take_in(request, install)
        except PortalkeyError as trouble:
            log.warning("an install could not be taken in: %s", trouble.code)
            return self._fail(request, install, trouble.code)

    def _take_in(self, request: WebRequest, install: Install) -> WebResponse:
        """Exchange a code that came without a state, and lead back to HubSpot, or to the question.

        HubSpot waits for the exchange, and lets nobody on before the browser is back.
        """
        attempt = self._broker.take_in_install(
            read_code(request.query),
            next_url=self._context.home,
            language=self._context.language_of(request),
            tickets=self._cookies.read(request).keys(),
        )
        if not attempt.is_pending:
            return self._fail(request, install, attempt.error)
        return self._lead_back(attempt, install.return_url or self._context.path(INSTALL))

    def _lead_back(self, attempt: Attempt, location: str) -> WebResponse:
        """Redirect to *location*, with the ticket in a cookie of this browser."""
        leaving = WebResponse.redirect(location, headers.POPUP)
        return leaving.with_cookies(self._cookies.build(attempt))

    def _authorize(self, request: WebRequest, install: Install) -> WebResponse:
        """Sign the person in, ask whether they mean it, and go on at HubSpot with a state."""
        if request.arrival.trouble is not None:
            raise request.arrival.trouble
        return_url, owner, browser = install.return_url or "", request.owner, request.browser
        query = {STEP: Step.AUTHORIZE.value, RETURN_URL: return_url}
        here = f"{self._context.path('/auth/hubspot/callback')}?{urlencode(query)}"
        if owner is None or browser is None:
            return self._cookies.bring_session(request, here) or self._context.ask_to_sign_in(
                request, here
            )
        signature = request.query_value("t") or ""
        is_signed = self._broker.is_signed(signature, _SIGNED, browser, owner, return_url)
        if is_signed and request.is_own_navigation(self._broker.settings.allowed_origins):
            state = self._broker.begin_install(
                request.visitor,
                next_url=self._context.home,
                language=self._context.language_of(request),
            )
            location = add_state(return_url, state.get_secret_value())
            return WebResponse.redirect(location, headers.POPUP)
        signature = self._broker.sign(_SIGNED, browser, owner, return_url)
        return self._ask(request, owner, f"{here}&t={quote(signature, safe='')}")

    def _ask(self, request: WebRequest, owner: str, go_on: str) -> WebResponse:
        """Show the page that names both sides, and whose link begins: anybody may lead here."""
        body = self._context.render(
            "popup/start.html",
            language=self._context.language_of(request),
            pk_owner_name=self._context.options.owner_name(owner),
            attempt_id=None,
            go_on=go_on,
            back=self._context.home,
        )
        return WebResponse.page(body, headers.POPUP)

    def _finalize(self, request: WebRequest, install: Install) -> WebResponse:
        """Exchange the code; show in HubSpot's frame how to go on, as no cookie can be set there.

        The ticket stands in that page alone, so that only who has agreed at HubSpot gets it: a
        state can be brought into somebody else's browser, and what is shown in a frame cannot be
        read elsewhere. The code in the address is spent.
        """
        callback = Callback(request.query, {}, request.visitor)
        attempt = self._broker.finish_install(
            callback.state_hash, lambda _: read_code(request.query)
        )
        if not attempt.is_pending:
            return self._fail(request, install, attempt.error)
        if request.headers.get("sec-fetch-dest") == "document":
            return self._lead_back(attempt, install.return_url or "")
        body = self._context.render(
            "popup/install_framed.html",
            language=attempt.language,
            action=self._context.path(f"{INSTALL}/open"),
            attempt_id=attempt.id,
            ticket=self._broker.ticket_of_install(attempt),
            account=self._broker.account_of_install(attempt),
            return_url=install.return_url,
        )
        return WebResponse.page(body, headers.framed_by(install.origin))

    def _fail(self, request: WebRequest, install: Install, trouble: str | None) -> WebResponse:
        """Say what is wrong: in the frame, or away from an address that holds a code."""
        code = trouble if trouble in TROUBLES else _OTHERWISE
        if install.step is Step.FINALIZE:
            tag = self._context.language_of(request)
            page = self._context.notice(code, 409, tag=tag)
            return page.with_headers(headers.framed_by(install.origin))
        path = self._context.path(f"{INSTALL}?trouble={code}")
        return WebResponse.redirect(path, headers.POPUP)


def _is_opened(request: WebRequest, step: Step) -> bool:
    """Return True where a browser opens a page: no image, no script's request, no frame of others'.

    The last step alone may be in a frame, where the answer's policy names HubSpot's.
    """
    if step is not Step.FINALIZE:
        return request.is_navigation
    is_page = request.headers.get("sec-fetch-mode", "navigate") == "navigate"
    return is_page and request.headers.get("sec-fetch-dest", "document") in _FRAMES
