"""The blueprint ``hubspot_auth``: Flask's requests in, the web face's responses out.

A skin translates and nothing more; every decision is the web face's.
"""

import secrets
from collections.abc import Callable
from pathlib import Path

from flask import Blueprint, Response, current_app, request, session
from flask.typing import ResponseReturnValue

import portalkey.web
from portalkey.flask.header_middleware import SAID
from portalkey.web.http import WebRequest, WebResponse
from portalkey.web.router import ROUTES, Route, Router

BROWSER = "portalkey_browser"
"""The name in the host's session under which a browser's random value stands."""
MOST_FORM_BYTES = 16 * 1024

Owner = Callable[[], str | None]
FindFace = Callable[[], tuple[Router, Owner]]


def make_blueprint(find_face: FindFace, *, setup_page: bool) -> Blueprint:
    """The blueprint; *find_face* gives the current app's web face and owner function.

    Args:
        find_face: Asked at each request, as one extension may serve several apps.
        setup_page: False leaves out ``/connections/setup``.
    """
    blueprint = Blueprint(
        "hubspot_auth",
        __name__,
        static_folder=str(Path(portalkey.web.__file__).parent / "static"),
        static_url_path="/auth/hubspot/static",
    )
    for route in ROUTES:
        if setup_page or route.name != "setup":
            path = route.path.replace("{", "<").replace("}", ">")
            view = _view(route, find_face)
            blueprint.add_url_rule(
                path,
                route.name,
                view,
                methods=[route.method],
                provide_automatic_options=False,
            )
    return blueprint


def _view(route: Route, find_face: FindFace) -> Callable[..., ResponseReturnValue]:
    def view(**arguments: str) -> ResponseReturnValue:
        face, owner = find_face()
        answer = face.answer(route.name, lambda: from_flask(owner(), arguments))
        request.environ[SAID] = answer.headers
        return to_flask(answer)

    return view


def browser(owner: str | None) -> str | None:
    """The random value of this browser's session, made for whoever is signed in."""
    if owner is not None and BROWSER not in session:
        session[BROWSER] = secrets.token_urlsafe(32)
    return session.get(BROWSER)


def from_flask(owner: str | None, arguments: dict[str, str]) -> WebRequest:
    """Flask's current request as a value."""
    request.max_content_length = MOST_FORM_BYTES
    return WebRequest(
        method=request.method,
        query=tuple(request.args.items(multi=True)),
        form=tuple(request.form.items(multi=True)),
        cookies=request.cookies,
        headers={name.lower(): value for name, value in request.headers.items()},
        owner=owner,
        browser=browser(owner),
        arguments=arguments,
        is_session_withheld=_is_session_withheld(),
    )


def _is_session_withheld() -> bool:
    config = current_app.config
    is_strict = str(config["SESSION_COOKIE_SAMESITE"]).lower() == "strict"
    return is_strict and config["SESSION_COOKIE_NAME"] not in request.cookies


def to_flask(answer: WebResponse) -> Response:
    """A response value as Flask's response."""
    response = Response(answer.body, status=answer.status, headers=dict(answer.headers))
    for cookie in answer.cookies:
        response.set_cookie(
            cookie.name,
            cookie.value,
            max_age=cookie.max_age,
            path=cookie.path,
            secure=cookie.secure,
            httponly=True,
            samesite="Lax",
        )
    return response
