"""The blueprint ``hubspot_auth``: Flask's requests in, the router's responses out.

A skin translates and nothing more; every decision is made in ``web/``.
"""

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

from flask import Blueprint, Response, abort, current_app, request, session
from flask.typing import ResponseReturnValue
from markupsafe import Markup

from portalkey.flask.session_cookie import is_session_foreign, measure_cookie
from portalkey.flask.visitor import APPS, SIGNED_VIEW
from portalkey.settings.surroundings import Arrival
from portalkey.web.app_names import prefix_of, require_known, with_name
from portalkey.web.host import (
    HEADERS_KEY,
    Identified,
    ask_app,
    browser_key,
    forget_another,
    identify,
    is_poll,
    is_session_withheld,
    try_to_identify,
)
from portalkey.web.http import MOST_FORM_BYTES, Pairs, WebRequest, WebResponse
from portalkey.web.router import Router
from portalkey.web.routes import Route
from portalkey.web.static_files import STATIC_PATH, answer_static, static_version

Owner = Callable[[], str | None]
NAME = "hubspot_auth"
"""The blueprint's name; that of a HubSpot app with a name has it behind this."""


class Visitors:
    """The app's functions that say who is signed in, asked in the request at hand."""

    def __init__(self, find_owner: Owner, find_person: Owner | None, name: str = "") -> None:
        self._find_owner = find_owner
        self._find_person = find_person
        self._name, self.prefix = name, prefix_of(name)

    def identify(self, *, is_poll: bool = False) -> Identified:
        """Return who is signed in; the session forgets whoever else was before.

        Raises:
            OwnerUnusable: A function of the app's returned what is no id.
        """
        find_owner, find_person = self._find_owner, self._find_person
        return identify(
            session,
            find_owner,
            find_person,
            measure_cookie,
            name=self._name,
            is_poll=is_poll,
        )

    def forget_another(self) -> None:
        """Let the session forget whoever was signed in before, if somebody else is by now."""
        owner, person = ask_app(self._find_owner, self._find_person)
        if owner is not None:
            forget_another(owner, session, person, name=self._name)

    @property
    def is_new(self) -> bool:
        """True where the session has no value of this browser's yet."""
        return browser_key(self._name) not in session


def make_blueprint(routes: Iterable[Route], name: str = "") -> Blueprint:
    """Make the blueprint of the HubSpot app *name*; one extension may serve several hosts."""
    blueprint = Blueprint(with_name(NAME, name), __name__, url_prefix=prefix_of(name) or None)
    for path in (f"{STATIC_PATH}/<path:filename>", f"{STATIC_PATH}/v-<version>/<path:filename>"):
        blueprint.add_url_rule(path, "static", _serve_static)
    blueprint.url_defaults(_add_version)
    for route in routes:
        blueprint.add_url_rule(
            route.path.replace("{", "<").replace("}", ">"),
            route.name,
            _view(route.name, name),
            methods=[route.method],
            provide_automatic_options=False,
        )
    return blueprint


def _add_version(endpoint: str, values: dict[str, Any]) -> None:
    """Put the version into the address of a script, wherever the host's templates name one."""
    blueprint, _, view = endpoint.partition(".")
    if view == "static" and (blueprint == NAME or blueprint.startswith(f"{NAME}_")):
        values.setdefault("version", static_version())


def _serve_static(filename: str, version: str | None = None) -> Response:
    accepted, known = map(request.headers.get, ("Accept-Encoding", "If-None-Match"))
    response = answer_static(filename, version, accepted, known)
    if response is None:
        abort(404)
    request.environ[HEADERS_KEY] = response.headers
    return write_response(response)


def _view(route: str, name: str) -> Callable[..., ResponseReturnValue]:
    def view(**arguments: str) -> ResponseReturnValue:
        router, visitors = find_app(name)
        response = router.answer(route, lambda: _read_visit(route, visitors, arguments))
        request.environ[HEADERS_KEY] = response.headers
        return write_response(response)

    return view


