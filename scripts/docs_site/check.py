"""Checks of the built site: links and anchors lead somewhere, and nothing comes from elsewhere."""

from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

_LOADS = {"img": "src", "script": "src", "source": "src", "iframe": "src"}
_NAVIGATES = {"canonical", "license", "next", "prev", "search", "index"}
"""Relations of ``<link>`` that a browser does not load as it shows the page."""


class Page(HTMLParser):
    """What a page links to, what it loads, and the anchors it has."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[tuple[int, str]] = []
        self.loads: list[tuple[int, str]] = []
        self.anchors: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note what the element *tag* with these *attrs* leads to, loads and is called."""
        given = {name: value or "" for name, value in attrs}
        self.anchors |= {given[name] for name in ("id", "name") if name in given}
        line = self.getpos()[0]
        if tag == "a" and "href" in given:
            self.links.append((line, given["href"]))
        if tag == "link" and not _NAVIGATES & set(given.get("rel", "").split()):
            self.loads.append((line, given.get("href", "")))
        if _LOADS.get(tag, "") in given:
            self.loads.append((line, given[_LOADS[tag]]))


def find_broken(folder: Path) -> list[str]:
    """Return what is wrong with the site in *folder*: broken links, what is loaded elsewhere."""
    pages = {path: Page(path.read_text(encoding="utf-8")) for path in folder.rglob("*.html")}
    return [
        f"{path.relative_to(folder)}:{line}: {trouble}"
        for path, page in pages.items()
        for line, trouble in _look(path, page, pages)
    ] + [
        f"{style.relative_to(folder)}: it loads a style, a font or a picture from elsewhere"
        for style in folder.rglob("*.css")
        if "url(http" in (text := style.read_text(encoding="utf-8")) or "@import" in text
    ]


def _look(path: Path, page: Page, pages: dict[Path, Page]) -> Iterator[tuple[int, str]]:
    for line, target in page.loads:
        if urlsplit(target).netloc:
            yield line, f"{target} is loaded from elsewhere; the site has to work offline"
    for line, target in [*page.links, *page.loads]:
        there = urlsplit(target)
        if there.scheme or there.netloc:
            continue
        to = (path.parent / unquote(there.path)).resolve() if there.path else path
        to = to / "index.html" if to.is_dir() else to
        anchor = unquote(there.fragment)
        if not to.exists():
            yield line, f"{target} is not there"
        elif to in pages and anchor and anchor not in pages[to].anchors:
            yield line, f"{target} has no such anchor"
