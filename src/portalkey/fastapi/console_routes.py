"""Registers the console with an app: Starlette's requests in, the console's pages out.

A skin translates and nothing more; every decision is made in ``web/console``.
"""

from typing import TYPE_CHECKING

import anyio.from_thread
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from portalkey.fastapi.assembly import (
    close_at_end,
    make_find_static_file,
    require_unstarted,
    wrap_stack,
)
from portalkey.fastapi.calls import call, run_in_thread
from portalkey.fastapi.console import Allow
from portalkey.fastapi.endpoints import put_first, write_response
from portalkey.fastapi.forms import read_form
from portalkey.fastapi.site import read_request
from portalkey.web.app_names import prefix_of, root_of, with_name
from portalkey.web.console.console import Console
from portalkey.web.console.context import read_operator
from portalkey.web.host import AsgiHeaderMiddleware
from portalkey.web.http import WebResponse

if TYPE_CHECKING:
    from portalkey.broker.broker import Broker

NAME = "hubspot_console"


class _Endpoint:
    """The console as an ASGI app: a route that names no methods has all of them.

    A 405 would tell a stranger that the console is there.
    """

    def __init__(self, console: Console, allow: Allow) -> None:
        self._console, self._allow = console, allow

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request.

        Raises:
            HTTPException: There is nothing for whoever asks (404), or their form cannot be read.
        """
        request = Request(scope, receive, send)
        response = await run_in_thread(request, lambda: self._answer(request))
        if response is None:
            raise HTTPException(404)
        await write_response(request, response)(scope, receive, send)

    def _answer(self, request: Request) -> WebResponse | None:
        rest = str(request.path_params.get("rest", ""))
        return self._console.answer(
            read_request(request),
            rest,
            lambda: read_operator(call(self._allow, request)),
            lambda: anyio.from_thread.run(read_form, request),
        )


def register_console(
    app: Starlette, broker: "Broker", path: str, allow: Allow, name: str = ""
) -> None:
    """Register the console of *broker* with *app* at *path*; *allow* names its operators.

    It is below the prefix of its HubSpot app *name*.
    """
    require_unstarted(app)
    root = root_of(name, broker.settings)
    endpoint = _Endpoint(Console(broker, path, make_find_static_file(app, root)), allow)
    place = f"{prefix_of(name)}{path}"
    put_first(
        app.router.routes,
        [
            Route(each, endpoint, name=with_name(NAME, name), include_in_schema=False)
            for each in (place, f"{place}/{{rest:path}}")
        ],
    )
    close_at_end(app, broker)
    wrap_stack(app, AsgiHeaderMiddleware)
