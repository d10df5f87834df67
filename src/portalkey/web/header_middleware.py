"""WSGI middleware: our responses' headers have the last word over the host's.

Flask-Talisman, a site-wide ``Cross-Origin-Opener-Policy`` or an error page of the host's would
otherwise cut the popup off from its opener, or let a page of the chain be framed and cached.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from portalkey.web import headers

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

HEADERS_KEY = "portalkey.headers"
"""The key in the WSGI environment under which a skin leaves the headers of its response."""


class HeaderMiddleware:
    """Wraps a WSGI app; touches nothing but the headers of our own paths."""

    def __init__(self, app: "WSGIApplication") -> None:
        self._app = app

    def __call__(
        self, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        """Answer like the app, with our headers in place of others of the same names."""

        def start(status: str, sent: list[tuple[str, str]], *exc_info: object) -> object:
            ours = environ.get(HEADERS_KEY) or headers.of_path(environ.get("PATH_INFO", ""))
            return start_response(status, replace_headers(sent, ours), *exc_info)  # type: ignore[arg-type]

        return self._app(environ, start)  # type: ignore[arg-type]


def replace_headers(
    sent: Sequence[tuple[str, str]], ours: Mapping[str, str]
) -> list[tuple[str, str]]:
    """Return the headers *sent*, with *ours* in place of those of the same names.

    What a cache may keep bears nobody's cookie, though a host may send its session's with every
    answer: the cache might hand it to the next one.
    """
    names = {name.lower() for name in ours}
    if ours.get("Cache-Control", "no-store") != "no-store":
        names.add("set-cookie")
    others = [(name, value) for name, value in sent if name.lower() not in names]
    return [*others, *ours.items()]
