"""A host's own layout around our pages, and what it lacks for them."""

import logging
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any, Protocol

from jinja2 import Environment, Template, TemplateNotFound, TemplateSyntaxError, nodes

log = logging.getLogger("portalkey")

_MARKS = {"content": 'class="pk-setup', "head": "portalkey.css"}
"""Mark of ours on a page for each block, where the layout has that block."""


class LayoutTemplates(Protocol):
    """A host's templates as its engine has them; ours are rendered within one of them."""

    def render(self, name: str, context: Mapping[str, Any]) -> str:
        """Return the page that our template *name* makes of *context*, in the host's layout."""

    def list_blocks(self, name: str) -> set[str] | None:
        """Return the blocks of the host's template *name*; None where only a page can tell."""


class HostTemplates:
    """A host's Jinja templates, with ours behind them."""

    def __init__(
        self,
        find_environment: Callable[[], Environment],
        render: Callable[[Template, Mapping[str, Any]], str],
    ) -> None:
        """Render with a host's globals, filters and context.

        Args:
            find_environment: Returns the environment; called at the first page, once the host has
                set up its own.
            render: Renders a template as the host renders its own.
        """
        self._find_environment = find_environment
        self._render = render

    @cached_property
    def _environment(self) -> Environment:
        return self._find_environment()

    def render(self, name: str, context: Mapping[str, Any]) -> str:
        """Return the page that the template *name* makes of *context* and the host's own."""
        return self._render(self._environment.get_template(name), context)

    def list_blocks(self, name: str) -> set[str] | None:
        """Return the blocks of a template and of those it extends; None where only a page can tell.

        Raises:
            TemplateNotFound: There is no such template.
        """
        blocks: set[str] = set()
        seen: set[str] = set()
        parent: str | None = name
        while parent is not None and parent not in seen:
            seen.add(parent)
            tree = self._parse(parent)
            if tree is None:
                return None
            blocks |= {each.name for each in tree.find_all(nodes.Block)}
            extended = tree.find(nodes.Extends)
            if extended is None:
                return blocks
            named = extended.template
            parent = named.value if isinstance(named, nodes.Const) else None
        return None

    def _parse(self, name: str) -> nodes.Template | None:
        environment = self._environment
        if environment.loader is None:
            raise TemplateNotFound(name)
        source, _, _ = environment.loader.get_source(environment, name)
        try:
            return environment.parse(source, name)
        except TemplateSyntaxError:  # said by the host's own pages
            return None


class HostLayout:
    """The host's template *base* around ours; ``problem`` is what it is known to lack."""

    def __init__(self, base: str, templates: LayoutTemplates) -> None:
        self.base = base
        self.problem: str | None = None
        self._templates = templates
        self._is_told = False

    def look(self) -> None:
        """Log what the layout lacks, as far as its source can tell."""
        try:
            blocks = self._templates.list_blocks(self.base)
        except TemplateNotFound:
            self._note("is not there")
            return
        if blocks is not None:
            self._note(_describe([name for name in _MARKS if name not in blocks]))

    def render(self, template: str, values: Mapping[str, Any]) -> str | None:
        """Return the page; None where the layout does not hold it, which is logged once.

        Without the block of the content the page would be empty, and without the head's it would
        have neither style nor script; there is no page at all without the template.
        """
        try:
            page = self._templates.render(template, values)
        except TemplateNotFound as missing:
            if missing.name != self.base:
                raise
            self._note("is not there")
            return None
        problem = _describe([name for name, mark in _MARKS.items() if mark not in page])
        self._note(problem)
        return page if problem is None else None

    def _note(self, problem: str | None) -> None:
        self.problem = problem
        if problem is not None and not self._is_told:
            self._is_told = True
            log.error(
                "base_template: %s %s, so the setup page is shown in portalkey's own layout. It "
                "has to be a template of the app's with the blocks title, head and content.",
                self.base,
                problem,
            )


def _describe(lacking: list[str]) -> str | None:
    return f"has no block {' and no block '.join(lacking)}" if lacking else None
