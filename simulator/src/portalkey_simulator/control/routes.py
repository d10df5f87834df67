"""Routes of the control room: ``/control/`` for programs, and ``/`` for people."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from flask import Flask, Response, jsonify, request

from portalkey_simulator.control.dependencies import Arguments, Dependencies
from portalkey_simulator.control.openapi_document import build_document
from portalkey_simulator.control.operations import OPERATIONS, Operation
from portalkey_simulator.control.page import show_page
from portalkey_simulator.control.parsing import BadField, Missing, Stayed, read_json
from portalkey_simulator.control.response_models import Problem, Refusal

_PREFIX = "/control/"
_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
_STATUSES: Mapping[type[BadField], int] = {BadField: 400, Missing: 404, Stayed: 409}
_ELSEWHERE = ("cross-site", "same-site")


def add_control(application: Flask, simulator: Dependencies) -> None:
    """Add the control API and its page to *application*; no fault and no record touches them."""

    def control(path: str) -> Response:
        return _answer(simulator, path)

    application.add_url_rule(f"{_PREFIX}<path:path>", "control", control, methods=_METHODS)
    application.add_url_rule("/", "room", show_page, methods=["GET"])
    application.after_request(_convert_html_error)


def _answer(simulator: Dependencies, path: str) -> Response:
    if (foreign_header := _find_foreign_header()) is not None:
        own = ("the simulator's own pages", "programs, which send none")
        return _refuse(403, BadField(foreign_header, "is of another origin", own))
    actions = _find_actions(path)
    if not actions:
        paths = tuple(dict.fromkeys(one.path for one in OPERATIONS))
        return _refuse(404, BadField("path", "is unknown", paths))
    method = "GET" if request.method == "HEAD" else request.method
    if method not in actions:
        refusal = _refuse(405, BadField("method", "is not for this path", tuple(actions)))
        refusal.headers["Allow"] = ", ".join(actions)
        return refusal
    return actions[method](simulator)


def _find_actions(path: str) -> dict[str, Callable[[Dependencies], Response]]:
    """Return the actions at *path* by their methods."""
    if path == "openapi.json":
        return {"GET": lambda _: jsonify(build_document())}
    matches = ((each, each.match_path(path)) for each in OPERATIONS)
    return {
        each.method: partial(_run, each, numbers)
        for each, numbers in matches
        if numbers is not None
    }


def _run(operation: Operation, numbers: dict[str, int], simulator: Dependencies) -> Response:
    # A form cannot send this, so no page of another origin can without asking first.
    if operation.body is not None and request.mimetype != "application/json":
        return _refuse(415, BadField("Content-Type", "does not do", ("application/json",)))
    try:
        body = None
        if operation.body is not None:
            body = operation.body.read(read_json(request.get_data() or b"{}"), "")
        result = operation.act(simulator, Arguments(body, numbers))
    except BadField as bad:
        return _refuse(_STATUSES[type(bad)], bad)
    if operation.answer is None:
        return Response(status=operation.status)
    return _respond(result, operation.status)


def _find_foreign_header() -> str | None:
    """Return the header that names a page other than the simulator's own, if one does."""
    own = f"http://{request.host.lower()}"
    if request.headers.get("Sec-Fetch-Site") in _ELSEWHERE:
        return "Sec-Fetch-Site"
    if request.headers.get("Origin", own) != own:
        return "Origin"
    return None if _parse_origin(request.headers.get("Referer", own)) == own else "Referer"


def _parse_origin(url: str) -> str:
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    return f"{parts.scheme}://{parts.netloc}"


def _refuse(status: int, bad: BadField) -> Response:
    return _respond(Refusal(Problem(bad.field, bad.message, bad.allowed)), status)


def _respond(result: Any, status: int) -> Response:  # noqa: ANN401 - dataclasses, lists of them, dicts
    answer = jsonify(result)
    answer.status_code = status
    answer.headers["Cross-Origin-Resource-Policy"] = "same-origin"
    return answer


def _convert_html_error(response: Response) -> Response:
    """Answer in JSON where Flask refused before this API did, as it does with a large body."""
    if not request.path.startswith(_PREFIX) or response.mimetype != "text/html":
        return response
    refusal = Refusal(Problem("body", f"body was not read: {response.status}", ()))
    response.set_data(jsonify(refusal).get_data())
    response.mimetype = "application/json"
    return response
