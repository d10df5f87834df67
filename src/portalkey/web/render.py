"""Pages from templates; a host app's ``portalkey/...`` templates come before ours."""

from collections.abc import Callable
from typing import Any

from jinja2 import BaseLoader, ChoiceLoader, Environment, PackageLoader, StrictUndefined

from portalkey.settings import Settings

Source = tuple[str, str | None, Callable[[], bool] | None]


class HostTemplates(BaseLoader):
    """The host's own templates: ``portalkey/connections/setup.html`` for our setup page."""

    def __init__(self, loader: BaseLoader) -> None:
        self._loader = loader

    def get_source(self, environment: Environment, template: str) -> Source:
        """The host's source for *template*, if it has one."""
        return self._loader.get_source(environment, f"portalkey/{template}")


class Renderer:
    """Renders our pages; says on each whether a simulator plays HubSpot."""

    def __init__(self, settings: Settings, host: BaseLoader | None = None) -> None:
        ours = PackageLoader("portalkey.web")
        loader = ours if host is None else ChoiceLoader([HostTemplates(host), ours])
        self._environment = Environment(
            loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True
        )
        static = f"{settings.mount}/auth/hubspot/static"
        self._environment.globals.update(
            static=lambda name: f"{static}/{name}", language="en", simulated=settings.is_simulated
        )

    def __call__(self, template: str, **context: Any) -> str:  # noqa: ANN401 - templates take anything
        """The page that *template* makes of *context*."""
        return self._environment.get_template(template).render(**context)
