"""The path that the standalone app is mounted at."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment


class Mount:
    """Serves a WSGI app below *path*, whether a proxy takes that off the address or not."""

    def __init__(self, app: "WSGIApplication", path: str) -> None:
        self._app, self._path = app, path

    def __call__(
        self, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        """Answer like the app, which reads of its mount in the usual place (PEP 3333)."""
        path = environ.get("PATH_INFO", "")
        if self._path and f"{path}/".startswith(f"{self._path}/"):
            path = path[len(self._path) :]
        return self._app({**environ, "SCRIPT_NAME": self._path, "PATH_INFO": path}, start_response)
