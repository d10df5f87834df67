"""Pages from templates; a host app's ``portalkey/...`` templates come before ours."""

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from jinja2 import (
    BaseLoader,
    ChoiceLoader,
    Environment,
    PackageLoader,
    PrefixLoader,
    StrictUndefined,
)
from markupsafe import Markup

from portalkey.web.host_layout import HostLayout, LayoutTemplates
from portalkey.web.permissions import group
from portalkey.web.static_files import static_address
from portalkey.web.strings import Strings, direction

if TYPE_CHECKING:
    from portalkey.settings.settings import Settings

FindStaticFile = Callable[[str], str]
"""Returns the address of this file in the app's static folder."""
OWN_BASE = "portalkey/base.html"


def template_loader(host: BaseLoader | None) -> BaseLoader:
    """Return the *host*'s templates, and ours behind them.

    ``portalkey/base.html`` is the host's where it has one, and ours otherwise;
    ``!portalkey/base.html`` is always ours, so that a host's can extend it.
    """
    package = PackageLoader("portalkey.web")
    ours = PrefixLoader({"portalkey": package, "!portalkey": package})
    return ours if host is None else ChoiceLoader([host, ours])


def with_ours(host: Environment) -> Environment:
    """Return a *host*'s environment, with its globals and filters, and our templates behind its."""
    return host.overlay(loader=template_loader(host.loader))


class Renderer:
    """Renders our pages; says on each whether a simulator plays HubSpot.

    Args:
        settings: Say where the app is mounted, and whether HubSpot is simulated.
        host: The host app's own templates.
        strings: The texts of the pages.
        base: The host's template that the setup page extends, instead of ours.
        host_templates: Render the setup page where *base* is the host's.
        find_static_file: Finds the app's logo, where it is a file of the app's.
    """

    def __init__(
        self,
        settings: "Settings",
        host: BaseLoader | None = None,
        *,
        strings: Strings | None = None,
        base: str | None = None,
        host_templates: LayoutTemplates | None = None,
        find_static_file: FindStaticFile | None = None,
    ) -> None:
        self.strings = strings or Strings()
        self._layout = HostLayout(base, host_templates) if base and host_templates else None
        self._environment = Environment(
            loader=template_loader(host),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
        )
        self._logo = settings.app_logo
        self._find_static_file = find_static_file
        self._globals = {
            "pk_app_name": settings.app_name,
            "pk_app_host": urlsplit(settings.public_url).netloc,
            "pk_static": lambda name: f"{settings.mount}{static_address(name)}",
            "pk_simulated": settings.is_simulated,
        }

    def __call__(self, template: str, *, language: str | None = None, **context: Any) -> str:  # noqa: ANN401 - templates take anything
        """Return the page that *template* makes of *context*, in *language* or the default's."""
        page = self._environment.get_template(f"portalkey/{template}")
        return page.render(self._context(language, OWN_BASE, context))

    def look_at_layout(self) -> None:
        """Log what the host's layout lacks, where it has named one."""
        if self._layout is not None:
            self._layout.look()

    def in_host_layout(
        self,
        template: str,
        *,
        language: str | None = None,
        **context: Any,  # noqa: ANN401 - templates take anything
    ) -> str | None:
        """Return the same in the host's layout; None where it has named none that will do."""
        if self._layout is None:
            return None
        values = self._context(language, self._layout.base, context)
        return self._layout.render(f"portalkey/{template}", values)

    def _context(self, tag: str | None, base: str, context: Mapping[str, Any]) -> dict[str, Any]:
        """Return *context*, and what every page can use.

        Names that a host's layout might have as well begin with ``pk_``.
        """
        language = self.strings.language(tag)
        strings, app = self.strings, self._globals["pk_app_name"]
        say: Callable[..., Markup] = partial(strings.say, language, app=app)
        date: Callable[[datetime], str] = partial(strings.date, language)
        ago: Callable[[datetime, datetime], str] = partial(strings.ago, language)
        return {
            **self._globals,
            "pk_app_logo": self._find_logo(),
            "base": base,
            "is_own_base": base == OWN_BASE,
            "pk_layout_problem": self._layout.problem if self._layout else None,
            "pk_language": language,
            "pk_direction": direction(language),
            "say": say,
            "pk_date": date,
            "pk_ago": ago,
            "pk_permissions": partial(
                group, say=say, known=partial(strings.has, language=language)
            ),
            **context,
        }

    def _find_logo(self) -> str | None:
        """Return the address of the app's logo, where it has one."""
        if not self._logo or self._logo.startswith("data:"):
            return self._logo or None
        return self._find_static_file(self._logo) if self._find_static_file else None
