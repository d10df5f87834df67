"""The site's own layout around our pages, whichever of Django's engines renders it."""

from collections.abc import Iterator, Mapping
from typing import Any

import jinja2
from django.template import TemplateDoesNotExist, TemplateSyntaxError, engines
from django.template.backends.base import BaseEngine
from django.template.backends.django import DjangoTemplates as DjangoEngine
from django.template.loader_tags import BlockNode, ExtendsNode
from django.utils.safestring import mark_safe

from portalkey.django.current import current_request
from portalkey.web.host_layout import HostTemplates, LayoutTemplates
from portalkey.web.page_blocks import PageBlocks
from portalkey.web.rendering import with_ours

_AROUND = """\
{% extends pk_base %}\
{% block title %}{{ pk_title }}{% endblock %}\
{% block head %}{{ block.super }}{{ pk_head }}{% endblock %}\
{% block content %}{{ pk_content }}{% endblock %}\
"""


def find_jinja_loader() -> jinja2.BaseLoader | None:
    """Return the loader of the site's Jinja templates, whose ``portalkey/...`` come before ours."""
    for engine in engines.all():
        environment = getattr(engine, "env", None)
        if isinstance(environment, jinja2.Environment):
            return environment.loader
    return None


def choose_templates(base: str) -> LayoutTemplates:
    """Return what renders our pages within *base*: the engine that has such a template."""
    engine = next(_engines_with(base), None)
    environment = getattr(engine, "env", None)
    if isinstance(environment, jinja2.Environment):
        return HostTemplates(lambda: with_ours(environment), _JinjaPages(engine).render)
    return DjangoTemplates(base)


def _engines_with(base: str) -> Iterator[BaseEngine]:
    for engine in engines.all():
        try:
            engine.get_template(base)
        except TemplateDoesNotExist:
            continue
        except TemplateSyntaxError:  # said by the site's own pages
            pass
        yield engine


class _JinjaPages:
    """Renders with what an engine of the site's gives to its own pages."""

    def __init__(self, engine: Any) -> None:  # noqa: ANN401 - Django has no types
        self._engine = engine

    def render(self, template: jinja2.Template, context: Mapping[str, Any]) -> str:
        request = current_request()
        facts: dict[str, Any] = {"request": request}
        for process in self._engine.template_context_processors:
            facts.update(process(request))
        return template.render({**facts, **context})


class DjangoTemplates:
    """Django's own templates: ours are rendered by blocks, and set into the blocks of *base*."""

    def __init__(self, base: str) -> None:
        self._base = base
        self._blocks = PageBlocks(find_jinja_loader())

    def render(self, name: str, context: Mapping[str, Any]) -> str:
        """Return the page that the template *name* makes of *context*, within the site's layout.

        Raises:
            TemplateNotFound: There is no such layout.
        """
        # Text that our own templates have escaped already.
        blocks = self._blocks.render(name, context)
        ours = {f"pk_{block}": mark_safe(text) for block, text in blocks.items()}  # noqa: S308 - see above
        around = self._find_engine().from_string(_AROUND)
        facts = {key: value for key, value in context.items() if key.startswith("pk_")}
        return str(around.render({**facts, **ours, "pk_base": self._base}, current_request()))

    def list_blocks(self, name: str) -> set[str] | None:
        """Return the blocks of a template and of those it extends; None where only a page can tell.

        Raises:
            TemplateNotFound: There is no such template.
        """
        engine, blocks, seen = self._find_engine(), set(), set()
        parent: str | None = name
        while parent is not None and parent not in seen:
            seen.add(parent)
            try:
                nodes = engine.get_template(parent).template.nodelist
            except TemplateDoesNotExist as missing:
                raise jinja2.TemplateNotFound(parent) from missing
            except TemplateSyntaxError:  # said by the site's own pages
                return None
            blocks |= {each.name for each in nodes.get_nodes_by_type(BlockNode)}
            extended = next(iter(nodes.get_nodes_by_type(ExtendsNode)), None)
            if extended is None:
                return blocks
            named = extended.parent_name.var
            parent = named if isinstance(named, str) and not extended.parent_name.filters else None
        return None

    def _find_engine(self) -> Any:  # noqa: ANN401 - Django has no types
        for engine in _engines_with(self._base):
            if isinstance(engine, DjangoEngine):
                return engine
        raise jinja2.TemplateNotFound(self._base)
