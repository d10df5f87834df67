"""Every route, and the one way a request becomes a response, errors included.

A skin registers a router's ``routes`` with its framework, hands each request to ``Router.answer``
and writes the response out. It decides nothing.
"""

import logging
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Self

from jinja2 import BaseLoader
from markupsafe import Markup

from portalkey._support.time_limit import limit_request
from portalkey.errors import (
    OwnerUnusable,
    PersonMustAct,
    PortalkeyError,
    SessionUnusable,
    StoreBusy,
    StoreUnusable,
    TooManyAttempts,
    TryLater,
)
from portalkey.model.authorization import Visitor
from portalkey.web import headers
from portalkey.web.api import Api
from portalkey.web.arrival import ArrivalLog, find_other_address
from portalkey.web.callback import CallbackPages
from portalkey.web.confirm import ConfirmPage
from portalkey.web.connections_page import ConnectionsPage
from portalkey.web.context import Context
from portalkey.web.disconnect_page import DisconnectPage
from portalkey.web.element_state import render_state
from portalkey.web.host_layout import LayoutTemplates
from portalkey.web.host_page import HostPage
from portalkey.web.http import WebRequest, WebResponse
from portalkey.web.install_page import InstallPage
from portalkey.web.invite import InvitePages
from portalkey.web.options import WebOptions
from portalkey.web.rendering import FindStaticFile, Renderer
from portalkey.web.result_pages import ResultPages
from portalkey.web.routes import API, INSTALLS, PAGES, PREFLIGHTS, SETUP, Route
from portalkey.web.start import StartPage
from portalkey.web.token_delivery import TokenDelivery
from portalkey.web.trouble_log import attempts_of, log_error

if TYPE_CHECKING:
    from portalkey.broker.broker import Broker

log = logging.getLogger("portalkey")

_OF_THE_STORE = (StoreBusy, StoreUnusable)
_OF_THE_APP = (OwnerUnusable, SessionUnusable)
_OF_A_SESSION = frozenset({"start", *(route.name for route in SETUP + INSTALLS + API)})
_UNAVAILABLE = 503
_CROSS_ORIGIN = frozenset(route.name for route in API + PREFLIGHTS)


