"""Registers the console with an app: Flask's requests in, the console's pages out.

A skin translates and nothing more; every decision is made in ``web/console``.
"""

from collections.abc import Callable

from flask import Blueprint, Flask, Request, Response, abort, request, url_for
from werkzeug.routing import Rule

from portalkey.web.app_names import prefix_of, with_name
from portalkey.web.console.console import Console
from portalkey.web.console.context import read_operator
from portalkey.web.host import HEADERS_KEY, WsgiHeaderMiddleware
from portalkey.web.http import WebRequest

NAME = "hubspot_console"


def register_console(
    app: Flask,
    console: Console,
    path: str,
    allow: Callable[[Request], object] | None = None,
    name: str = "",
) -> None:
    """Register *console* with *app* at *path*, below the prefix of its HubSpot app *name*.

    *allow* names the operator who sent a request; without it the console has a door of its own.
    """
    # Imported here: with it come the visitors' pages.
    from portalkey.flask.hubspot_auth import (  # noqa: PLC0415 - see above
        exempt_from_flask_wtf,
        read_form,
        read_request,
        write_response,
    )

    def view(rest: str = "") -> Response:
        asked = read_request()
        response = console.answer(
            asked, rest, lambda: _find_operator(console, asked, allow), read_form
        )
        if response is None:
            abort(404)
        request.environ[HEADERS_KEY] = response.headers
        return write_response(response)

    blueprint, place = with_name(NAME, name), f"{prefix_of(name)}{path}"
    app.register_blueprint(Blueprint(blueprint, __name__))
    endpoint = f"{blueprint}.console"
    app.view_functions[endpoint] = view
    for each in (place, f"{place}/<path:rest>"):
        app.url_map.add(_make_rule(app, each, endpoint))
    # Ahead of the host's own check.
    app.before_request_funcs.setdefault(None, []).insert(0, exempt_from_flask_wtf(blueprint))
    app.wsgi_app = WsgiHeaderMiddleware(app.wsgi_app)  # type: ignore[method-assign]


def _make_rule(app: Flask, path: str, endpoint: str) -> Rule:
    """Return a rule for every method: a 405 would tell a stranger that the console is there."""
    rule = app.url_rule_class(path, endpoint=endpoint, methods=None, strict_slashes=False)
    rule.provide_automatic_options = False  # type: ignore[attr-defined]  # Flask asks for it
    return rule


def find_logo(name: str) -> str:
    """Return the address of a file in the app's static folder."""
    return url_for("static", filename=name)


def _find_operator(
    console: Console, asked: WebRequest, allow: Callable[[Request], object] | None
) -> str | None:
    if allow is not None:
        return read_operator(allow(request))
    return console.door.find_operator(asked) if console.door else None
