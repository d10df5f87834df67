"""OpenAPI document of what a front end may call: the table of routes, and what each answers."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from portalkey._support.version import __version__
from portalkey.model.attempt import AttemptStatus
from portalkey.model.connection import ConnectionStatus
from portalkey.web.api import PENDING
from portalkey.web.routes import API, Route

Schema = Mapping[str, Any]

_TEXT = {"type": "string"}
_TEXT_OR_NOT = {"type": ["string", "null"]}
_ID = {"type": "string", "pattern": "^[A-Za-z0-9_-]{22}$"}


def _object(about: str, **fields: Schema) -> Schema:
    return {
        "type": "object",
        "description": about,
        "properties": fields,
        "required": list(fields),
        "additionalProperties": False,
    }


def _about(schema: Schema, description: str) -> Schema:
    return {**schema, "description": description}


def _to(name: str) -> Schema:
    return {"$ref": f"#/components/schemas/{name}"}


_CONNECTION = _object(
    "One connection of the owner's. No token is in it.",
    id=_about(_TEXT, "Names the connection in the other routes."),
    hub_id=_about(
        {"type": "integer"}, "HubSpot's id of the account, which it also calls portal id."
    ),
    hub_domain=_about(_TEXT_OR_NOT, "The account's domain, such as harbourpine.example."),
    user_email=_about(_TEXT_OR_NOT, "Who agreed at HubSpot, by their address there."),
    time_zone=_about(_TEXT_OR_NOT, "The account's time zone, such as Europe/Berlin."),
    ui_domain=_about(_TEXT_OR_NOT, "The host of the account's pages, such as app-eu1.hubspot.com."),
    status={"enum": [str(each) for each in ConnectionStatus]},
    scopes=_about(
        {"type": ["array", "null"], "items": _TEXT}, "What is granted; null while unknown."
    ),
    may_disconnect={
        "type": "boolean",
        "description": "False where the app's may_disconnect says no.",
    },
    missing_scopes=_about({"type": "array", "items": _TEXT}, "What the app asks for and lacks."),
    connected_at={"type": "string", "format": "date-time", "description": "When, in UTC."},
)
_ATTEMPT = _object(
    "Where an attempt stands. Another session of whoever began it hears pending or the end.",
    id=_ID,
    status={"enum": [*map(str, AttemptStatus), PENDING]},
    error=_about(_TEXT_OR_NOT, "The code of what ended it, as the page of errors lists them."),
    message=_about(_TEXT_OR_NOT, "The sentence for the person, in the language of the attempt."),
    account=_about(_TEXT_OR_NOT, "The account that was connected."),
    seconds_left={
        "type": "integer",
        "minimum": 0,
        "description": "Seconds until it expires; 0 at its end.",
    },
)
_STATUS_FIELDS: dict[str, Schema] = {
    "authenticated": {"type": "boolean", "description": "Whether any connection works."},
    "portal_id": _about({"type": ["integer", "null"]}, "The account of the first that works."),
    "time_zone": _about(_TEXT_OR_NOT, "That account's time zone."),
    "connections": {"type": "array", "items": _to("Connection")},
    "attempt": {"anyOf": [_to("Attempt"), {"type": "null"}]},
}
SCHEMAS: Mapping[str, Schema] = {
    "Connection": _CONNECTION,
    "Connections": _object(
        "All of the owner's.", connections={"type": "array", "items": _to("Connection")}
    ),
    "Attempt": _ATTEMPT,
    "State": _object("How the owner stands after the act.", **_STATUS_FIELDS),
    "Status": _object(
        "How the owner stands, and the link to connect by.",
        **_STATUS_FIELDS,
        connect_url=_about(_TEXT, "The link into the journey; whole where another origin asked."),
    ),
    "Token": _object(
        "An access token. Keep it out of storage and logs.",
        access_token=_TEXT,
        expires_in={"type": "integer", "description": "Seconds that it lives on."},
    ),
    "Problem": _object(
        "What was refused.",
        error=_about(_TEXT, "A stable code."),
        message=_about(_TEXT, "The sentence for the person, in the language of the page."),
    ),
}

_QUERY: Mapping[str, Schema] = {
    "attempt": _about(_ID, "An attempt's id: whoever began it is told where it stands."),
    "check": {"enum": ["1"], "description": "HubSpot is asked whether it honours the connections."},
    "next": _about(_TEXT, "A path of the page's own origin, where `connect_url` leads back to."),
    "another": {"enum": ["1"], "description": '`connect_url` says "Connect another account".'},
}
_PROBLEMS: Mapping[int, str] = {
    400: "`next` is no path of the site (`bad_next`).",
    401: "Nobody is signed in (`signed_out`).",
    403: "No page of the app in this session asks (`forgery_refused`), or the app says no.",
    404: "There is no such thing of the owner's (`not_found`, `not_connected`).",
    409: "The person has to act; `error` is the code. Or the token was handed over already.",
    415: "The body is neither a form nor JSON (`unsupported_type`).",
    421: "The app is open under another address than its public one (`other_address`).",
    429: "Too many attempts; `Retry-After` says how many seconds to wait.",
    500: "The app's own `owner` or session cannot be used.",
    503: "The operator must act, or it passes; `Retry-After` says in how many seconds.",
}
_ALWAYS = (409, 500, 503)
_POST = (401, 403, 404, 415, 421)
ANSWERS: Mapping[str, tuple[str, str, Sequence[int]]] = {
    "status": (
        "Status",
        "Say whether the owner is connected, and where an attempt stands.",
        (400, 401, 404),
    ),
    "connections": ("Connections", "List the owner's connections.", (401,)),
    "disconnect": ("State", "Forget a connection, and have HubSpot revoke its grant.", _POST),
    "cancel": ("State", "End an attempt of this browser.", _POST),
    "token": (
        "Token",
        "Hand the access token of a connected attempt over, once, where the app delivers.",
        _POST,
    ),
}
"""For each route: the schema of its answer, what it does, and which refusals are its own."""


def build_document() -> dict[str, Any]:
    """Return the document.

    Raises:
        KeyError: A route of ``portalkey.web.routes.API`` is not described here.
    """
    paths: dict[str, dict[str, Any]] = {}
    for route in API:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "portalkey, for front ends",
            "version": __version__,
            "description": "Below the prefix that the app is mounted at. The app's session says who asks. "
            "A POST is answered in JSON where it asks for it: send Accept: application/json. "
            "A page of another origin needs PORTALKEY_ALLOWED_ORIGINS, and credentials.",
        },
        "paths": paths,
        "components": {
            "schemas": dict(SCHEMAS),
            "securitySchemes": {
                "form": {
                    "type": "apiKey",
                    "in": "header",
                    "name": "X-Portalkey-Token",
                    "description": "The t of hubspot_connect_url(), but to disconnect: that takes the form field portalkey_token.",
                }
            },
        },
    }


def _operation(route: Route) -> dict[str, Any]:
    schema, summary, refusals = ANSWERS[route.name]
    answers = {200: _answer("As asked.", schema)}
    answers |= {each: _answer(_PROBLEMS[each], "Problem") for each in (*refusals, *_ALWAYS)}
    parameters = [
        {"name": name, "in": "path", "required": True, "schema": _TEXT}
        for name in re.findall(r"{(\w+)}", route.path)
    ]
    if route.name == "status":
        parameters += [
            {"name": name, "in": "query", "schema": each} for name, each in _QUERY.items()
        ]
    operation: dict[str, Any] = {
        "operationId": route.name,
        "summary": summary,
        "responses": {str(status): answers[status] for status in sorted(answers)},
    }
    if parameters:
        operation["parameters"] = parameters
    if route.method == "POST":
        operation["security"] = [{"form": []}]
    return operation


def _answer(about: str, schema: str) -> dict[str, Any]:
    return {"description": about, "content": {"application/json": {"schema": _to(schema)}}}
