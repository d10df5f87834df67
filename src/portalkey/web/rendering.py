"""Pages from templates; a host app's ``portalkey/...`` templates come before ours."""

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial
from typing import Any

from jinja2 import (
    BaseLoader,
    ChoiceLoader,
    Environment,
    PackageLoader,
    PrefixLoader,
    StrictUndefined,
)

from portalkey.settings.settings import Settings
from portalkey.web.strings import Strings, direction

RenderWithHost = Callable[[str, Mapping[str, Any]], str]
"""Renders the template of this name with a host's own context around what is given."""
BASE = "portalkey/base.html"


def with_ours(host: BaseLoader | None) -> BaseLoader:
    """The *host*'s templates, and ours behind them.

    ``portalkey/base.html`` is the host's where it has one, and ours otherwise;
    ``!portalkey/base.html`` is always ours, so that a host's can extend it.
    """
    package = PackageLoader("portalkey.web")
    ours = PrefixLoader({"portalkey": package, "!portalkey": package})
    return ours if host is None else ChoiceLoader([host, ours])


class Renderer:
    """Renders our pages; says on each whether a simulator plays HubSpot.

    Args:
        settings: Where the app is mounted, and whether HubSpot is played.
        host: The host app's own templates.
        strings: What the pages say.
        base: The host's template that the setup page extends, instead of ours.
        with_host: Renders the setup page where *base* is the host's.
    """

    def __init__(
        self,
        settings: Settings,
        host: BaseLoader | None = None,
        *,
        strings: Strings | None = None,
        base: str | None = None,
        with_host: RenderWithHost | None = None,
    ) -> None:
        self.strings = strings or Strings()
        self._base = base
        self._with_host = with_host
        self._environment = Environment(
            loader=with_ours(host), autoescape=True, undefined=StrictUndefined, trim_blocks=True
        )
        static = f"{settings.mount}/auth/hubspot/static"
        self._always = {
            "pk_static": lambda name: f"{static}/{name}",
            "pk_simulated": settings.is_simulated,
        }

    @property
    def extends_host(self) -> bool:
        """True where the setup page is a page of the host's own layout."""
        return self._base is not None and self._with_host is not None

    def __call__(self, template: str, *, language: str | None = None, **context: Any) -> str:  # noqa: ANN401 - templates take anything
        """The page that *template* makes of *context*, in *language* or the default's."""
        return self._own(f"portalkey/{template}", self._in(language, BASE, context))

    def setup(self, template: str, *, language: str | None = None, **context: Any) -> str:  # noqa: ANN401 - templates take anything
        """The same for the page that may extend the host's layout."""
        if self._base is None or self._with_host is None:
            return self(template, language=language, **context)
        return self._with_host(f"portalkey/{template}", self._in(language, self._base, context))

    def _own(self, template: str, context: Mapping[str, Any]) -> str:
        return self._environment.get_template(template).render(context)

    def _in(self, tag: str | None, base: str, context: Mapping[str, Any]) -> dict[str, Any]:
        """*context*, and what every page can use.

        What a host's layout might have a name for itself is called ``pk_``.
        """
        language = self.strings.language(tag)
        date: Callable[[datetime], str] = partial(self.strings.date, language)
        return {
            **self._always,
            "base": base,
            "is_own_base": base == BASE,
            "pk_language": language,
            "pk_direction": direction(language),
            "say": partial(self.strings.say, language),
            "pk_date": date,
            **context,
        }
