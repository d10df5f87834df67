"""The simulator as a WSGI application: routes, headers, and who may call."""

from collections.abc import Callable, Container, Iterable
from typing import Any

from flask import Flask, Response, g, request
from werkzeug.exceptions import HTTPException

from portalkey.simulator.api.account_info import AccountInfo
from portalkey.simulator.api.tokens import TokenEndpoints, refusal_response
from portalkey.simulator.forms import read_pairs
from portalkey.simulator.pages.authorize import AuthorizePages
from portalkey.simulator.pages.consent import Stopped
from portalkey.simulator.pages.rendering import page, under_policy, with_headers
from portalkey.simulator.pages.sign_in import SignInPages
from portalkey.simulator.world import VERSIONS, World
from portalkey.simulator.world.journal import Asked
from portalkey.simulator.world.refusals import Refused

_MOST_BYTES = 256 * 1024
_API = ("/oauth/", "/account-info/")


def create_application(world: World) -> Flask:
    """The application over this *world*."""
    app = Flask(__name__)
    app.config.update(MAX_CONTENT_LENGTH=_MOST_BYTES, PROVIDE_AUTOMATIC_OPTIONS=False)
    authorize, tokens, accounts = AuthorizePages(world), TokenEndpoints(world), AccountInfo(world)
    provider = SignInPages(world)
    version = f"<any({','.join(map(repr, VERSIONS))}):version>"
    for method, path, view in (
        ("GET", "/isalive", _is_alive),
        ("GET", "/oauth/authorize", authorize.show),
        ("POST", "/oauth/authorize", authorize.decide),
        ("GET", "/oauth/<hub_id>/authorize", authorize.show),
        ("POST", "/oauth/<hub_id>/authorize", authorize.decide),
        ("GET", "/sign-in/oauth/authorize", provider.show),
        ("POST", "/sign-in/oauth/authorize", provider.sign_in),
        ("GET", "/sign-in/oauth/<hub_id>/authorize", provider.show),
        ("POST", "/sign-in/oauth/<hub_id>/authorize", provider.sign_in),
        ("POST", f"/oauth/{version}/token", tokens.token),
        ("POST", f"/oauth/{version}/token/introspect", tokens.introspect),
        ("POST", f"/oauth/{version}/token/revoke", tokens.revoke),
        ("GET", f"/account-info/{version}/details", accounts.details),
    ):
        app.add_url_rule(path, f"{method} {path}", view, methods=[method])
    _add_manners(app, world)
    return app


def _add_manners(app: Flask, world: World) -> None:
    app.before_request(_read_body)
    app.after_request(with_headers)
    app.after_request(lambda response: _note(world, response))
    app.register_error_handler(Refused, refusal_response)
    app.register_error_handler(Stopped, lambda stopped: _stopped(world, stopped))
    app.register_error_handler(HTTPException, _no_such_page)


def _is_alive() -> Response:
    return Response("alive\n", mimetype="text/plain")


def _stopped(world: World, stopped: Stopped) -> Response:
    # 200, as HubSpot's page answers whatever it says: an authorize URL cannot be probed.
    response = page("stopped.html", sentence=stopped.sentence)
    return under_policy(response, world.switches.refusal_opener_policy, world.switches)


def _no_such_page(error: HTTPException) -> Response:
    response = page("nothing.html", status=error.code or 500, name=error.name)
    response.headers.extend(
        (name, value) for name, value in error.get_headers() if name in ("Allow", "Retry-After")
    )
    return response


def _read_body() -> None:
    # Whatever cannot be read ends here, as 400 or 413, and is still noted.
    g.form = {}
    g.form = dict(read_pairs(request.get_data()))


def _note(world: World, response: Response) -> Response:
    if request.path.startswith(_API) and not request.path.endswith("/authorize"):
        headers = {name.lower(): value for name, value in request.headers}
        world.journal.add(
            Asked(request.method, request.path, g.form, headers, response.status_code)
        )
    return response


def guarded(
    application: Callable[..., Iterable[bytes]], hosts: Container[str]
) -> Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]:
    """The *application* for these *hosts* only.

    A page from elsewhere may point a name of its own at this machine (DNS rebinding) and would
    otherwise read every answer.
    """

    def answer(environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        if str(environ.get("HTTP_HOST", "")).lower() in hosts:
            return application(environ, start)
        body = b"This is a local simulator; ask for it at its own address.\n"
        headers = [("Content-Type", "text/plain"), ("Content-Length", str(len(body)))]
        start("421 Misdirected Request", headers)
        return [body]

    return answer
