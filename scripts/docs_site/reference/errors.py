"""Errors: how each is imported, who acts, what is said to whom; from the classes and ``sentences/``."""

import inspect
from collections.abc import Iterator, Mapping

from docs_site.markdown import anchor, code, from_docstring, table
from portalkey import errors
from portalkey.errors import PortalkeyError
from portalkey.sentences import explain, read_languages

GROUPS: Mapping[type[PortalkeyError], str] = {
    errors.PersonMustAct: "The person must act",
    errors.OperatorMustAct: "The operator must act",
    errors.TryLater: "Try later",
}
WAIT = 40.0
"""Seconds of the examples' waits."""


def leaves(kind: type[PortalkeyError]) -> Iterator[type[PortalkeyError]]:
    """Yield the errors of a *kind* that are really raised, by their names."""
    yield from sorted(kind.__subclasses__(), key=lambda each: each.__name__)


def every() -> list[type[PortalkeyError]]:
    """Return the root, each group, and each error."""
    return [PortalkeyError, *GROUPS, *(error for group in GROUPS for error in leaves(group))]


def anchor_of(error: type[PortalkeyError]) -> str:
    """Return the anchor of an *error*'s entry."""
    return f"error-{error.code.replace('_', '-')}"


def anchors() -> Mapping[str, str]:
    """Return the anchor of each error, by its name and by its code."""
    named = {error.__name__: anchor_of(error) for error in every()}
    return named | {error.code: anchor_of(error) for error in every()}


def render() -> str:
    """Return the page."""
    head = (
        "# Errors, each by itself\n\nAll are imported from `portalkey`. What an app does about them, in three `except` "
        "clauses, stands in [Errors](errors.md).\n`message` is for whoever wrote the app, `for_person(language)` for "
        "whoever uses it; `code` is stable, and safe to store and log.\n\n"
    )
    groups = (
        f"## {title}\n\n{_entry(group, 3)}{''.join(_entry(each, 3) for each in leaves(group))}"
        for group, title in GROUPS.items()
    )
    return head + _entry(PortalkeyError, 2) + "".join(groups)


def _entry(error: type[PortalkeyError], level: int) -> str:
    first, *others = (inspect.getdoc(error) or "").split("\n\n")
    parent = "" if error is PortalkeyError else f", an error of {code(error.__mro__[1].__name__)}"
    said = [(tag, explain(tag, error.code, wait=WAIT)) for tag in sorted(read_languages())]
    return (
        anchor(anchor_of(error))
        + f"{'#' * level} {error.__name__}\n\n"
        + f"`from portalkey import {error.__name__}`; code {code(error.code)}{parent}.\n\n"
        + f"{from_docstring(first)}\n\n"
        + "".join(f"{from_docstring(each)}\n\n" for each in others)
        + table(("language", "what a person reads"), said)
        + _causes(error)
    )


def _causes(error: type[PortalkeyError]) -> str:
    """Return what a person reads where a cause has a sentence of its own."""
    words = read_languages()["en"]
    found = [
        (key.partition(":")[2], text)
        for key, text in words.items()
        if key.startswith(f"{error.code}:")
    ]
    return (
        table(("cause", "what a person reads then"), [(code(c), text) for c, text in found])
        if found
        else ""
    )
