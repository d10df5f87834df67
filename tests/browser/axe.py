"""Every page as axe-core and a narrow window see it, in the views that people choose."""

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple

from playwright.sync_api import Page

AXE = Path(__file__).parents[2] / "node_modules" / "axe-core" / "axe.min.js"
RUN = """async () => {
  const tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
  const { violations } = await axe.run({ runOnly: tags, resultTypes: ["violations"] });
  return violations.flatMap(({ id, nodes }) =>
    nodes.map(({ html, failureSummary }) => `${id}: ${html} ${failureSummary}`));
}"""
# axe takes a page that paints nothing itself for white, whatever its scheme.
PAINT = """() => {
  const paints = (element) => getComputedStyle(element).backgroundColor !== "rgba(0, 0, 0, 0)";
  const { documentElement, body } = document;
  if (!paints(documentElement) && !paints(body)) documentElement.style.background = "Canvas";
}"""
SETTLED = """() => {
  const fades = document.getAnimations().filter((each) => each instanceof CSSTransition);
  return Promise.all(fades.map(({ finished }) => finished));
}"""
OVERFLOW = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"


class View(NamedTuple):
    """How somebody looks at a page; the text's size is in CSS pixels."""

    scheme: str
    width: int
    text: int


VIEWS = (
    View("light", 1024, 16),
    View("dark", 1024, 16),
    View("light", 320, 16),
    View("dark", 320, 16),
    View("light", 1024, 32),
    View("dark", 1024, 32),
)
"""Both schemes, the width of a zoom to 400 %, and text at 200 %."""


@cache
def axe() -> str:
    """The script itself."""
    assert AXE.exists(), "Install axe with: make node_modules/.package-lock.json"
    return AXE.read_text()


def faults(page: Page, views: Sequence[View] = VIEWS) -> str:
    """What is wrong with *page*, a line each, view by view; nothing should be."""
    # By the driver's own way into the page, so that no policy has to give way.
    page.evaluate(axe())
    page.evaluate(PAINT)
    found = []
    for view in views:
        look(page, view)
        found += [f"{view}: {' '.join(each.split())}" for each in page.evaluate(RUN)]
        if (beyond := page.evaluate(OVERFLOW)) > 0:
            found.append(f"{view}: {beyond} pixels lie beyond the window's edge")
    return "\n".join(found)


def look(page: Page, view: View) -> None:
    """Show *page* in this *view*."""
    page.emulate_media(color_scheme="dark" if view.scheme == "dark" else "light")
    page.set_viewport_size({"width": view.width, "height": 700})
    page.evaluate("size => { document.documentElement.style.fontSize = size; }", f"{view.text}px")
    page.evaluate(SETTLED)  # halfway from one scheme to the other no colour is what it will be
