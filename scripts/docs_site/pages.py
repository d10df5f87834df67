"""The pages that people wrote: which there are, in which order, and where their links lead.

``docs/README.md`` is the one list: its headings are the parts of the site, its links the pages.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from posixpath import normpath, relpath

from docs_site.markdown import HEADING, LINK, name_languages, replace_links, split_code

ROOT = Path(__file__).parents[2]
INDEX = "docs/README.md"
REFERENCE = "<!-- The site has the reference here, made from the code. -->"
"""The line of the index in whose place the pages of the reference are listed."""

ELSEWHERE = {
    "CHANGELOG.md": "changelog.md",
    "CONTRIBUTING.md": "contributing.md",
    "SECURITY.md": "reporting.md",
    "bench/figures.md": "all-figures.md",
    "bench/results.md": "speed.md",
    "deploy/README.md": "deploy.md",
    "examples/README.md": "examples.md",
    INDEX: "index.md",
}
"""Pages of the repository that do not lie in ``docs/``, and their place on the site."""


class Unusable(Exception):
    """The site cannot be made as it is; each problem names page and line."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A page as the index lists it: *text* is the link's, *about* what stands behind it."""

    part: str
    target: str
    text: str
    about: str


def examples() -> dict[str, str]:
    """Return the page of each example, by its path: its place on the site."""
    pages = sorted((ROOT / "examples").glob("*/README.md"))
    return {
        f"examples/{page.parent.name}/README.md": f"example-{page.parent.name}.md" for page in pages
    }


def places() -> dict[str, str]:
    """Return every page that people wrote, by its path in the repository: its place on the site."""
    pages = sorted((ROOT / "docs").glob("*.md"))
    return {f"docs/{page.name}": page.name for page in pages} | ELSEWHERE | examples()


def read_index(text: str) -> Iterator[Entry]:
    """Yield each page that the bullets of the index link to, in their order."""
    part = group = ""
    for line, is_code in split_code(text):
        if is_code:
            continue
        if heading := HEADING.match(line):
            part, group = (part, heading[2]) if heading[1] == "###" else (heading[2], "")
        if line.startswith("- ") and (link := LINK.search(line)):
            about = LINK.sub(r"\g<text>", line[link.end() :]).lstrip(":,. ")
            yield Entry(f"{part}: {group}" if group else part, link["target"], link["text"], about)


def stage(page: str, known: Mapping[str, str], problems: list[str]) -> str:
    """Return the text of *page* for the site, whose links lead to *known* places; note *problems*.

    Lines keep their numbers, so that a warning of Sphinx's names the line to mend.
    """
    text = (ROOT / page).read_text(encoding="utf-8")
    lead = partial(_lead, page, known, problems)
    return name_languages(replace_links(text, lead))


def _lead(
    page: str, known: Mapping[str, str], problems: list[str], link: re.Match[str], line: int
) -> str:
    """Return *link* as the site has it; only its text where it leads to no page of the site."""
    path, mark, anchor = link["target"].partition("#")
    if not path or re.match(r"[a-z]+:", path):
        return link[0]
    found = normpath(f"{page}/../{path}")
    if (ROOT / found).is_dir():
        found = f"{found}/README.md" if (ROOT / found / "README.md").exists() else found
    if found in known:
        to = relpath(known[found], start=f"{known[page]}/..")
        return f"{link['image']}[{link['text']}]({to}{mark}{anchor})"
    if not (ROOT / found).exists():
        problems.append(f"{page}:{line}: there is no {found}; mend the link or write the page")
    if found.startswith("docs/"):  # a picture, or a file to download
        return link[0]
    return link["text"]


def toctree(pages: Iterable[str], caption: str = "") -> str:
    """Return one hidden tree of *pages* for the navigation; the page itself links to them."""
    options = f":hidden:\n:caption: {caption!r}\n" if caption else ":hidden:\n"
    return f"\n```{{toctree}}\n{options}\n" + "\n".join(pages) + "\n```\n"


def toctrees(entries: Iterator[Entry]) -> str:
    """Return the navigation: one tree for each part, hidden, since the index lists its pages."""
    parts: dict[str, list[str]] = {}
    for entry in entries:
        pages = parts.setdefault(entry.part, [])
        path = entry.target.partition("#")[0]
        if path.endswith(".md") and path not in pages:
            pages.append(path)
    return "".join(toctree(pages, part) for part, pages in parts.items() if pages)
