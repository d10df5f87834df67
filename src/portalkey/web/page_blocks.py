"""A page of ours by its blocks, for a host whose layout another engine than Jinja renders."""

import secrets
from collections.abc import Mapping
from typing import Any

from jinja2 import BaseLoader, ChoiceLoader, DictLoader, Environment, StrictUndefined

from portalkey.web.rendering import template_loader

BLOCKS = ("title", "head", "content")
"""The blocks that a host's layout has for ours."""
_BASE = "portalkey blocks"
_TEMPLATE = "{{ pk_cut }}".join(f"{{% block {name} %}}{{% endblock %}}" for name in BLOCKS)


class PageBlocks:
    """Renders our pages on a layout that is nothing but their blocks."""

    def __init__(self, host: BaseLoader | None = None) -> None:
        """Load templates of the *host*'s before ours."""
        self._environment = Environment(
            loader=ChoiceLoader([DictLoader({_BASE: _TEMPLATE}), template_loader(host)]),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
        )

    def render(self, name: str, context: Mapping[str, Any]) -> dict[str, str]:
        """Return the HTML of each block that the template *name* makes of *context*."""
        # Nobody's text can hold it: what a block says stays in that block.
        cut = secrets.token_hex(16)
        template = self._environment.get_template(name)
        parts = template.render({**context, "base": _BASE, "pk_cut": cut}).split(cut)
        return dict(zip(BLOCKS, parts, strict=True))
