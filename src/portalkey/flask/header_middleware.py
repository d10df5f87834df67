"""Our responses' headers have the last word, whatever else the host lays on every response.

Flask-Talisman, a site-wide ``Cross-Origin-Opener-Policy`` or an error page of the host's would
otherwise cut the popup off from its opener, or let a page of the chain be framed and cached.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from portalkey.web import headers

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

SAID = "portalkey.headers"
"""Where a view leaves the headers of its answer in the WSGI environment."""


class HeaderMiddleware:
    """Wraps a WSGI app; touches nothing but the headers of our own paths."""

    def __init__(self, app: "WSGIApplication") -> None:
        self._app = app

    def __call__(
        self, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        """Answer like the app, with our headers in place of others of the same names."""

        def start(status: str, given: list[tuple[str, str]], *trouble: object) -> object:
            ours = environ.get(SAID) or headers.of_path(environ.get("PATH_INFO", ""))
            names = {name.lower() for name in ours}
            kept = [(name, value) for name, value in given if name.lower() not in names]
            return start_response(status, [*kept, *ours.items()], *trouble)  # type: ignore[arg-type]

        return self._app(environ, start)  # type: ignore[arg-type]
