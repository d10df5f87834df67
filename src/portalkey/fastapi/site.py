"""Our side of a registered app, found in the scope of each of its requests."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from portalkey.fastapi.calls import call
from portalkey.fastapi.extension import Owner
from portalkey.fastapi.session import SessionCookie, is_withheld, read_session
from portalkey.settings.surroundings import Arrival
from portalkey.web.app_names import prefix_of, require_known
from portalkey.web.host import Identified, browser_key, identify, is_poll, try_to_identify
from portalkey.web.http import Pairs, WebRequest

if TYPE_CHECKING:
    from portalkey.settings.settings import Settings
    from portalkey.web.router import Router

_KEY = "portalkey.site"
_ROOT = "portalkey.root"


@dataclass(slots=True)
class Site:
    """The router, and how the app says who is signed in.

    ``cookie`` is the session's, known once the app's middleware is complete.
    """

    router: "Router"
    find_owner: Owner
    find_person: Owner | None
    cookie: SessionCookie | None = None
    name: str = ""

    @classmethod
    def of(cls, request: Request, name: str = "") -> "Site":
        """Return that of the app that *request* came to, for its HubSpot app *name*.

        Raises:
            LookupError: It has none.
        """
        sites: Sites | None = request.scope.get(_KEY)
        if sites is None:
            raise LookupError("This request came to no app that HubSpotAuth is registered with.")
        if name not in sites:
            require_known(name, sites)
        return sites[name]

    @property
    def settings(self) -> "Settings":
        """Those of its HubSpot app."""
        return self.router.context.broker.settings

    def identify(self, request: Request, *, is_poll: bool = False) -> Identified:
        """Return who is signed in, and what is wrong with the session if something is.

        The session forgets whoever else was before.

        Raises:
            OwnerUnusable, SessionUnusable: The app has to be changed.
        """
        session, cookie, find_person = read_session(request), self.cookie, self.find_person
        return identify(
            session,
            partial(call, self.find_owner, request),
            partial(call, find_person, request) if find_person else None,
            lambda: cookie.measure(session) if cookie else 0,
            name=self.name,
            is_poll=is_poll,
        )

    def read_visit(
        self, route: str, request: Request, form: Pairs, arguments: dict[str, Any]
    ) -> WebRequest:
        """Return *request* with its *form*, and what is known of who sent it."""
        session: object = request.scope.get("session")
        is_new = isinstance(session, Mapping) and browser_key(self.name) not in session
        looks = is_poll(route, request.query_params)
        visitor, trouble = try_to_identify(lambda: self.identify(request, is_poll=looks))
        cookie = self.cookie
        return replace(
            read_request(request, form),
            visitor=visitor,
            arguments=arguments,
            is_session_withheld=is_withheld(request, cookie),
            is_debug=request.app.debug,
            arrival=Arrival(
                root=str(request.scope.get("root_path", "")).rstrip("/") + prefix_of(self.name),
                session_name=cookie.name if cookie else "",
                session_path=cookie.middleware.path if cookie else "/",
                is_session_foreign=is_new and cookie is not None and cookie.is_foreign(request),
                trouble=trouble,
            ),
        )


def find_root(request: Request) -> str:
    """Return where the server or an outer app has mounted ours, whatever ours mounts in itself."""
    root: str = request.scope[_ROOT]
    return root


def read_request(request: Request, form: Pairs = ()) -> WebRequest:
    """Return *request* as any of our pages reads it."""
    return WebRequest(
        method=request.method,
        query=tuple(request.query_params.multi_items()),
        form=form,
        cookies=request.cookies,
        headers=dict(request.headers),
        peer=request.client.host if request.client else None,
    )


Sites = Mapping[str, Site]
"""Our sides of an app, by the names of its HubSpot apps."""


class SiteMiddleware:
    """Puts *sites* within reach of every request of an app, those of apps mounted in it too."""

    def __init__(self, app: ASGIApp, sites: Sites) -> None:
        self._app, self._sites = app, sites

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer like the app."""
        scope[_KEY], scope[_ROOT] = self._sites, scope.get("root_path", "")
        await self._app(scope, receive, send)
