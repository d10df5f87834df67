"""The console's routes, and the one way a request becomes a page, troubles included."""

import re
import secrets
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from dataclasses import replace
from typing import TYPE_CHECKING

from portalkey._support.time_limit import limit_request
from portalkey.errors import PortalkeyError
from portalkey.web.console.actions import Actions
from portalkey.web.console.connection import ConnectionPage
from portalkey.web.console.connections import ConnectionsPage
from portalkey.web.console.context import COOKIE_SECONDS, ConsoleContext, Refused, Visit
from portalkey.web.console.door import DOOR_PATHS, Door
from portalkey.web.console.extension import PATH
from portalkey.web.console.installs import InstallsPage
from portalkey.web.console.links import Links
from portalkey.web.console.looks import Looks
from portalkey.web.http import Pairs, WebRequest, WebResponse
from portalkey.web.rendering import FindStaticFile
from portalkey.web.static_files import answer_static

if TYPE_CHECKING:
    from portalkey.broker.broker import Broker

Handler = Callable[[Visit], WebResponse]

_STATIC = frozenset({"portalkey.css", "console.css", "icon.svg"})
_STATIC_PATH = re.compile(r"static/([0-9a-f]+)/([a-z.]+)")
_NOTHING = Refused(404, "Nothing is here", "The console has no such page.")
_METHOD = Refused(405, "That is not how it works", "Open the page, and use the button on it.")
_TYPE = Refused(415, "That was not done", "Only forms are read here.")


class Console:
    """Answers what is below the console's path.

    Args:
        broker: The broker that it looks into.
        path: Its path, below the app's mount.
        find_static_file: Finds the app's logo, where it is a file of the app's.
        door: Signs operators in, in the standalone app; a host app knows them itself.
    """

    def __init__(
        self,
        broker: "Broker",
        path: str = PATH,
        find_static_file: FindStaticFile | None = None,
        door: Callable[[ConsoleContext], Door] | None = None,
    ) -> None:
        self.context = ConsoleContext(broker, path, find_static_file)
        self.door = door(self.context) if door else None
        self._routes = _routes(self.context)

    def answer(
        self,
        request: WebRequest,
        path: str,
        find_operator: Callable[[], str | None],
        read_form: Callable[[], Pairs],
    ) -> WebResponse | None:
        """Return the answer to *request* at *path*, which is below the console's own.

        None where there is nothing for whoever asks, whom *find_operator* names or not: the skin
        answers as at any path that the app does not have, whatever the method. Of a stranger no
        form is read, unless they are at the door; the *request* comes without its own.
        """
        path = path.strip("/")
        seconds = self.context.broker.settings.database_seconds
        # What an operator has confirmed may take longer, such as writing a file anew.
        with nullcontext() if request.method == "POST" else limit_request(seconds):
            try:
                if self.door is not None and (passed := self._pass_door(request, path, read_form)):
                    return passed
                operator = find_operator()
            except PortalkeyError as trouble:
                return self._with_cookie(request, self._show_trouble(None, trouble))
            if operator is None:
                return self.door.lead_in(request) if self.door else None
            if _is_static(request, path):
                return _serve(request, path)
            return self._handle(request, path, operator, read_form)

    def _pass_door(
        self, request: WebRequest, path: str, read_form: Callable[[], Pairs]
    ) -> WebResponse | None:
        """Return what anybody gets: the page that asks for the password, and what styles it."""
        assert self.door is not None  # noqa: S101 - tells the type checker
        if _is_static(request, path):
            return _serve(request, path)
        has_form = request.method == "POST" and path in DOOR_PATHS
        return self.door.answer(replace(request, form=read_form()) if has_form else request, path)

    def _handle(
        self, request: WebRequest, path: str, operator: str, read_form: Callable[[], Pairs]
    ) -> WebResponse:
        browser = self.context.browser_of(request) or secrets.token_urlsafe(32)
        visit = Visit(request, operator, browser)
        try:
            response = self._do(visit, path, read_form)
        except Refused as refused:
            response = self.context.notice(visit, refused)
        except PortalkeyError as trouble:
            response = self._show_trouble(visit, trouble)
        return self._with_cookie(request, response, browser)

    def _do(self, visit: Visit, path: str, read_form: Callable[[], Pairs]) -> WebResponse:
        handlers, arguments = self._find(path)
        if not handlers:
            raise _NOTHING
        method = "GET" if visit.request.method == "HEAD" else visit.request.method
        if method not in handlers:
            raise _METHOD
        if method == "POST":
            if not visit.request.has_usable_type:
                raise _TYPE
            visit = replace(visit, request=replace(visit.request, form=read_form()))
            self.context.require_own_form(visit.request, visit.operator, path)
        return handlers[method](replace(visit, arguments=arguments))

    def _find(self, path: str) -> tuple[Mapping[str, Handler], Mapping[str, str]]:
        for pattern, handlers in self._routes.items():
            if match := pattern.fullmatch(path):
                return handlers, match.groupdict()
        return {}, {}

    def _show_trouble(self, visit: Visit | None, trouble: PortalkeyError) -> WebResponse:
        refused = Refused(503, "The console cannot look just now", str(trouble))
        return self.context.notice(visit, refused)

    def _with_cookie(
        self, request: WebRequest, response: WebResponse, browser: str = ""
    ) -> WebResponse:
        """Return *response*, which gives this browser the value that its forms are bound to."""
        if not browser or self.context.browser_of(request) == browser:
            return response
        name, seconds = self.context.cookie_name, COOKIE_SECONDS
        return response.with_cookies(self.context.cookie(name, browser, seconds, samesite="Lax"))


def _routes(context: ConsoleContext) -> Mapping[re.Pattern[str], Mapping[str, Handler]]:
    looks, actions, links = Looks(context), Actions(context), Links(context)
    installs = InstallsPage(context)
    handlers: Mapping[str, Mapping[str, Handler]] = {
        "": {"GET": ConnectionsPage(context).show},
        "connections/{id}": {"GET": ConnectionPage(context).show},
        "connections/{id}/disconnect": {"GET": actions.ask_disconnect, "POST": actions.disconnect},
        "connections/{id}/uninstall": {"GET": actions.ask_uninstall, "POST": actions.uninstall},
        "erase": {"GET": actions.ask_erase, "POST": actions.erase},
        "owed/{id}/send": {"GET": actions.ask_send, "POST": actions.send},
        "attempts": {"GET": looks.show_attempt},
        "installs": {"GET": installs.show},
        "installs/{id}/give-back": {
            "GET": installs.ask_give_back,
            "POST": installs.give_back,
        },
        "links": {"GET": links.show},
        "links/{id}/withdraw": {"GET": links.ask_withdraw, "POST": links.withdraw},
        "keys": {"GET": looks.show_keys},
        "health": {"GET": looks.show_health},
    }
    return {
        re.compile(path.replace("{id}", "(?P<id>[^/]+)")): each for path, each in handlers.items()
    }


def _is_static(request: WebRequest, path: str) -> bool:
    """Return True where one of our styles is asked for."""
    return request.method in {"GET", "HEAD"} and _STATIC_PATH.fullmatch(path) is not None


def _serve(request: WebRequest, path: str) -> WebResponse | None:
    found = _STATIC_PATH.fullmatch(path)
    if found is None or found[2] not in _STATIC:
        return None
    accepted, known = map(request.headers.get, ("accept-encoding", "if-none-match"))
    return answer_static(found[2], found[1], accepted, known)
