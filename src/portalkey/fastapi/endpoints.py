"""Routes of ours: Starlette's requests in, the router's responses out.

A skin translates and nothing more; every decision is made in ``web/``.
"""

from collections.abc import Awaitable, Callable, Iterable, Iterator
from typing import Any

from starlette.datastructures import URLPath
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import NoMatchFound, Route

from portalkey.fastapi.calls import run_in_thread
from portalkey.fastapi.forms import read_form
from portalkey.fastapi.site import Site
from portalkey.web import routes
from portalkey.web.app_names import prefix_of, with_name
from portalkey.web.host import HEADERS_KEY
from portalkey.web.http import WebResponse
from portalkey.web.static_files import STATIC_PATH, answer_static, static_address

NAME = "hubspot_auth"
Endpoint = Callable[[Request], Awaitable[Response]]


def make_routes(site: Site) -> Iterator[Route]:
    """Yield the routes of *site*, scripts and styles among them."""
    prefix, static = prefix_of(site.name), f"{with_name(NAME, site.name)}.static"
    path = f"{prefix}{STATIC_PATH}"
    yield _StaticRoute(f"{path}/v-{{version}}/{{filename:path}}", _serve_static, prefix=prefix)
    yield _StaticRoute(f"{path}/{{filename:path}}", _serve_static, static, prefix=prefix)
    for route in site.router.routes:
        yield make_route(route, _make_endpoint(site, route.name), site.name)


def make_route(route: routes.Route, endpoint: Endpoint, name: str = "") -> Route:
    """Make a route of Starlette's for the HubSpot app *name*, which no OpenAPI document has."""
    return Route(
        f"{prefix_of(name)}{route.path}",
        endpoint,
        methods=[route.method],
        name=f"{with_name(NAME, name)}.{route.name}",
        include_in_schema=False,
    )


class _StaticRoute(Route):
    """A route that puts the version into the address of a script, wherever a template names one."""

    def __init__(
        self, path: str, endpoint: Endpoint, name: str | None = None, *, prefix: str = ""
    ) -> None:
        super().__init__(path, endpoint, name=name, include_in_schema=False)
        self._prefix = prefix

    def url_path_for(self, name: str, /, **path_params: Any) -> URLPath:  # noqa: ANN401 - as Starlette has it
        if name != self.name or path_params.keys() != {"filename"}:
            raise NoMatchFound(name, path_params)
        address = static_address(str(path_params["filename"]))
        return URLPath(f"{self._prefix}{address}", protocol="http")


async def _serve_static(request: Request) -> Response:
    filename, version = (request.path_params.get(each) for each in ("filename", "version"))
    accepted, known = map(request.headers.get, ("accept-encoding", "if-none-match"))
    response = answer_static(str(filename), version, accepted, known)
    if response is None:
        raise HTTPException(404)
    return write_response(request, response)


def _make_endpoint(site: Site, name: str) -> Endpoint:
    async def endpoint(request: Request) -> Response:
        form, arguments = await read_form(request), request.path_params

        def work() -> WebResponse:
            return site.router.answer(name, lambda: site.read_visit(name, request, form, arguments))

        return write_response(request, await run_in_thread(request, work))

    return endpoint


def write_response(request: Request, response: WebResponse) -> Response:
    """Return *response* as Starlette has it; its headers are laid on last, too."""
    request.scope.setdefault(HEADERS_KEY, []).append(response.headers)
    written = Response(response.body, response.status, dict(response.headers))
    for cookie in response.cookies:
        written.set_cookie(cookie.name, cookie.value, **cookie.attributes)
    return written


def put_first(own: list[Any], ours: Iterable[Route]) -> None:
    """Put *ours* ahead of the routes of the app's *own*: one of them may match every path."""
    own[:0] = ours
