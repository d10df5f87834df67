"""Every route, and the one way a request becomes a response, errors included.

A skin registers ``ROUTES`` with its framework, hands each request to ``WebFace.answer`` and writes
the response out. It decides nothing.
"""

import logging
from dataclasses import dataclass

from portalkey.errors import PersonMustAct, PortalkeyError, TryLater
from portalkey.web import headers
from portalkey.web.api import Api, problem
from portalkey.web.desk import Desk
from portalkey.web.pages import Pages
from portalkey.web.values import WebRequest, WebResponse

log = logging.getLogger("portalkey")


@dataclass(frozen=True, slots=True)
class Route:
    """One route; parts of the path in braces are the request's arguments."""

    name: str
    method: str
    path: str


ROUTES = (
    Route("start", "GET", "/auth/hubspot/start"),
    Route("callback", "GET", "/auth/hubspot/callback"),
    Route("done", "GET", "/auth/hubspot/done"),
    Route("status", "GET", "/api/hubspot/status"),
    Route("connections", "GET", "/api/hubspot/connections"),
    Route("disconnect", "POST", "/api/hubspot/connections/{connection_id}/disconnect"),
    Route("cancel", "POST", "/api/hubspot/attempts/{attempt_id}/cancel"),
    Route("setup", "GET", "/connections/setup"),
)


class WebFace:
    """Answers the routes."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        pages, api = Pages(desk), Api(desk)
        self._answers = {
            "start": pages.start,
            "callback": pages.callback,
            "done": pages.done,
            "setup": pages.setup,
            "status": api.status,
            "connections": api.connections,
            "disconnect": api.disconnect,
            "cancel": api.cancel,
        }

    def answer(self, name: str, request: WebRequest) -> WebResponse:
        """The response to *request* on the route *name*; trouble becomes a page or JSON, too."""
        try:
            return self._answers[name](request)
        except PortalkeyError as trouble:
            log.warning("%s could not be answered: %s", name, trouble.code)
            if name == "callback":
                return self._leave(request)
            return self._trouble(name, trouble)
        except Exception:
            if name != "callback":
                raise
            log.exception("the callback could not be answered")
            return self._leave(request)

    def _leave(self, request: WebRequest) -> WebResponse:
        """Away from the address that holds a code, to where the attempt's end is shown."""
        done = self.desk.path("/auth/hubspot/done")
        mine = list(request.attempt_cookies)
        return WebResponse.to(f"{done}?attempt={mine[-1]}" if mine else done, headers.POPUP)

    def _trouble(self, name: str, trouble: PortalkeyError) -> WebResponse:
        status = 409 if isinstance(trouble, PersonMustAct) else 503
        if name in {"status", "connections", "disconnect", "cancel"}:
            response = problem(trouble.code, status)
        else:
            response = self.desk.notice(trouble.code, status, back=self.desk.home)
        if isinstance(trouble, TryLater):
            wait = {"Retry-After": str(max(1, round(trouble.retry_after)))}
            return WebResponse(response.status, {**response.headers, **wait}, response.body)
        return response
