"""Every route, and the one way a request becomes a response, errors included.

A skin registers ``ROUTES`` with its framework, hands each request to ``Router.answer`` and writes
the response out. It decides nothing.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace

from portalkey.errors import PersonMustAct, PortalkeyError, TryLater
from portalkey.web import headers
from portalkey.web.api import Api
from portalkey.web.context import Context
from portalkey.web.http import WebRequest, WebResponse
from portalkey.web.pages import Pages
from portalkey.web.start import StartPage
from portalkey.web.token_delivery import TokenDelivery

log = logging.getLogger("portalkey")


@dataclass(frozen=True, slots=True)
class Route:
    """One route; parts of the path in braces are the request's arguments."""

    name: str
    method: str
    path: str


PAGES = (
    Route("start", "GET", "/auth/hubspot/start"),
    Route("callback", "GET", "/auth/hubspot/callback"),
    Route("complete", "GET", "/auth/hubspot/complete"),
    Route("completed", "POST", "/auth/hubspot/complete"),
    Route("done", "GET", "/auth/hubspot/done"),
    Route("refused", "GET", "/auth/hubspot/refused"),
    Route("setup", "GET", "/connections/setup"),
)
API = (
    Route("status", "GET", "/api/hubspot/status"),
    Route("connections", "GET", "/api/hubspot/connections"),
    Route("disconnect", "POST", "/api/hubspot/connections/{connection_id}/disconnect"),
    Route("cancel", "POST", "/api/hubspot/attempts/{attempt_id}/cancel"),
    Route("token", "POST", "/api/hubspot/attempts/{attempt_id}/token"),
)
PREFLIGHTS = tuple(Route(f"preflight_{each.name}", "OPTIONS", each.path) for each in API)
"""A browser asks these before a page on another origin may post (Fetch standard, CORS)."""

ROUTES = PAGES + API + PREFLIGHTS
_SHARED = frozenset(route.name for route in API + PREFLIGHTS)


class Router:
    """Answers the routes."""

    def __init__(self, context: Context) -> None:
        self.context = context
        pages, api = Pages(context), Api(context)
        self._answers = {
            "start": StartPage(context).start,
            "callback": pages.callback,
            "complete": pages.complete,
            "completed": pages.completed,
            "done": pages.done,
            "refused": pages.refused,
            "setup": pages.setup,
            "status": api.status,
            "connections": api.connections,
            "disconnect": api.disconnect,
            "cancel": api.cancel,
            "token": TokenDelivery(context).token,
            **{each.name: api.preflight for each in PREFLIGHTS},
        }

    def answer(self, name: str, read: Callable[[], WebRequest]) -> WebResponse:
        """The response on the route *name* to the request that *read* returns.

        Trouble becomes a page or JSON, whichever was asked for. From the callback it leads away by
        redirect whatever happened, since its address holds a code.
        """
        request = None
        try:
            request = read()
            return self._shared(name, request, self._answers[name](request))
        except PortalkeyError as trouble:
            log.warning("%s could not be answered: %s", name, trouble.code)
            if name == "callback":
                return self._leave(request, trouble.code)
            if request is None:
                raise
            return self._shared(name, request, self._trouble(name, request, trouble))
        except Exception:
            if name != "callback":
                raise
            log.exception("the callback could not be answered")
            return self._leave(request, PortalkeyError.code)

    def _shared(self, name: str, request: WebRequest, response: WebResponse) -> WebResponse:
        """The *response*, readable for the page that asked where the app allows its origin."""
        allowed = self.context.broker.settings.allowed_origins
        cors = headers.cors(request.headers.get("origin"), allowed) if name in _SHARED else {}
        return replace(response, headers={**response.headers, **cors})

    def _leave(self, request: WebRequest | None, trouble: str) -> WebResponse:
        """To where the end is shown, if it can only be one attempt's; there it says *trouble*."""
        mine = list(request.attempt_cookies) if request else []
        query = f"?attempt={mine[0]}&trouble={trouble}" if len(mine) == 1 else ""
        return WebResponse.to(self.context.path(f"/auth/hubspot/done{query}"), headers.POPUP)

    def _trouble(self, name: str, request: WebRequest, trouble: PortalkeyError) -> WebResponse:
        status = 409 if isinstance(trouble, PersonMustAct) else 503
        if name in {"status", "connections"} or request.wants_json:
            response = self.context.problem(trouble.code, status)
        else:
            response = self.context.notice(trouble.code, status, back=self.context.home)
        if isinstance(trouble, TryLater):
            wait = {"Retry-After": str(max(1, round(trouble.retry_after)))}
            return replace(response, headers={**response.headers, **wait})
        return response
