"""Apply a fault to an answer."""

import json
from collections.abc import Callable, Iterator, Mapping

from flask import Response, request

from portalkey_simulator.faults.fault_kinds import Fault, Kind, Place
from portalkey_simulator.world.error_bodies import CALLS, TOKEN_REQUESTS, error_body
from portalkey_simulator.world.refusals import Refused
from portalkey_simulator.world.request_log import Pause

CUT = "simulator.cut"
HANG_UP = "simulator.hang_up"
"""Key of the request's environment under which stands what cuts the connection at once, and what
ends it after the answer."""

Work = Callable[[], Response]
_AT_TOKENS: tuple[Place, ...] = ("token", "introspect", "revoke")
"""Places with the limit of the token endpoints."""


def apply_fault(fault: Fault, work: Work, pause: Pause, place: Place) -> Response:
    """Return the answer that *fault* makes of *work*'s at this *place*."""
    if fault.kind == "rate_limited":
        return _limit_rate(fault, place)
    if fault.kind in _INSTEAD:
        return _INSTEAD[fault.kind](fault, pause)
    return _AFTER[fault.kind](fault, work(), pause)


def is_cut(response: Response) -> bool:
    """True where no answer is sent at all."""
    return isinstance(response, _NoAnswer)


class _NoAnswer(Response):
    """Stands for no answer."""


def _answer(fault: Fault, pause: Pause) -> Response:
    pause.wait(fault.seconds)
    return Response(fault.body, fault.status, fault.headers)


def _refuse(fault: Fault, _: Pause) -> Response:
    raise Refused(fault.refusal)


def _limit_rate(fault: Fault, place: Place) -> Response:
    response = _json_response(429, (TOKEN_REQUESTS if place in _AT_TOKENS else CALLS).body())
    if fault.seconds:
        response.headers["Retry-After"] = f"{fault.seconds:.0f}"
    return response


def _migrate(fault: Fault, _: Pause) -> Response:
    response = _error_response(
        477, "The account is being moved to another region.", "MIGRATION_IN_PROGRESS"
    )
    response.headers["Retry-After"] = f"{fault.seconds or 3600:.0f}"
    return response


def _drop_before(_: Fault, __: Pause) -> Response:
    return _drop()


def _delay(fault: Fault, response: Response, pause: Pause) -> Response:
    pause.wait(fault.seconds)
    return response


def _truncate(_: Fault, response: Response, __: Pause) -> Response:
    request.environ[HANG_UP]()
    return _stream(response, iter([_first_half(response)]))


def _drip(fault: Fault, response: Response, pause: Pause) -> Response:
    body = response.get_data()

    def drip() -> Iterator[bytes]:
        for byte in body:
            yield bytes([byte])
            pause.wait(fault.seconds)

    return _stream(response, drip())


def _drop_during(_: Fault, response: Response, __: Pause) -> Response:
    half, cut = _first_half(response), request.environ[CUT]

    def stop_halfway() -> Iterator[bytes]:
        yield half
        cut()

    return _stream(response, stop_halfway())


def _drop_after(_: Fault, __: Response, ___: Pause) -> Response:
    return _drop()


def _drop() -> Response:
    cut = request.environ[CUT]

    # Only once it is sent, so that whoever is cut off finds the request noted.
    def stop_at_once() -> Iterator[bytes]:
        cut()
        yield b""

    return _NoAnswer(stop_at_once())


def _first_half(response: Response) -> bytes:
    body = response.get_data()
    return body[: len(body) // 2]


def _stream(response: Response, body: Iterator[bytes]) -> Response:
    # The length stays as it was promised.
    headers = {name: value for name, value in response.headers if name != "Content-Length"}
    length = str(len(response.get_data()))
    return Response(body, response.status, {**headers, "Content-Length": length})


def _html_response(status: int, title: str) -> Response:
    page = f"<!doctype html><html><head><title>{title}</title></head><body><h1>{title}</h1></body>"
    return Response(f"{page}</html>\n", status, mimetype="text/html")


def _json_response(status: int, body: Mapping[str, object]) -> Response:
    return Response(json.dumps(body), status, mimetype="application/json")


def _error_response(status: int, message: str, category: str) -> Response:
    return _json_response(status, error_body(message, category=category))


_INSTEAD: Mapping[Kind, Callable[[Fault, Pause], Response]] = {
    "answer": _answer,
    "refusal": _refuse,
    "html_403": lambda _, __: _html_response(403, "Attention Required! | Cloudflare"),
    "locked": lambda _, __: _error_response(
        423, "The resource is locked; try again in 2 s.", "LOCKED"
    ),
    "migrating": _migrate,
    "unavailable": lambda _, __: _error_response(503, "Service unavailable", "SERVICE_UNAVAILABLE"),
    "bad_gateway": lambda _, __: _html_response(502, "502 Bad Gateway"),
    "drop_before": _drop_before,
}
_AFTER: Mapping[Kind, Callable[[Fault, Response, Pause], Response]] = {
    "late": _delay,
    "gateway_timeout": lambda _, __, ___: _html_response(504, "504 Gateway Time-out"),
    "empty": lambda _, __, ___: Response(status=200),
    "not_json": lambda _, __, ___: _html_response(200, "Please wait"),
    "truncated": _truncate,
    "dripping": _drip,
    "drop_during": _drop_during,
    "drop_after": _drop_after,
}
