"""Faults, as they reach whoever asked."""

import json
from collections.abc import Callable, Iterator, Mapping

from flask import Response, request

from portalkey_simulator.faults.fault_kinds import Fault, Kind, Place
from portalkey_simulator.world.error_bodies import CALLS, TOKEN_REQUESTS, error_body
from portalkey_simulator.world.refusals import Refused
from portalkey_simulator.world.request_log import Pause

CUT = "simulator.cut"
HANG_UP = "simulator.hang_up"
"""Where the server keeps, in the request's environment, what cuts the connection at once, and what
ends it after the answer."""

Work = Callable[[], Response]
_AT_TOKENS: tuple[Place, ...] = ("token", "introspect", "revoke")
"""Places with the limit of the token endpoints."""


def play(fault: Fault, work: Work, pause: Pause, place: Place) -> Response:
    """The answer that this *fault* makes of the *work*'s at this *place*."""
    if fault.kind == "rate_limited":
        return _rate_limited(fault, place)
    if fault.kind in _INSTEAD:
        return _INSTEAD[fault.kind](fault, pause)
    return _AFTER[fault.kind](fault, work(), pause)


def was_cut(response: Response) -> bool:
    """Whether no answer is sent at all."""
    return isinstance(response, _Cut)


class _Cut(Response):
    """Stands for no answer."""


def _answer(fault: Fault, pause: Pause) -> Response:
    pause.wait(fault.seconds)
    return Response(fault.body, fault.status, fault.headers)


def _refusal(fault: Fault, _: Pause) -> Response:
    raise Refused(fault.refusal)


def _rate_limited(fault: Fault, place: Place) -> Response:
    response = _json(429, (TOKEN_REQUESTS if place in _AT_TOKENS else CALLS).body)
    if fault.seconds:
        response.headers["Retry-After"] = f"{fault.seconds:.0f}"
    return response


def _migrating(fault: Fault, _: Pause) -> Response:
    response = _error(477, "The account is being moved to another region.", "MIGRATION_IN_PROGRESS")
    response.headers["Retry-After"] = f"{fault.seconds or 3600:.0f}"
    return response


def _cut_before(_: Fault, __: Pause) -> Response:
    return _cut()


def _late(fault: Fault, response: Response, pause: Pause) -> Response:
    pause.wait(fault.seconds)
    return response


def _truncated(_: Fault, response: Response, __: Pause) -> Response:
    request.environ[HANG_UP]()
    return _streamed(response, iter([_half(response)]))


def _dripping(fault: Fault, response: Response, pause: Pause) -> Response:
    body = response.get_data()

    def drip() -> Iterator[bytes]:
        for byte in body:
            yield bytes([byte])
            pause.wait(fault.seconds)

    return _streamed(response, drip())


def _cut_during(_: Fault, response: Response, __: Pause) -> Response:
    half, cut = _half(response), request.environ[CUT]

    def stop_halfway() -> Iterator[bytes]:
        yield half
        cut()

    return _streamed(response, stop_halfway())


def _cut_after(_: Fault, __: Response, ___: Pause) -> Response:
    return _cut()


def _cut() -> Response:
    cut = request.environ[CUT]

    # Only once it is sent, so that whoever is cut off finds the request noted.
    def stop_at_once() -> Iterator[bytes]:
        cut()
        yield b""

    return _Cut(stop_at_once())


def _half(response: Response) -> bytes:
    body = response.get_data()
    return body[: len(body) // 2]


def _streamed(response: Response, body: Iterator[bytes]) -> Response:
    # The length stays as it was promised.
    headers = {name: value for name, value in response.headers if name != "Content-Length"}
    length = str(len(response.get_data()))
    return Response(body, response.status, {**headers, "Content-Length": length})


def _html(status: int, title: str) -> Response:
    page = f"<!doctype html><html><head><title>{title}</title></head><body><h1>{title}</h1></body>"
    return Response(f"{page}</html>\n", status, mimetype="text/html")


def _json(status: int, body: Mapping[str, object]) -> Response:
    return Response(json.dumps(body), status, mimetype="application/json")


def _error(status: int, message: str, category: str) -> Response:
    return _json(status, error_body(message, category=category))


_INSTEAD: Mapping[Kind, Callable[[Fault, Pause], Response]] = {
    "answer": _answer,
    "refusal": _refusal,
    "html_403": lambda _, __: _html(403, "Attention Required! | Cloudflare"),
    "locked": lambda _, __: _error(423, "The resource is locked; try again in 2 s.", "LOCKED"),
    "migrating": _migrating,
    "unavailable": lambda _, __: _error(503, "Service unavailable", "SERVICE_UNAVAILABLE"),
    "bad_gateway": lambda _, __: _html(502, "502 Bad Gateway"),
    "drop_before": _cut_before,
}
_AFTER: Mapping[Kind, Callable[[Fault, Response, Pause], Response]] = {
    "late": _late,
    "gateway_timeout": lambda _, __, ___: _html(504, "504 Gateway Time-out"),
    "empty": lambda _, __, ___: Response(status=200),
    "not_json": lambda _, __, ___: _html(200, "Please wait"),
    "truncated": _truncated,
    "dripping": _dripping,
    "drop_during": _cut_during,
    "drop_after": _cut_after,
}
