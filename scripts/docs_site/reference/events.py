"""Events: every name with what it says, from the docstrings below the names."""

from collections.abc import Mapping

from docs_site.markdown import anchor, code, from_docstring
from docs_site.reference.source import attribute_docs
from portalkey.model.events import EventName


def meanings() -> Mapping[str, str]:
    """Return what each event says, by its name; empty where nothing says so."""
    docs = attribute_docs(EventName)
    return {str(name): docs[name.name] for name in EventName}


def anchors() -> Mapping[str, str]:
    """Return the anchor of each event, by its name and its member."""
    named = {str(name): _anchor(name) for name in EventName}
    return named | {f"EventName.{name.name}": _anchor(name) for name in EventName}


def render() -> str:
    """Return the page."""
    said = meanings()
    return (
        "# Events\n\nEvery `name` that an `Event` may have, a member of `portalkey.events.EventName`; the names are a "
        "contract. What is told to whom, and how surely, stands in [Who hears of what happens](events.md).\n\n"
        + "".join(_entry(name, said[name]) for name in EventName)
    )


def _anchor(name: EventName) -> str:
    return f"event-{name.replace('_', '-')}"


def _entry(name: EventName, said: str) -> str:
    return anchor(_anchor(name)) + f"## {code(name)}\n\n{from_docstring(said)}\n\n"
