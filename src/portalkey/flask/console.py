"""The console's extension, as yet without an app; what it needs is loaded as it meets one."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from flask import Flask, Request

from portalkey.web.console.extension import PATH, ConsoleExtension

if TYPE_CHECKING:
    from portalkey.broker.broker import Broker

Allow = Callable[[Request], str | None]
"""The operator's name, of whoever sent this request; None where they are no operator."""


class HubSpotConsole(ConsoleExtension[Flask]):
    """The operator's console for a Flask app; its arguments are those of every skin."""

    def __init__(
        self,
        app: Flask | None = None,
        broker: "Broker | None" = None,
        *,
        allow: Allow,
        path: str = PATH,
        name: str = "",
    ) -> None:
        super().__init__(app, broker, allow=allow, path=path, name=name)

    def _register(self, app: Flask, broker: "Broker") -> None:
        from portalkey.flask.console_routes import find_logo, register_console  # noqa: PLC0415 - as its base says
        from portalkey.web.console.console import Console  # noqa: PLC0415 - as its base says

        console = Console(broker, self.path, find_logo)
        register_console(app, console, self.path, self.allow, self.name)