def find_app(name: str) -> tuple[Router, Visitors]:
    """Return the router and the visitors of the HubSpot app *name*.

    Raises:
        LookupError: The host has none of this name.
    """
    known: dict[str, tuple[Router, Visitors]] = current_app.extensions.get(APPS, {})
    if name not in known:
        require_known(name, known)
    return known[name]


def read_request() -> WebRequest:
    """Return the request under way as any of our pages reads it, without its form."""
    return WebRequest(
        method=request.method,
        query=tuple(request.args.items(multi=True)),
        cookies=request.cookies,
        headers={name.lower(): value for name, value in request.headers.items()},
        peer=request.remote_addr,
    )


def read_form() -> Pairs:
    """Return the form of the request under way, which is bounded; only a POST has one."""
    if request.method != "POST":
        return ()
    request.max_content_length = MOST_FORM_BYTES
    return tuple(request.form.items(multi=True))


def _read_visit(route: str, visitors: Visitors, arguments: dict[str, str]) -> WebRequest:
    """Return the request under way, and what is known of who sent it."""
    is_new = visitors.is_new
    looks = is_poll(route, request.args)
    visitor, trouble = try_to_identify(lambda: visitors.identify(is_poll=looks))
    return replace(
        read_request(),
        form=read_form(),
        visitor=visitor,
        arguments=arguments,
        is_session_withheld=is_session_withheld(
            request.cookies,
            cookie=current_app.config["SESSION_COOKIE_NAME"],
            samesite=current_app.config["SESSION_COOKIE_SAMESITE"],
        ),
        is_debug=current_app.debug,
        arrival=Arrival(
            root=f"{request.root_path}{visitors.prefix}",
            session_name=current_app.config["SESSION_COOKIE_NAME"],
            session_path=current_app.session_interface.get_cookie_path(current_app),
            is_session_foreign=is_new and is_session_foreign(),
            trouble=trouble,
        ),
    )


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
    scopes: Iterable[str] = (),
    name: str = "",
) -> str:
    """Return the link into the journey for whoever is signed in, for templates and views.

    Args:
        next: The own path to lead back to where no popup is used; the setup page by default.
            Never pass on a visitor's query parameter.
        hub_id: The account that has to come back, to reconnect just that one.
        another: The link says "Connect another account": nothing is asked of one that is new.
        scopes: Scopes to ask for beyond the settings', such as ``ScopesMissing.scopes``. They are
            signed with the link, and asked for again whenever this account is reconnected.
        name: The HubSpot app, where there are several.

    Raises:
        LookupError: There is no HubSpot app of this name.
        ValueError: *next* is not a path on this site, or *scopes* are none of HubSpot's.
    """
    router, visitors = find_app(name)
    visitor, _ = visitors.identify()
    return router.connect_url(
        visitor.owner, visitor.browser, next, hub_id, another=another, scopes=scopes
    )


def hubspot_connect_state(name: str = "") -> Markup:
    """Return ``data-state`` and ``data-account`` for the element, for templates: what is connected.

    Nothing where nothing is, or nobody is signed in. *name* is the HubSpot app, where there are
    several.
    """
    router, visitors = find_app(name)
    visitor, _ = visitors.identify()
    return router.connect_state(visitor.owner)


def exempt_from_flask_wtf(blueprint: str) -> Callable[[], None]:
    """Return what lets a host's CSRF extension leave our POSTs to us, and HubSpot's.

    Ours have a token of their own, HubSpot's a signature. The host may set its extension up before
    or after us, so that runs before each request.
    """

    def exempt() -> None:
        protection = current_app.extensions.get("csrf")
        if protection is not None:
            protection.exempt(current_app.blueprints[blueprint])
            view = current_app.view_functions.get(request.endpoint or "")
            if view and hasattr(view, SIGNED_VIEW) and _has_name_of_its_own(view):
                protection.exempt(view)

    return exempt


def _has_name_of_its_own(view: Callable[..., object]) -> bool:
    """Return False where an unsigned view is called like *view*: Flask-WTF knows names alone."""

    def name(each: object) -> tuple[object, object]:
        return getattr(each, "__module__", None), getattr(each, "__name__", None)

    views = current_app.view_functions.values()
    return all(hasattr(each, SIGNED_VIEW) for each in views if name(each) == name(view))
