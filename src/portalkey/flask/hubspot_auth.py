"""The blueprint ``hubspot_auth``: Flask's requests in, the router's responses out.

A skin translates and nothing more; every decision is made in ``web/``.
"""

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

from flask import Blueprint, Response, abort, current_app, request, session
from flask.typing import ResponseReturnValue
from markupsafe import Markup

from portalkey.errors import OwnerUnusable, SessionFull
from portalkey.flask.session_cookie import (
    MOST_COOKIE_BYTES,
    is_session_foreign,
    measure_cookie,
)
from portalkey.flask.visitor import EXTENSION
from portalkey.model.authorization import Visitor
from portalkey.settings.surroundings import Arrival
from portalkey.web.header_middleware import HEADERS_KEY
from portalkey.web.host_session import (
    BROWSER_KEY,
    forget_another,
    identify_visitor,
    is_session_withheld,
    require_id,
)
from portalkey.web.http import MOST_FORM_BYTES, WebRequest, WebResponse
from portalkey.web.router import Router
from portalkey.web.routes import Route
from portalkey.web.static_files import STATIC_PATH, answer_static, static_version

Owner = Callable[[], str | None]
_TROUBLE = "portalkey.session_trouble"


class Visitors:
    """The app's functions that say who is signed in, asked in the request at hand."""

    def __init__(self, find_owner: Owner, find_person: Owner | None) -> None:
        self._find_owner = find_owner
        self._find_person = find_person

    def identify(self) -> Visitor:
        """Return who is signed in; the session forgets whoever else was before.

        Where its cookie has no room for the visitor's value, it is left as the host filled it.
        """
        owner, person = self._find()
        is_new = BROWSER_KEY not in session
        visitor = identify_visitor(owner, session, person)
        size = measure_cookie({}) if is_new and visitor.browser is not None else 0
        if size <= MOST_COOKIE_BYTES:
            return visitor
        del session[BROWSER_KEY]
        request.environ[_TROUBLE] = SessionFull(size, MOST_COOKIE_BYTES)
        return replace(visitor, browser=None)

    def forget_another(self) -> None:
        """Let the session forget whoever was signed in before, if somebody else is by now."""
        owner, person = self._find()
        if owner is not None:
            owner, person = require_id("owner", owner), require_id("person", person)
            forget_another(owner, session, person)

    def _find(self) -> tuple[str | None, str | None]:
        owner = self._find_owner()
        return owner, self._find_person() if self._find_person and owner is not None else None


def make_blueprint(routes: Iterable[Route]) -> Blueprint:
    """Make the blueprint of *routes*; one extension may serve several apps."""
    blueprint = Blueprint("hubspot_auth", __name__)
    for path in (f"{STATIC_PATH}/<path:filename>", f"{STATIC_PATH}/v-<version>/<path:filename>"):
        blueprint.add_url_rule(path, "static", _serve_static)
    blueprint.url_defaults(_add_version)
    for route in routes:
        blueprint.add_url_rule(
            route.path.replace("{", "<").replace("}", ">"),
            route.name,
            _view(route.name),
            methods=[route.method],
            provide_automatic_options=False,
        )
    return blueprint


def _add_version(endpoint: str, values: dict[str, Any]) -> None:
    """Put the version into the address of a script, wherever the host's templates name one."""
    if endpoint == "hubspot_auth.static":
        values.setdefault("version", static_version())


def _serve_static(filename: str, version: str | None = None) -> Response:
    accepted, known = map(request.headers.get, ("Accept-Encoding", "If-None-Match"))
    response = answer_static(filename, version, accepted, known)
    if response is None:
        abort(404)
    request.environ[HEADERS_KEY] = response.headers
    return write_response(response)


def _view(name: str) -> Callable[..., ResponseReturnValue]:
    def view(**arguments: str) -> ResponseReturnValue:
        router, visitors = _extension()
        response = router.answer(name, lambda: _read_visit(visitors, arguments))
        request.environ[HEADERS_KEY] = response.headers
        return write_response(response)

    return view


def _extension() -> tuple[Router, Visitors]:
    router, visitors = current_app.extensions[EXTENSION]
    return router, visitors


def read_request() -> WebRequest:
    """Return the request under way as any of our pages reads it; its form is bounded."""
    request.max_content_length = MOST_FORM_BYTES
    return WebRequest(
        method=request.method,
        query=tuple(request.args.items(multi=True)),
        form=tuple(request.form.items(multi=True)),
        cookies=request.cookies,
        headers={name.lower(): value for name, value in request.headers.items()},
        peer=request.remote_addr,
    )


def _read_visit(visitors: Visitors, arguments: dict[str, str]) -> WebRequest:
    """Return the request under way, and what is known of who sent it."""
    is_new = BROWSER_KEY not in session
    visitor = _identify(visitors)
    return replace(
        read_request(),
        visitor=visitor,
        arguments=arguments,
        is_session_withheld=is_session_withheld(
            request.cookies,
            cookie=current_app.config["SESSION_COOKIE_NAME"],
            samesite=current_app.config["SESSION_COOKIE_SAMESITE"],
        ),
        is_debug=current_app.debug,
        arrival=Arrival(
            root=request.root_path,
            session_name=current_app.config["SESSION_COOKIE_NAME"],
            session_path=current_app.session_interface.get_cookie_path(current_app),
            is_session_foreign=is_new and is_session_foreign(),
            trouble=request.environ.get(_TROUBLE),
        ),
    )


def _identify(visitors: Visitors) -> Visitor:
    try:
        return visitors.identify()
    except OwnerUnusable as trouble:
        request.environ[_TROUBLE] = trouble
        return Visitor(None, None)


def write_response(response: WebResponse) -> Response:
    """Return *response* as Flask has it."""
    written = Response(response.body, status=response.status, headers=dict(response.headers))
    for cookie in response.cookies:
        written.set_cookie(cookie.name, cookie.value, **cookie.attributes)
    return written


def hubspot_connect_url(
    next: str | None = None,  # noqa: A002
    hub_id: int | None = None,
    *,
    another: bool = False,
) -> str:
    """Return the link into the journey for whoever is signed in, for templates and views.

    Args:
        next: The own path to lead back to where no popup is used; the setup page by default.
            Never pass on a visitor's query parameter.
        hub_id: The account that has to come back, to reconnect just that one.
        another: The link says "Connect another account": nothing is asked of one that is new.

    Raises:
        ValueError: *next* is not a path on this site.
    """
    router, visitors = _extension()
    visitor = visitors.identify()
    return router.connect_url(visitor.owner, visitor.browser, next, hub_id, another=another)


def hubspot_connect_state() -> Markup:
    """Return ``data-state`` and ``data-account`` for the element, for templates: what is connected.

    Nothing where nothing is, or nobody is signed in.
    """
    router, visitors = _extension()
    return router.connect_state(visitors.identify().owner)


def exempt_from_flask_wtf(blueprint: str) -> Callable[[], None]:
    """Return what lets a host's CSRF extension leave our POSTs to us, with a token of their own.

    The host may set it up before or after us, so that runs before each request.
    """

    def exempt() -> None:
        protection = current_app.extensions.get("csrf")
        if protection is not None:
            protection.exempt(current_app.blueprints[blueprint])

    return exempt
