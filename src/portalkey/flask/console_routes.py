"""Registers the console with an app: Flask's requests in, the console's pages out.

A skin translates and nothing more; every decision is made in ``web/console``.
"""

from collections.abc import Callable

from flask import Blueprint, Flask, Request, Response, abort, request, url_for

from portalkey.web.console.console import Console
from portalkey.web.console.context import read_operator
from portalkey.web.header_middleware import HEADERS_KEY, HeaderMiddleware
from portalkey.web.http import WebRequest

NAME = "hubspot_console"


def register_console(
    app: Flask,
    console: Console,
    path: str,
    allow: Callable[[Request], object] | None = None,
) -> None:
    """Register *console* with *app* at *path*.

    *allow* names the operator who sent a request; without it the console has a door of its own.
    """
    # Imported here: with it come the visitors' pages.
    from portalkey.flask.hubspot_auth import (  # noqa: PLC0415 - see above
        exempt_from_flask_wtf,
        read_request,
        write_response,
    )

    blueprint = Blueprint(NAME, __name__)

    def view(rest: str = "") -> Response:
        asked = read_request()
        response = console.answer(asked, rest, lambda: _find_operator(console, asked, allow))
        if response is None:
            abort(404)
        request.environ[HEADERS_KEY] = response.headers
        return write_response(response)

    for rule in (path, f"{path}/<path:rest>"):
        blueprint.add_url_rule(
            rule,
            "console",
            view,
            methods=["GET", "POST"],
            strict_slashes=False,
            provide_automatic_options=False,
        )
    app.register_blueprint(blueprint)
    # Ahead of the host's own check.
    app.before_request_funcs.setdefault(None, []).insert(0, exempt_from_flask_wtf(NAME))
    app.wsgi_app = HeaderMiddleware(app.wsgi_app)  # type: ignore[method-assign]


def find_logo(name: str) -> str:
    """Return the address of a file in the app's static folder."""
    return url_for("static", filename=name)


def _find_operator(
    console: Console, asked: WebRequest, allow: Callable[[Request], object] | None
) -> str | None:
    if allow is not None:
        return read_operator(allow(request))
    return console.door.find_operator(asked) if console.door else None
