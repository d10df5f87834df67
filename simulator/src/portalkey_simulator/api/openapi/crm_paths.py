"""Reading contacts, companies and deals."""

from portalkey_simulator.api.crm_records import KINDS
from portalkey_simulator.api.crm_search import OPERATORS
from portalkey_simulator.api.openapi.body_schemas import TEXT, TEXTS, every, has, only, ref
from portalkey_simulator.api.openapi.operation_parts import (
    GUARDED,
    Operation,
    Paths,
    in_path,
    in_query,
    json_object,
    operation,
)
from portalkey_simulator.world import DATED

_LIMIT = {"type": "integer", "minimum": 1, "maximum": 100}
_AFTER = {"type": "integer", "minimum": 0, "maximum": 10_000}
_PROPERTIES = in_query("properties", TEXTS, "Tell these and no other.")
_FILTER = has(
    {"value": TEXT, "highValue": TEXT, "values": TEXTS},
    propertyName=TEXT,
    operator=only(*OPERATORS),
)
_SEARCH = has(
    {
        "query": TEXT,
        "filterGroups": every(has(filters=every(_FILTER))),
        "properties": TEXTS,
        "limit": {**_LIMIT, "maximum": 200},
        "after": {"anyOf": [_AFTER, {"type": "string", "pattern": "^[0-9]{1,4}$"}]},
    }
)


def build_paths() -> Paths:
    """Describe a page, one record, and a search, for each kind in each version."""
    paths: Paths = {}
    for objects in ("/crm/v3/objects", *(f"/crm/objects/{version}" for version in DATED)):
        for kind in KINDS:
            paths[f"{objects}/{kind}"] = {"get": _page(kind)}
            paths[f"{objects}/{kind}/{{identifier}}"] = {"get": _one(kind)}
            paths[f"{objects}/{kind}/search"] = {"post": _search(kind)}
    return paths


def _page(kind: str) -> Operation:
    return operation(
        f"Some {kind}; needs `{KINDS[kind].scope}`.",
        {200: ref("Records"), 400: ref("Error"), **GUARDED},
        parameters=[
            in_query("limit", _LIMIT, "How many."),
            in_query("after", _AFTER, "Where to begin, as the page before says."),
            in_query("archived", {"type": "boolean"}, "Those that were deleted; there are none."),
            _PROPERTIES,
        ],
        security="token",
    )


def _one(kind: str) -> Operation:
    return operation(
        f"One of the {kind}; needs `{KINDS[kind].scope}`.",
        {200: ref("Record"), 404: ref("Error"), **GUARDED},
        parameters=[in_path("identifier", "Its id."), _PROPERTIES],
        security="token",
    )


def _search(kind: str) -> Operation:
    return operation(
        f"Find {kind}; needs `{KINDS[kind].scope}`. It has a limit of its own.",
        {200: ref("Found"), 400: ref("Error"), **GUARDED},
        body=json_object(_SEARCH),
        security="token",
    )
