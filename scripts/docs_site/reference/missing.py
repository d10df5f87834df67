"""What is public and undocumented, each problem with the file and line or the name to mend."""

import ast
import inspect
import re
import textwrap
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import portalkey
from docs_site.pages import ROOT
from docs_site.reference import commands, connect_js, errors, events, http, metrics, settings
from docs_site.reference.api import API, find
from docs_site.reference.names import Section
from docs_site.reference.openapi import ANSWERS
from docs_site.reference.source import attribute_docs
from portalkey.broker.broker import Broker
from portalkey.django.options import Options
from portalkey.errors import PortalkeyError
from portalkey.sentences import read_languages
from portalkey.web.routes import API as ROUTES

PUBLIC = (
    "portalkey",
    "portalkey.adapters.httpx",
    "portalkey.adapters.httpx2",
    "portalkey.adapters.hubspot_api_client",
    "portalkey.adapters.hubspot_sdk",
    "portalkey.adapters.requests",
    "portalkey.django",
    "portalkey.events",
    "portalkey.fastapi",
    "portalkey.flask",
    "portalkey.measures",
    "portalkey.metrics",
    "portalkey.testing",
)
"""Modules that an app may import from."""
_UNIT = re.compile(
    r"\b(seconds?|minutes?|hours?|days?|bytes|characters|how many|number|at most)\b", re.IGNORECASE
)
_NUMBERS = (int, float, "int", "float", "int | None", "float | None")
_IDS = re.compile(r"_id$|^n$")


def find_missing() -> list[str]:
    """Return every problem, by the page of the reference that lacks something."""
    return [*_entries(), *_docstrings(), *_by_name()]


def _entries() -> Iterator[str]:
    """Yield the public names without an entry."""
    shown = {(each.module, name) for page in API for each in page.sections for name in each.names}
    reached = {id(find(each, n)) for page in API for each in page.sections for n in each.names}
    for module in PUBLIC:
        for name, value in _public_names(module):
            is_error = isinstance(value, type) and issubclass(value, PortalkeyError)
            is_shown = (module, name) in shown or id(value) in reached or name == "EventName"
            if not is_error and not is_shown:
                yield f"{module}.{name} has no entry; name it in scripts/docs_site/reference/names.py"
    for name, _ in inspect.getmembers(Broker):
        if not name.startswith("_") and ("portalkey", f"Broker.{name}") not in shown:
            yield f"Broker.{name} has no entry; name it in scripts/docs_site/reference/names.py"


def _public_names(module: str) -> Iterator[tuple[str, Any]]:
    """Yield what a public module offers: its ``__all__``, or else what it defines itself."""
    loaded = import_module(module)
    given = getattr(loaded, "__all__", None)
    for name in given or vars(loaded):
        value = getattr(loaded, name)
        is_own = not name.startswith("_") and getattr(value, "__module__", "") == module
        is_own = is_own and not getattr(value, "_is_protocol", False)  # of libraries' parts
        if (given or is_own) and name != "__version__" and not name.isupper():
            yield name, value


def _docstrings() -> Iterator[str]:
    """Yield what the docstrings of documented names leave out."""
    for page in API:
        for section in page.sections:
            for name in section.names:
                yield from (f"{_place(section, name)}: {each}" for each in _look(section, name))


def _look(section: Section, name: str) -> Iterator[str]:
    found = find(section, name)
    full = f"{section.module}.{name}"
    if found is None:
        yield f"there is no {full}"
        return
    text = inspect.getdoc(found.fget if isinstance(found, property) else found) or ""
    is_data = not callable(found) and not isinstance(found, property)
    if not text and not is_data:
        yield f"{full} has no docstring"
    if inspect.isfunction(found):
        yield from (f"{full} {each}" for each in find_left_out(found, text))


def find_left_out(function: Callable[..., Any], docstring: str) -> Iterator[str]:
    """Yield what *docstring* leaves out of *function*: a number's unit, an error that it raises."""
    if docstring.startswith("As ") or "; see " in docstring:
        return
    for parameter in inspect.signature(function).parameters.values():
        is_number = parameter.annotation in _NUMBERS and not _IDS.search(parameter.name)
        if is_number and not _UNIT.search(docstring):
            yield f"does not say in which unit {parameter.name} is"
    for error in _raised(function):
        kinds = {each.__name__ for each in getattr(portalkey, error, object).__mro__}
        if not any(each in docstring for each in {error, *kinds - {"Exception", "PortalkeyError"}}):
            yield f"does not say that it raises {error}"


def _raised(function: Callable[..., Any]) -> list[str]:
    """Return the names of the errors that *function* raises in its own lines."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    raised = [node.exc for node in ast.walk(tree) if isinstance(node, ast.Raise) and node.exc]
    called = [each.func if isinstance(each, ast.Call) else each for each in raised]
    return sorted(
        {each.id for each in called if isinstance(each, ast.Name) and each.id[0].isupper()}
    )


def _place(section: Section, name: str) -> str:
    """Return file and line of a name, or else its module."""
    found: Any = find(section, name)
    try:
        found = found.fget if isinstance(found, property) else found
        path = Path(inspect.getsourcefile(found) or "").relative_to(ROOT)
        return f"{path}:{inspect.getsourcelines(found)[1]}"
    except (TypeError, OSError, ValueError):
        return section.module


def _by_name() -> Iterator[str]:
    """Yield what says nothing of itself and is known by a name of its own."""
    yield from _errors()
    for name, (attribute, field) in settings.fields().items():
        if not settings.describe(field):
            yield f"Settings.{attribute} ({name}) has no docstring"
    said = {f"Options.{name}": text for name, text in attribute_docs(Options).items()}
    said |= {**settings.standalone_docs(), **events.meanings(), **http.docstrings()}
    yield from (f"{name} has no docstring" for name, text in said.items() if not text)
    for route in ROUTES:
        if route.name not in ANSWERS:
            yield f"{route.method} {route.path} is not in scripts/docs_site/reference/openapi.py"
    yield from (f"`{each}` has no help" for each in commands.unexplained())
    for family in metrics.families():
        if not family.documentation:
            yield f"{metrics.name_of(family)} says nothing"
    for export in connect_js.exports(connect_js.read_types()):
        if not export.about and export.kind not in {"interface", "element"}:
            yield f"connect.d.ts: {export.name} has no comment"


def _errors() -> Iterator[str]:
    """Yield the errors that have no docstring, or no sentence of their own for people."""
    english = read_languages()["en"]
    for error in errors.every():
        if error.code not in english and error is not PortalkeyError:
            yield f"{error.__name__}: sentences/en.toml has no {error.code}"
        if not error.__doc__:
            yield f"{error.__name__} has no docstring"
