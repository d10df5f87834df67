"""Parts of OpenAPI operations."""

from typing import Any, TypeAlias

from portalkey_simulator.api.openapi.body_schemas import Schema, ref
from portalkey_simulator.forms import FORM

Operation: TypeAlias = dict[str, Any]
Paths: TypeAlias = dict[str, dict[str, Operation]]

_WORDS = {
    200: "Done.",
    204: "Done; there is nothing to tell.",
    207: "Some of it was done; `errors` says what was not.",
    400: "The request cannot be used.",
    401: "The token is missing, unknown or past its time.",
    403: "A scope is missing.",
    404: "There is no such thing.",
    410: "OAuth v1 has ended; only where the switch says so.",
    413: "The body is too large.",
    429: "There were too many calls.",
}

GUARDED: dict[int, Schema | None] = {401: ref("Error"), 403: ref("Error"), 429: ref("TooMany")}
"""The answers to an account's token that does not do, or comes too often."""


def operation(
    summary: str,
    answers: dict[int, Schema | None],
    *,
    parameters: list[Operation] | None = None,
    body: Operation | None = None,
    security: str | None = None,
) -> Operation:
    """Describe an operation; each HTTP status has the schema of its answer, or None."""
    parts: Operation = {
        "summary": summary,
        "responses": {str(status): _answer(status, each) for status, each in answers.items()},
    }
    if parameters:
        parts["parameters"] = parameters
    if body is not None:
        parts["requestBody"] = body
        parts["responses"] |= {"413": _answer(413, ref("Error"))}
    if security is not None:
        parts["security"] = [{security: []}]
    return parts


def form(**fields: Schema) -> Operation:
    """Describe a form with these *fields*; none is required here, as HubSpot refuses itself."""
    schema = {"type": "object", "properties": fields}
    return {"required": True, "content": {FORM: {"schema": schema}}}


def json_object(schema: Schema) -> Operation:
    """Describe a body that is JSON of this *schema*."""
    return {"required": True, "content": {"application/json": {"schema": schema}}}


def in_path(name: str, says: str) -> Operation:
    """Describe a part of the path."""
    schema = {"type": "string", "minLength": 1, "pattern": "^[A-Za-z0-9_-]+$"}
    return {"name": name, "in": "path", "required": True, "description": says, "schema": schema}


def in_query(name: str, schema: Schema, says: str) -> Operation:
    """Describe a parameter of the query, which may be left out."""
    return {"name": name, "in": "query", "description": says, "schema": schema}


def _answer(status: int, schema: Schema | None) -> Operation:
    parts: Operation = {"description": _WORDS[status]}
    if schema is not None:
        parts["content"] = {"application/json": {"schema": schema}}
    return parts
