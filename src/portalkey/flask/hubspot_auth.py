"""The blueprint ``hubspot_auth``: Flask's requests in, the router's responses out.

A skin translates and nothing more; every decision is made in ``web/``.
"""

from collections.abc import Callable, Iterable

from flask import Blueprint, Response, current_app, request, session
from flask.typing import ResponseReturnValue

from portalkey.web.header_middleware import HEADERS_KEY
from portalkey.web.http import (
    MOST_FORM_BYTES,
    WebRequest,
    WebResponse,
    identify_browser,
    is_session_withheld,
)
from portalkey.web.rendering import STATIC_FOLDER, STATIC_PATH
from portalkey.web.router import Route, Router

EXTENSION = "portalkey"
"""The key in ``app.extensions`` of the app's router and owner function."""

Owner = Callable[[], str | None]


def make_blueprint(routes: Iterable[Route]) -> Blueprint:
    """Make the blueprint of *routes*; one extension may serve several apps."""
    blueprint = Blueprint(
        "hubspot_auth", __name__, static_folder=STATIC_FOLDER, static_url_path=STATIC_PATH
    )
    for route in routes:
        blueprint.add_url_rule(
            route.path.replace("{", "<").replace("}", ">"),
            route.name,
            _view(route.name),
            methods=[route.method],
            provide_automatic_options=False,
        )
    return blueprint


def _view(name: str) -> Callable[..., ResponseReturnValue]:
    def view(**arguments: str) -> ResponseReturnValue:
        router, find_owner = _extension()
        response = router.answer(name, lambda: _read_request(find_owner(), arguments))
        request.environ[HEADERS_KEY] = response.headers
        return _write_response(response)

    return view


def _extension() -> tuple[Router, Owner]:
    router, find_owner = current_app.extensions[EXTENSION]
    return router, find_owner


def _read_request(owner: object, arguments: dict[str, str]) -> WebRequest:
    request.max_content_length = MOST_FORM_BYTES
    form = tuple(request.form.items(multi=True))
    owner, browser = identify_browser(owner, session)
    return WebRequest(
        method=request.method,
        query=tuple(request.args.items(multi=True)),
        form=form,
        cookies=request.cookies,
        headers={name.lower(): value for name, value in request.headers.items()},
        owner=owner,
        browser=browser,
        arguments=arguments,
        is_session_withheld=is_session_withheld(
            request.cookies,
            cookie=current_app.config["SESSION_COOKIE_NAME"],
            samesite=current_app.config["SESSION_COOKIE_SAMESITE"],
        ),
        is_debug=current_app.debug,
        peer=request.remote_addr,
    )


def _write_response(response: WebResponse) -> Response:
    written = Response(response.body, status=response.status, headers=dict(response.headers))
    for cookie in response.cookies:
        written.set_cookie(cookie.name, cookie.value, **cookie.attributes)
    return written


def hubspot_connect_url(next: str | None = None, hub_id: int | None = None) -> str:  # noqa: A002
    """Return the link into the journey for whoever is signed in, for templates and views.

    Args:
        next: The own path to lead back to where no popup is used; the setup page by default.
            Never pass on a visitor's query parameter.
        hub_id: The account that has to come back, to reconnect just that one.

    Raises:
        ValueError: *next* is not a path on this site.
    """
    router, find_owner = _extension()
    return router.connect_url(*identify_browser(find_owner(), session), next, hub_id)


def exempt_from_flask_wtf() -> None:
    """Let a host's CSRF extension leave our POSTs to us, which carry a token of their own.

    The host may set it up before or after us, so this runs before each request.
    """
    protection = current_app.extensions.get("csrf")
    if protection is not None:
        protection.exempt(current_app.blueprints["hubspot_auth"])
