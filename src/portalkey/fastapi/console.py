"""The console's extension, as yet without an app; what it needs is loaded as it meets one."""

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.requests import Request

from portalkey.web.console.extension import PATH, ConsoleExtension

if TYPE_CHECKING:
    from portalkey.broker.broker import Broker

Allow = Callable[[Request], str | Awaitable[str | None] | None]
"""The operator's name, of whoever sent this request; None where they are no operator."""


class HubSpotConsole(ConsoleExtension[Starlette]):
    """The operator's console for a FastAPI or Starlette app.

    Its arguments are those of every skin. A plain *allow* is called on a thread; an ``async`` one
    is awaited on the app's event loop. The broker is closed at the end of the app's lifespan.
    ``init_app`` raises ``RuntimeError`` for an app that has answered already.
    """

    def __init__(
        self,
        app: Starlette | None = None,
        broker: "Broker | None" = None,
        *,
        allow: Allow,
        path: str = PATH,
        name: str = "",
    ) -> None:
        super().__init__(app, broker, allow=allow, path=path, name=name)

    def _register(self, app: Starlette, broker: "Broker") -> None:
        from portalkey.fastapi.console_routes import register_console  # noqa: PLC0415 - as its base says

        register_console(app, broker, self.path, self.allow, self.name)
