"""The simulator as a WSGI application: routes, headers, and who may call."""

import uuid
from collections.abc import Callable, Container, Iterable
from typing import Any

from flask import Flask, Response, g, request
from werkzeug.exceptions import HTTPException
from werkzeug.routing import Rule

from portalkey_simulator.api.error_responses import (
    CORRELATION,
    ApiRefused,
    refusal_response,
    unanswered,
)
from portalkey_simulator.api.oauth_v1 import without_token
from portalkey_simulator.endpoints import API, View, routes
from portalkey_simulator.faults.fault_kinds import Place
from portalkey_simulator.faults.play import play, was_cut
from portalkey_simulator.faults.rules import Faults
from portalkey_simulator.forms import read_pairs
from portalkey_simulator.pages.rendering import page, under_policy, with_headers
from portalkey_simulator.pages.sentences import Stopped
from portalkey_simulator.world import World
from portalkey_simulator.world.refusals import Refused
from portalkey_simulator.world.request_log import Asked

_MOST_BYTES = 256 * 1024


class _Rule(Rule):
    """A path that is matched, and never built: compiling a builder takes longer than all else."""

    def _compile_builder(self, append_unknown: bool = True) -> Callable[..., tuple[str, str]]:  # noqa: FBT001, FBT002 - the library's own
        del append_unknown
        return _no_builder


def _no_builder(*_: object, **__: object) -> tuple[str, str]:
    raise NotImplementedError("the simulator writes its paths out; there is no url_for here")


class _Matching(Flask):
    url_rule_class = _Rule


def create_application(world: World, faults: Faults) -> Flask:
    """The application over this *world*, where these *faults* happen."""
    app = _Matching(__name__)
    app.config.update(MAX_CONTENT_LENGTH=_MOST_BYTES, PROVIDE_AUTOMATIC_OPTIONS=False)
    for route in routes(world):
        view = _faulty(route.view, route.place, world, faults) if route.place else route.view
        app.add_url_rule(route.path, f"{route.method} {route.path}", view, methods=[route.method])
    _add_manners(app, world)
    return app


def _faulty(view: View, place: Place, world: World, faults: Faults) -> View:
    """The *view*, where what goes wrong at this *place* does."""

    def answer(**values: str) -> Response:
        def work() -> Response:
            try:
                return view(**values)
            except Refused as refused:
                return refusal_response(refused, world.switches)
            except ApiRefused as refused:
                return refused.response

        world.pause.wait(world.switches.latency)
        fault = faults.take(place)
        return work() if fault is None else play(fault, work, world.pause, place)

    return answer


def _add_manners(app: Flask, world: World) -> None:
    app.before_request(_read_body)
    app.after_request(with_headers)
    app.after_request(lambda response: _note(world, response))
    app.register_error_handler(Refused, lambda no: refusal_response(no, world.switches))
    app.register_error_handler(Stopped, lambda stopped: _stopped(world, stopped))
    app.register_error_handler(HTTPException, _no_such_page)


def _stopped(world: World, stopped: Stopped) -> Response:
    # 200, as HubSpot's page answers whatever it says: an authorize URL cannot be probed.
    response = page("stopped.html", sentence=stopped.sentence)
    return under_policy(response, world.switches.refusal_opener_policy, world.switches)


def _no_such_page(error: HTTPException) -> Response:
    status = error.code or 500
    if _is_for_programs(request.path):
        response = unanswered(status, error.name)
    else:
        response = page("nothing.html", status=status, name=error.name)
    response.headers.extend(
        (name, value) for name, value in error.get_headers() if name in ("Allow", "Retry-After")
    )
    return response


def _is_for_programs(path: str) -> bool:
    return path.startswith(API) and not path.endswith("/authorize")


def _read_body() -> None:
    # Whatever cannot be read ends here, as 400 or 413, and is still noted.
    g.form = {}
    g.form = dict(read_pairs(request.get_data()))


def _note(world: World, response: Response) -> Response:
    if _is_for_programs(request.path):
        headers = {name.lower(): value for name, value in request.headers}
        status = 0 if was_cut(response) else response.status_code
        now, path = world.clock.now(), without_token(request.path)
        world.record.add(Asked(request.method, path, g.form, headers, status, now))
        response.headers.setdefault(CORRELATION, str(uuid.uuid4()))
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
