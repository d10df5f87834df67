"""Base of every skin's ``HubSpotConsole``, as yet without an app."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from portalkey.web.app_names import require_name

if TYPE_CHECKING:
    from portalkey.broker.broker import Broker

PATH = "/console"
"""The console's path where the app names no other."""

App = TypeVar("App")


class ConsoleExtension(ABC, Generic[App]):
    """The operator's console for an app.

    Args:
        app: The app, or None to call ``init_app`` later.
        broker: The broker, or None to give it to ``init_app``.
        allow: Called with each request: returns the operator's name, which the audit holds with all
            that they do, or None. Whoever is None meets the app's own 404, whatever they ask for.
            There is no default: whoever comes in sees all owners, and can end and erase what is
            theirs.
        path: Path of the console in the app; of a HubSpot app with a name, below its prefix.
        name: The HubSpot app that *broker* is of, where there are several.

    Raises:
        TypeError: *allow* cannot be called.
        ValueError: *path* or *name* is none.
    """

    def __init__(
        self,
        app: App | None = None,
        broker: "Broker | None" = None,
        *,
        allow: Callable[..., Any],
        path: str = PATH,
        name: str = "",
    ) -> None:
        if not callable(allow):
            raise TypeError(
                "allow is needed: a function that is given the request, and returns the name of "
                "the operator who sent it, or None"
            )
        self.allow, self.path, self.name = allow, path, require_name(name)
        if app is not None:
            self.init_app(app, broker)

    def init_app(self, app: App, broker: "Broker | None" = None) -> None:
        """Register with *app*; without a *broker*, one is made from the environment.

        Raises:
            BadSettings, StoreUnusable: The broker cannot be made from the environment.
            ValueError: The path of the console is none.
        """
        # Imported here: with it come the settings, the store and the wire.
        from portalkey.broker.broker import Broker  # noqa: PLC0415 - see above

        self._register(app, broker or Broker.from_env())

    @abstractmethod
    def _register(self, app: App, broker: "Broker") -> None:
        """Add the console's routes to *app*."""
