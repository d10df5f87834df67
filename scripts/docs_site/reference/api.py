"""Pages that Sphinx's autodoc fills from docstrings: what stands where, and what is missing."""

import enum
import inspect
from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import Any

from docs_site.markdown import anchor
from docs_site.reference.names import API, ApiPage, Section


def render(page: ApiPage) -> str:
    """Return the Markdown of *page*, whose blocks are autodoc's."""
    return f"# {page.title}\n\n" + "".join(map(_section, page.sections))


def render_text(page: ApiPage) -> str:
    """Return *page* as text that needs no autodoc: each name, its signature, its docstring."""
    entries = (_text_entry(section, name) for section in page.sections for name in section.names)
    return f"# {page.title}\n\n" + "".join(entries)


def _text_entry(section: Section, name: str) -> str:
    found = find(section, name)
    documented = found.fget if isinstance(found, property) else found
    has_docstring = callable(documented)
    signature = str(inspect.signature(found)) if inspect.isfunction(found) else ""
    text = inspect.getdoc(documented) or "" if has_docstring else ""
    indented = "".join(f"    {line}".rstrip() + "\n" for line in text.splitlines())
    return f"## {section.module}.{name}{signature}\n\n{indented}\n"


def anchors(page: ApiPage) -> Mapping[str, str]:
    """Return the anchor of each name on *page*; the short name only where the page is its home."""
    found: dict[str, str] = {}
    for section in page.sections:
        for name in section.names:
            full = f"{section.module}.{name}"
            found[full] = full
            if section.module == "portalkey":
                found[name] = full
                found[f"broker.{name.removeprefix('Broker.')}"] = full
    return found


def find(section: Section, name: str) -> Any:  # noqa: ANN401 - whatever it is
    """Return what *name* is; None where there is no such thing."""
    found: Any = import_module(section.module)
    for part in name.split("."):
        found = (
            inspect.getattr_static(found, part, None)
            if inspect.isclass(found)
            else getattr(found, part, None)
        )
    return getattr(found, "__func__", found)


def _section(section: Section) -> str:
    about = f"{section.about}\n\n" if section.about else ""
    return f"## {section.title}\n\n{about}" + "".join(
        _entry(section, name) for name in section.names
    )


def _entry(section: Section, name: str) -> str:
    full = f"{section.module}.{name}"
    lines = "\n".join([f".. {_directive(section, name)}:: {full}", *_options(section, name)])
    return f"```{{eval-rst}}\n{lines}\n```\n\n"


def _directive(section: Section, name: str) -> str:
    found = find(section, name)
    if "." in name:
        return "autoproperty" if isinstance(found, property) else "automethod"
    if inspect.isclass(found):
        return "autoclass"
    return "autofunction" if callable(found) and inspect.isroutine(found) else "autodata"


def _options(section: Section, name: str) -> Iterator[str]:
    if _directive(section, name) == "autodata":
        yield "   :no-value:"
    if _directive(section, name) != "autoclass":
        return
    members = section.members.get(name)
    if members is None:
        yield "   :members:"
        yield (
            "   :undoc-members:"
            if issubclass(find(section, name), enum.Enum)
            else "   :inherited-members:"
        )
    elif members:
        yield f"   :members: {', '.join(members)}"


__all__ = ["API", "anchor", "anchors", "find", "render"]
