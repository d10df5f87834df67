"""The control API's OpenAPI document, made from the table of operations."""

import re
from functools import cache
from typing import Any

from portalkey_simulator.control.objects import Object
from portalkey_simulator.control.operations import OPERATIONS, Operation
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
def build_document() -> dict[str, Any]:
    """Return the document; its own path is not in it."""
    paths: dict[str, dict[str, Any]] = {}
    for each in OPERATIONS:
        methods = paths.setdefault(f"/control/{each.path}", {})
        methods[each.method.lower()] = _describe_operation(each)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Control API of a local HubSpot simulator",
            "version": "1",
            "description": "For tests and demos. JSON only, and no page of another origin may ask.",
        },
        "paths": paths,
        "components": {"schemas": {"Refusal": Object(Refusal).json_schema()}},
    }


def _describe_operation(operation: Operation) -> dict[str, Any]:
    names = re.findall(r"{(\w+)}", operation.path)
    answers = _describe_answers(operation)
    description: dict[str, Any] = {
        "operationId": "_".join((operation.method.lower(), *re.findall(r"\w+", operation.path))),
        "summary": operation.says,
        "responses": {str(status): answer for status, answer in answers.items()},
    }
    if names:
        description["parameters"] = [
            {"name": name, "in": "path", "required": True, "schema": _NUMBER} for name in names
        ]
    if operation.body is not None:
        content = {"application/json": {"schema": operation.body.json_schema()}}
        description["requestBody"] = {"required": True, "content": content}
    return description


_NUMBER = {"type": "integer", "minimum": 0, "maximum": 10**16 - 1}


def _describe_answers(operation: Operation) -> dict[int, dict[str, Any]]:
    good: dict[str, Any] = {"description": operation.says}
    if operation.answer is not None:
        good["content"] = {"application/json": {"schema": operation.answer.json_schema()}}
    statuses = [403]
    if operation.body is not None:
        statuses += [400, 413, 415]
    if operation.may_miss:
        statuses.append(404)
    if operation.may_stay:
        statuses.append(409)
    content = {"application/json": {"schema": _ERROR}}
    bad = {each: {"description": _SAYS[each], "content": content} for each in sorted(statuses)}
    return {operation.status: good, **bad}