class Router:
    """Answers the routes."""

    @classmethod
    def of(
        cls,
        broker: "Broker",
        options: WebOptions,
        templates: BaseLoader | None = None,
        host_templates: LayoutTemplates | None = None,
        find_static_file: FindStaticFile | None = None,
    ) -> Self:
        """Put the web side of an app together.

        Args:
            broker: The broker that it asks.
            options: The app's decisions.
            templates: The app's own templates, whose ``portalkey/...`` come before ours.
            host_templates: Render the setup page in the app's own layout.
            find_static_file: Finds the address of a file of the app's, such as its logo.
        """
        render = Renderer(
            broker.settings,
            templates,
            strings=options.strings,
            base=options.base_template,
            host_templates=host_templates,
            find_static_file=find_static_file,
        )
        return cls(Context(broker, render, options))

    def __init__(self, context: Context) -> None:
        self.context = context
        self._arrivals = ArrivalLog(context.broker.settings)
        self._has_looked = False
        callback, confirm, api = CallbackPages(context), ConfirmPage(context), Api(context)
        self._callback = callback
        self._handlers = {
            "start": StartPage(context).start,
            "callback": callback.finish,
            "complete": callback.show_complete,
            "completed": callback.complete,
            "refused": callback.show_refused,
            **InvitePages(context).handlers,
            "confirm": confirm.show,
            "confirmed": confirm.answer,
            **InstallPage(context).handlers,
            "done": ResultPages(context).show_done,
            "setup": ConnectionsPage(context).show,
            "leave": DisconnectPage(context).show,
            "status": api.show_status,
            "connections": api.list_connections,
            "disconnect": api.disconnect,
            "cancel": api.cancel,
            "token": TokenDelivery(context).hand_over,
            **{route.name: api.answer_preflight for route in PREFLIGHTS},
        }

    @property
    def routes(self) -> tuple[Route, ...]:
        """Every route that the app wants."""
        setup = SETUP if self.context.options.setup_page else ()
        return PAGES + setup + API + PREFLIGHTS

    def connect_url(
        self,
        owner: str | None,
        browser: str | None,
        next_url: str | None,
        hub_id: int | None,
        *,
        another: bool = False,
        scopes: Iterable[str] = (),
    ) -> str:
        """Return the link into the journey that leads back to *next_url*, or else home.

        Raises:
            ValueError: *next_url* is not a path on this site, or *scopes* cannot be any.
        """
        start = self.context.start(next_url, hub_id, another=another, scopes=scopes)
        return self.context.connect_url(owner, browser, start)

    def connect_state(self, owner: str | None) -> Markup:
        """Return the attributes of the element that say what *owner* has connected.

        Where the store cannot be asked they say nothing: the host's page is shown all the same.
        """
        try:
            connections = self.context.broker.connections(owner) if owner is not None else []
        except _OF_THE_STORE as error:
            log.warning("a page cannot show what is connected: %s", error)
            connections = []
        return render_state(connections)

    def look_up(self, visitor: Visitor) -> HostPage:
        """Return what a page of the host's shows *visitor*, for who may not wait as it is rendered.

        Raises:
            StoreBusy, StoreUnusable: The store cannot say what time it is.
        """
        now = self.context.broker.now()
        return HostPage(self.context, visitor, now, self.connect_state(visitor.owner))

    def answer(self, name: str, read: Callable[[], WebRequest]) -> WebResponse:
        """Return the response on the route *name* to the request that *read* returns.

        Trouble becomes a page or JSON, whichever was asked for. From the callback it leads away by
        redirect, since its address holds a code. Where the store could not be asked, the same
        return is tried again from an address without one.
        """
        with limit_request(self.context.broker.settings.database_seconds):
            return self._answer(name, read)

    def _answer(self, name: str, read: Callable[[], WebRequest]) -> WebResponse:
        request = None
        try:
            request = read()
            self._look(request)
            return self._with_cors(name, request, self._handle(name, request))
        except PortalkeyError as error:
            log_error(name, request, error)
            if isinstance(error, _OF_THE_APP) and request and request.is_debug:
                raise  # for whoever writes the app, who has the debugger before them
            if name == "callback" and not self._is_at_kept_return(request, error):
                is_busy = isinstance(error, _OF_THE_STORE)
                kept = self._callback.keep_return(request) if request and is_busy else None
                return kept or self._leave_callback(request, error.code)
            if request is None:
                raise
            return self._with_cors(name, request, self._show_error(name, request, error))
        except Exception:
            if name != "callback":
                raise
            log.exception("callback could not be answered, attempt=%s", attempts_of(request))
            return self._leave_callback(request, PortalkeyError.code)

    def _look(self, request: WebRequest) -> None:
        """Log what is odd about the app, once, and about how requests arrive."""
        is_first, self._has_looked = not self._has_looked, True
        if is_first and self.context.options.setup_page:
            self.context.render.look_at_layout()
        if is_first or request.arrival.is_session_foreign:
            self._arrivals.note(request.arrival)

    def _handle(self, name: str, request: WebRequest) -> WebResponse:
        trouble = request.arrival.trouble
        if isinstance(trouble, _OF_THE_APP) or (trouble is not None and name in _OF_A_SESSION):
            raise trouble
        opened = self._find_other_address(name, request)
        if opened is not None:
            self._arrivals.note_address(opened)
            return self.context.lead_to_address(request)
        if request.method == "POST" and not request.has_usable_type:
            return self.context.refuse(request, "unsupported_type", 415)
        return self._handlers[name](request)

    def _find_other_address(self, name: str, request: WebRequest) -> str | None:
        """Return where else a browser has us open, by what a page of ours sends; else None."""
        origins = self.context.broker.settings.allowed_origins
        says = request.method == "POST" or name == "start"
        ours = tuple(f"{origin}/" for origin in origins)
        named = [request.query_value("origin"), *map(request.headers.get, ("origin", "referer"))]
        is_elsewhere = any(each and not f"{each}/".startswith(ours) for each in named)
        return find_other_address(request, origins) if says and is_elsewhere else None

    def _with_cors(self, name: str, request: WebRequest, response: WebResponse) -> WebResponse:
        """Return *response*, readable for the page that asked where the app allows its origin."""
        origin = request.headers.get("origin")
        if origin is None or name not in _CROSS_ORIGIN:
            return response
        self._arrivals.note_origin(request)
        return response.with_headers(
            headers.cors(origin, self.context.broker.settings.allowed_origins)
        )

    def _is_at_kept_return(self, request: WebRequest | None, error: PortalkeyError) -> bool:
        """Return True where a return that is tried again met the store's trouble once more."""
        is_kept = request is not None and self._callback.kept_name(request) is not None
        return is_kept and isinstance(error, _OF_THE_STORE)

    def _leave_callback(self, request: WebRequest | None, code: str) -> WebResponse:
        """Redirect to the one attempt's end, if there is but one; *code* says what is wrong."""
        attempt_ids = list(request.attempt_cookies) if request else []
        query = f"?trouble={code}" if attempt_ids else ""
        if len(attempt_ids) == 1:
            query += f"&attempt={attempt_ids[0]}"
        return WebResponse.redirect(self.context.path(f"/auth/hubspot/done{query}"), headers.POPUP)

    def _show_error(self, name: str, request: WebRequest, error: PortalkeyError) -> WebResponse:
        status = 409 if isinstance(error, PersonMustAct) else _UNAVAILABLE
        if isinstance(error, TooManyAttempts):
            status = 429
        elif isinstance(error, _OF_THE_APP):
            status = 500
        wait = error.retry_after if isinstance(error, TryLater) else None
        if name in {"status", "connections"} or request.wants_json:
            response = self.context.problem(error.code, status, cause=error.cause, wait=wait)
        else:
            response = self.context.notice(
                error.code,
                status,
                back=self.context.home,
                tag=self.context.language_of(request),
                cause=error.cause,
                wait=wait,
                has_retry=status == _UNAVAILABLE and request.method == "GET",
            )
        if wait is not None:
            return response.with_headers({"Retry-After": str(max(1, round(wait)))})
        return response
