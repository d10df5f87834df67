"""HTTP: every route with what it does, and the OpenAPI document of those that a front end calls."""

import inspect
from collections.abc import Iterator, Mapping
from typing import Any, cast

from docs_site.markdown import anchor, code, from_docstring, table
from docs_site.reference.openapi import build_document
from portalkey.web.context import Context
from portalkey.web.router import Router
from portalkey.web.routes import API, PAGES, SETUP, Route

ROUTES = (*API, *PAGES, *SETUP)


class Anything:
    """Stands for an app's parts where a router is only asked which method answers what."""

    def __getattr__(self, name: str) -> "Anything":
        """Return the like for every name."""
        if name.startswith("__"):
            raise AttributeError(name)
        return self

    def __call__(self, *_values: object, **_others: object) -> "Anything":
        """Return the like."""
        return self

    def __iter__(self) -> Iterator[object]:
        """Yield nothing."""
        return iter(())


def docstrings() -> Mapping[str, str]:
    """Return what the method that answers each route says of itself, by the route's name."""
    router = Router(cast("Context", Anything()))
    return {name: inspect.getdoc(method) or "" for name, method in router._handlers.items()}  # noqa: SLF001 - the one table


def anchors() -> Mapping[str, str]:
    """Return the anchor of each route, by its path and by method and path."""
    found: dict[str, str] = {}
    for route in ROUTES:
        found.setdefault(route.path, _anchor(route))
        found[f"{route.method} {route.path}"] = _anchor(route)
    return found


def render() -> str:
    """Return the page."""
    said, document = docstrings(), build_document()
    return (
        "# HTTP\n\nEvery skin has the same routes, below the prefix that the app is mounted at. A front end calls those that answer JSON; "
        "[openapi.json](openapi.json) describes them for programs (OpenAPI 3.1). Send `Accept: application/json` with a POST, or the answer is a page. The others are pages, which a browser opens.\n\n## JSON\n\n"
        + "".join(_operation(route, said[route.name], document) for route in API)
        + "## Values\n\n"
        + "".join(
            _schema(name, schema) for name, schema in document["components"]["schemas"].items()
        )
        + "## Pages\n\n"
        + "".join(_page(route, said[route.name]) for route in (*SETUP, *PAGES))
    )


def _anchor(route: Route) -> str:
    return f"route-{route.name}"


def _paragraphs(docstring: str) -> str:
    return "".join(f"{from_docstring(each)}\n\n" for each in docstring.split("\n\n"))


def _page(route: Route, docstring: str) -> str:
    return f"{anchor(_anchor(route))}### {route.method} {route.path}\n\n{_paragraphs(docstring)}"


def _operation(route: Route, docstring: str, document: Mapping[str, Any]) -> str:
    operation = document["paths"][route.path][route.method.lower()]
    queries = [
        (code(each["name"]), each["schema"]["description"])
        for each in operation.get("parameters", [])
        if each["in"] == "query"
    ]
    answers = [
        (status, _named(answer), answer["description"])
        for status, answer in operation["responses"].items()
    ]
    return (
        _page(route, docstring)
        + (table(("query", "says"), queries) if queries else "")
        + table(("status", "answers", "where"), answers)
    )


def _named(answer: Mapping[str, Any]) -> str:
    name = answer["content"]["application/json"]["schema"]["$ref"].rpartition("/")[2]
    return f"[{name}](#value-{name.lower()})"


def _schema(name: str, schema: Mapping[str, Any]) -> str:
    rows = [
        (code(field), _type(each), each.get("description", ""))
        for field, each in schema["properties"].items()
    ]
    return f"{anchor(f'value-{name.lower()}')}### {name}\n\n{schema['description']}\n\n" + table(
        ("field", "is", "says"), rows
    )


def _type(schema: Mapping[str, Any]) -> str:
    if "enum" in schema:
        return ", ".join(code(each) for each in schema["enum"])
    if "anyOf" in schema:
        return " or ".join(_type(each) for each in schema["anyOf"])
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return f"[{name}](#value-{name.lower()})"
    kinds = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    of = f" of {_type(schema['items'])}" if "items" in schema else ""
    return " or ".join(each + (of if each == "array" else "") for each in kinds)
