"""The console's extension, as yet without an app; what it needs is loaded as it meets one."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from flask import Flask, Request

if TYPE_CHECKING:
    from portalkey.broker.broker import Broker

Allow = Callable[[Request], str | None]
"""The operator's name, of whoever sent this request; None where they are no operator."""

PATH = "/console"


class HubSpotConsole:
    """The operator's console for a Flask app.

    Args:
        app: The app, or None to call ``init_app`` later.
        broker: The broker, or None to give it to ``init_app``.
        allow: Called with each request: returns the operator's name, which the audit holds with all
            that they do, or None. Whoever is None meets the app's own 404. There is no default:
            whoever comes in sees all owners, and can end and erase what is theirs.
        path: Path of the console in the app.

    Raises:
        TypeError: *allow* cannot be called.
        ValueError: *path* is none.
    """

    def __init__(
        self,
        app: Flask | None = None,
        broker: "Broker | None" = None,
        *,
        allow: Allow,
        path: str = PATH,
    ) -> None:
        if not callable(allow):
            raise TypeError(
                "allow is needed: a function that is given the request, and returns the name of "
                "the operator who sent it, or None"
            )
        self.allow, self.path = allow, path
        if app is not None:
            self.init_app(app, broker)

    def init_app(self, app: Flask, broker: "Broker | None" = None) -> None:
        """Register with *app*; without a *broker*, one is made from the environment.

        Raises:
            BadSettings, StoreUnusable: The broker cannot be made from the environment.
            ValueError: The path of the console is none.
        """
        # Imported here: with it come the settings, the store and the wire.
        from portalkey.broker.broker import Broker  # noqa: PLC0415 - see above
        from portalkey.flask.console_routes import find_logo, register_console  # noqa: PLC0415
        from portalkey.web.console.console import Console  # noqa: PLC0415 - see above

        console = Console(broker or Broker.from_env(), self.path, find_logo)
        register_console(app, console, self.path, self.allow)
