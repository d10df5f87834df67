"""The way in to the control room, for programs under ``/control/`` and for people at ``/``."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from flask import Flask, Response, jsonify, request

from portalkey_simulator.control.dependencies import Asking, Desk
from portalkey_simulator.control.openapi_document import document
from portalkey_simulator.control.operations import CALLS, Call
from portalkey_simulator.control.page import show_room
from portalkey_simulator.control.parsing import BadField, Missing, Stayed, read_json
from portalkey_simulator.control.response_models import Problem, Refusal

_PREFIX = "/control/"
_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
_STATUSES: Mapping[type[BadField], int] = {BadField: 400, Missing: 404, Stayed: 409}
_ELSEWHERE = ("cross-site", "same-site")


def add_control(application: Flask, desk: Desk) -> None:
    """Let the *application* be set and seen by hand; no fault and no record touches this."""

    def control(path: str) -> Response:
        return _answer(desk, path)

    application.add_url_rule(f"{_PREFIX}<path:path>", "control", control, methods=_METHODS)
    application.add_url_rule("/", "room", show_room, methods=["GET"])
    application.after_request(_in_json)


def _answer(desk: Desk, path: str) -> Response:
    if (elsewhere := _came_from_elsewhere()) is not None:
        own = ("the simulator's own pages", "programs, which send none")
        return _refuse(403, BadField(elsewhere, "is of another origin", own))
    found = _found(path)
    if not found:
        paths = tuple(dict.fromkeys(one.path for one in CALLS))
        return _refuse(404, BadField("path", "is unknown", paths))
    method = "GET" if request.method == "HEAD" else request.method
    if method not in found:
        refused = _refuse(405, BadField("method", "is not for this path", tuple(found)))
        refused.headers["Allow"] = ", ".join(found)
        return refused
    return found[method](desk)


def _found(path: str) -> dict[str, Callable[[Desk], Response]]:
    """What there is at this path, by the method."""
    if path == "openapi.json":
        return {"GET": lambda _: jsonify(document())}
    tried = ((call, call.numbers(path)) for call in CALLS)
    return {
        call.method: partial(_do, call, numbers) for call, numbers in tried if numbers is not None
    }


def _do(call: Call, numbers: dict[str, int], desk: Desk) -> Response:
    # A form cannot send this, so no page of another origin can without asking first.
    if call.body is not None and request.mimetype != "application/json":
        return _refuse(415, BadField("Content-Type", "does not do", ("application/json",)))
    try:
        body = None
        if call.body is not None:
            body = call.body.read(read_json(request.get_data() or b"{}"), "")
        result = call.act(desk, Asking(body, numbers))
    except BadField as bad:
        return _refuse(_STATUSES[type(bad)], bad)
    if call.answer is None:
        return Response(status=call.status)
    return _json(result, call.status)


def _came_from_elsewhere() -> str | None:
    """The header that tells of a page that is not the simulator's own, if one does."""
    own = f"http://{request.host.lower()}"
    if request.headers.get("Sec-Fetch-Site") in _ELSEWHERE:
        return "Sec-Fetch-Site"
    if request.headers.get("Origin", own) != own:
        return "Origin"
    return None if _origin(request.headers.get("Referer", own)) == own else "Referer"


def _origin(url: str) -> str:
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    return f"{parts.scheme}://{parts.netloc}"


def _refuse(status: int, bad: BadField) -> Response:
    return _json(Refusal(Problem(bad.field, bad.message, bad.allowed)), status)


def _json(result: Any, status: int) -> Response:  # noqa: ANN401 - dataclasses, lists of them, dicts
    answer = jsonify(result)
    answer.status_code = status
    answer.headers["Cross-Origin-Resource-Policy"] = "same-origin"
    return answer


def _in_json(response: Response) -> Response:
    """What ended before it came here, as too large a body does, in the form that is used here."""
    if not request.path.startswith(_PREFIX) or response.mimetype != "text/html":
        return response
    told = Refusal(Problem("body", f"body was not read: {response.status}", ()))
    response.set_data(jsonify(told).get_data())
    response.mimetype = "application/json"
    return response
