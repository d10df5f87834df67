"""All pages of the site as Markdown, by their place: those of people, and those of the code."""

from collections.abc import Sequence

from docs_site.pages import (
    INDEX,
    REFERENCE,
    Entry,
    Unusable,
    examples,
    places,
    read_index,
    stage,
    toctree,
    toctrees,
)
from docs_site.reference import PAGES


def entries() -> Sequence[Entry]:
    """Return every page of the site in its order, as the index lists them."""
    return list(read_index(_index([])))


def texts() -> dict[str, str]:
    """Return the text of every page, by its place.

    Raises:
        Unusable: A link leads nowhere, or a page is not in the index.
    """
    problems: list[str] = []
    known = places()
    found = {place: stage(page, known, problems) for page, place in known.items()}
    found |= {page.place: page.render() for page in PAGES}
    found["index.md"] = index = _index(problems)
    listed = {entry.target.partition("#")[0] for entry in read_index(index)}
    problems += [
        f"{page}: {INDEX} does not list it; give it a line under the heading it belongs to"
        for page, place in known.items()
        if place not in {*listed, "index.md"} and not page.startswith("examples/")
    ]
    if problems:
        raise Unusable("\n".join(dict.fromkeys(problems)))
    found["examples.md"] += toctree(examples().values())
    found["index.md"] += toctrees(read_index(index))
    return found


def _index(problems: list[str]) -> str:
    """Return the index with the reference listed in it."""
    lines = "\n".join(f"- [{page.title}]({page.place}): {page.about}" for page in PAGES)
    text = stage(INDEX, places(), problems)
    if REFERENCE not in text:
        problems.append(f"{INDEX}: the line {REFERENCE} is missing")
    return text.replace(REFERENCE, lines)
