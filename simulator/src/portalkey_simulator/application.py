"""The simulator as a WSGI application: endpoints, headers, and the hosts that may call."""

import logging
import uuid
from collections.abc import Callable, Container, Iterable
from datetime import UTC, datetime
from typing import Any

from flask import Flask, Response, g, request
from werkzeug.exceptions import HTTPException
from werkzeug.routing import Rule

from portalkey_simulator.api.error_responses import (
    CORRELATION,
    ApiRefused,
    refusal_response,
    unrouted_response,
)
from portalkey_simulator.api.oauth_v1 import strip_token
from portalkey_simulator.endpoints import View, is_page, list_routes
from portalkey_simulator.faults.fault_kinds import Place
from portalkey_simulator.faults.play import apply_fault, is_cut
from portalkey_simulator.faults.rules import Faults
from portalkey_simulator.forms import read_pairs
from portalkey_simulator.pages.rendering import add_headers, add_opener_policy, render_page
from portalkey_simulator.pages.sentences import Stopped
from portalkey_simulator.world import World
from portalkey_simulator.world.refusals import Refused
from portalkey_simulator.world.request_log import LoggedRequest

_MOST_BYTES = 256 * 1024
_log = logging.getLogger(__name__)


class _MatchingRule(Rule):
    """A rule that is matched, and never built: compiling a builder takes longer than all else."""

    def _compile_builder(self, append_unknown: bool = True) -> Callable[..., tuple[str, str]]:  # noqa: FBT001, FBT002 - the library's own
        del append_unknown
        return _no_builder


def _no_builder(*_: object, **__: object) -> tuple[str, str]:
    raise NotImplementedError("the simulator writes its paths out; there is no url_for here")


class _Application(Flask):
    url_rule_class = _MatchingRule


def create_application(world: World, faults: Faults) -> Flask:
    """Create the application over *world*, where *faults* happen."""
    app = _Application(__name__)
    app.config.update(MAX_CONTENT_LENGTH=_MOST_BYTES, PROVIDE_AUTOMATIC_OPTIONS=False)
    for route in list_routes(world):
        view = _add_faults(route.view, route.place, world, faults) if route.place else route.view
        app.add_url_rule(route.path, f"{route.method} {route.path}", view, methods=[route.method])
    _add_handlers(app, world)
    return app


def _add_faults(view: View, place: Place, world: World, faults: Faults) -> View:
    """Return *view* with the faults of this *place*."""

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
        return work() if fault is None else apply_fault(fault, work, world.pause, place)

    return answer


def _add_handlers(app: Flask, world: World) -> None:
    app.before_request(_read_body)
    app.after_request(add_headers)
    app.after_request(lambda response: _log_request(world, response))
    app.after_request(lambda response: _tell_time(world, response))
    app.register_error_handler(Refused, lambda no: refusal_response(no, world.switches))
    app.register_error_handler(Stopped, lambda stopped: _render_stopped(world, stopped))
    app.register_error_handler(HTTPException, _render_http_error)


def _render_stopped(world: World, stopped: Stopped) -> Response:
    # 200, as HubSpot's page answers whatever it says: an authorize URL cannot be probed.
    response = render_page("stopped.html", sentence=stopped.sentence, advice=stopped.advice)
    if stopped.advice:  # in the terminal, too: the popup is gone soon
        _log.warning("%s. %s", stopped.sentence, stopped.advice)
    return add_opener_policy(response, world.switches.refusal_opener_policy, world.switches)


def _render_http_error(error: HTTPException) -> Response:
    status = error.code or 500
    if not is_page(request.path):
        response = unrouted_response(status, error.name)
    else:
        response = render_page("nothing.html", status=status, name=error.name)
    response.headers.extend(
        (name, value) for name, value in error.get_headers() if name in ("Allow", "Retry-After")
    )
    return response


def _read_body() -> None:
    # Whatever cannot be read ends here, as 400 or 413, and is still noted.
    g.form = {}
    g.form = dict(read_pairs(request.get_data()))


def _log_request(world: World, response: Response) -> Response:
    if not is_page(request.path):
        headers = {name.lower(): value for name, value in request.headers}
        status = 0 if is_cut(response) else response.status_code
        now, path = world.clock.now(), strip_token(request.path)
        world.record.add(LoggedRequest(request.method, path, g.form, headers, status, now))
        response.headers.setdefault(CORRELATION, str(uuid.uuid4()))
    return response


def _tell_time(world: World, response: Response) -> Response:
    """Say in every answer what time it is here (RFC 9110 section 6.6.1)."""
    response.date = datetime.fromtimestamp(world.clock.now(), UTC)
    return response


def restrict_hosts(
    application: Callable[..., Iterable[bytes]], hosts: Container[str]
) -> Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]:
    """Let only requests for these *hosts* reach *application*.

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
