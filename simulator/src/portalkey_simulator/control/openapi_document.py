"""The control API's OpenAPI document, made from the table that the door goes by."""

import re
from functools import cache
from typing import Any

from portalkey_simulator.control.objects import Object
from portalkey_simulator.control.operations import CALLS, Call
from portalkey_simulator.control.response_models import Refusal

_ERROR = {"$ref": "#/components/schemas/Refusal"}
_SAYS = {
    400: "The body cannot be used; `field` says where and `allowed` what can stand there.",
    403: "A page of another origin asked.",
    404: "The path leads to nothing.",
    409: "The consent page refused; `message` is its sentence.",
    413: "The body is too large.",
    415: "The body is not said to be JSON.",
}


@cache
def document() -> dict[str, Any]:
    """All of it, less itself."""
    paths: dict[str, dict[str, Any]] = {}
    for call in CALLS:
        paths.setdefault(f"/control/{call.path}", {})[call.method.lower()] = _operation(call)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Control API of a local HubSpot simulator",
            "version": "1",
            "description": "For tests and demos. JSON only, and no page of another origin may ask.",
        },
        "paths": paths,
        "components": {"schemas": {"Refusal": Object(Refusal).schema()}},
    }


def _operation(call: Call) -> dict[str, Any]:
    names = re.findall(r"{(\w+)}", call.path)
    operation: dict[str, Any] = {
        "operationId": "_".join((call.method.lower(), *re.findall(r"\w+", call.path))),
        "summary": call.says,
        "responses": {str(status): answer for status, answer in _answers(call).items()},
    }
    if names:
        operation["parameters"] = [
            {"name": name, "in": "path", "required": True, "schema": _NUMBER} for name in names
        ]
    if call.body is not None:
        content = {"application/json": {"schema": call.body.schema()}}
        operation["requestBody"] = {"required": True, "content": content}
    return operation


_NUMBER = {"type": "integer", "minimum": 0, "maximum": 10**16 - 1}


def _answers(call: Call) -> dict[int, dict[str, Any]]:
    good: dict[str, Any] = {"description": call.says}
    if call.answer is not None:
        good["content"] = {"application/json": {"schema": call.answer.schema()}}
    refused = [403]
    if call.body is not None:
        refused += [400, 413, 415]
    if call.may_miss:
        refused.append(404)
    if call.may_stay:
        refused.append(409)
    content = {"application/json": {"schema": _ERROR}}
    bad = {each: {"description": _SAYS[each], "content": content} for each in sorted(refused)}
    return {call.status: good, **bad}
