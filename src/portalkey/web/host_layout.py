"""A host's own layout around our pages, and what it lacks for them."""

import logging
from collections.abc import Callable, Mapping
from typing import Any

from jinja2 import TemplateNotFound

log = logging.getLogger("portalkey")

RenderWithHost = Callable[[str, Mapping[str, Any]], str]
"""Renders the template of this name with a host's own context around the values."""

_MARKS = {"content": 'class="pk-setup', "head": "portalkey.css"}
"""Mark of ours on a page for each block, where the layout has that block."""


class HostLayout:
    """The host's template *base*, which *render* puts around ours."""

    def __init__(self, base: str, render: RenderWithHost) -> None:
        self.base = base
        self._render = render
        self._is_told = False

    def render(self, template: str, values: Mapping[str, Any]) -> str | None:
        """Return the page; None where the layout does not hold it, which is logged once.

        Without the block of the content the page would be empty, and without the head's it would
        have neither style nor script; there is no page at all without the template.
        """
        try:
            page = self._render(template, values)
        except TemplateNotFound as missing:
            if missing.name != self.base:
                raise
            self._tell(f"there is no template {self.base}")
            return None
        lacking = [name for name, mark in _MARKS.items() if mark not in page]
        if lacking:
            self._tell(f"{self.base} has no block {' and no block '.join(lacking)}")
        return None if lacking else page

    def _tell(self, problem: str) -> None:
        if not self._is_told:
            self._is_told = True
            log.error(
                "base_template: %s, so the setup page is shown in portalkey's own layout. It has "
                "to be a template of the app's with the blocks title, head and content.",
                problem,
            )
