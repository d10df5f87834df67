"""Sphinx extension: each name in code that has an entry in the reference becomes a link to it."""

import re
from collections.abc import Iterator
from typing import Any

from docutils import nodes
from sphinx.addnodes import literal_strong
from sphinx.application import Sphinx
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util.nodes import make_refnode

from docs_site.reference import find_anchors

_CALL = re.compile(r"\(.*\)$")
"""Arguments after a name, which its entry explains."""


class LinkNames(SphinxPostTransform):  # type: ignore[misc]
    """Links names in code, on every page but where the name itself is explained."""

    default_priority = 500

    def run(self, **_others: Any) -> None:  # noqa: ANN401 - as docutils has it
        """Link each name in running text; headings and links are left as they are."""
        anchors = find_anchors()
        here = self.env.docname
        for literal in list(self.document.findall(nodes.literal)):
            place, anchor = anchors.get(_CALL.sub("", literal.astext()), ("", ""))
            if not place or place == here or _is_linked(literal):
                continue
            builder = self.app.builder
            literal.replace_self(make_refnode(builder, here, place, anchor, literal.deepcopy()))
        for strong in list(self.document.findall(literal_strong)):  # what a function raises
            names = strong.astext().split(", ")
            if all(name in anchors for name in names) and not _is_linked(strong):
                strong.replace_self(list(self._list_names(names)))

    def _list_names(self, names: list[str]) -> Iterator[nodes.Node]:
        """Yield a link for each of *names*, and a comma between."""
        for number, name in enumerate(names):
            if number:
                yield nodes.Text(", ")
            place, anchor = find_anchors()[name]
            text = nodes.strong("", name)
            yield make_refnode(self.app.builder, self.env.docname, place, anchor, text)


def _is_linked(node: nodes.Node) -> bool:
    """Return True within a link or a heading."""
    while node.parent is not None:
        node = node.parent
        if isinstance(node, nodes.reference | nodes.title | nodes.term):
            return True
    return False


def setup(app: Sphinx) -> dict[str, Any]:
    """Register with Sphinx."""
    app.add_post_transform(LinkNames)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
