"""An app of somebody else's, with a policy of its own for the windows that it opens."""

import threading
import time
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from flask import Flask, Response, render_template_string, request

from portalkey.broker import Broker
from portalkey.flask import HubSpotAuth
from support.patience import PATIENCE

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

PAGE = (Path(__file__).parent / "host.html").read_text()
OWNER = "ada"


class Host:
    """The app, and what a test decides about it.

    ``opener_policy`` is sent as ``Cross-Origin-Opener-Policy`` of its page. While
    ``answers_start`` is not set, whoever opens ``/auth/hubspot/start`` waits. ``called_back`` is
    when HubSpot's redirect was last answered, in seconds since 1970, and ``callbacks`` are the
    addresses of all of them. ``forced`` are headers by the path whose every answer carries them
    instead of its own, as behind a reverse proxy.
    """

    def __init__(self, broker: Broker) -> None:
        self.url = broker.settings.public_url
        self.opener_policy: str | None = None
        self.answers_start = threading.Event()
        self.answers_start.set()
        self.called_back = 0.0
        self.callbacks: list[str] = []
        self.forced: defaultdict[str, dict[str, str]] = defaultdict(dict)
        self.app = Flask("host")
        self.app.secret_key = "of-the-host"
        self.app.add_url_rule("/", "front", self._front)
        self.app.before_request(self._wait)
        self.app.after_request(self._note)
        HubSpotAuth(self.app, broker, owner=lambda: OWNER)
        # The app's own headers have the last word inside of it, so this stands outside.
        self.app.wsgi_app = Proxy(self.app.wsgi_app, self.forced)  # type: ignore[method-assign]

    def _front(self) -> Response:
        response = Response(render_template_string(PAGE))
        if self.opener_policy is not None:
            response.headers["Cross-Origin-Opener-Policy"] = self.opener_policy
        return response

    def _wait(self) -> None:
        if request.endpoint == "hubspot_auth.start":
            self.answers_start.wait(PATIENCE)

    def _note(self, response: Response) -> Response:
        if request.endpoint == "hubspot_auth.callback":
            self.called_back = time.time()
            self.callbacks.append(request.url)
        return response


class Proxy:
    """Stands before an app, and puts headers of its own in place of the app's."""

    def __init__(self, app: "WSGIApplication", forced: defaultdict[str, dict[str, str]]) -> None:
        """Force the headers that *forced* has for a path."""
        self._app = app
        self._forced = forced

    def __call__(
        self, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        """Answer like the app, but for the headers."""

        def start(status: str, given: list[tuple[str, str]], *trouble: object) -> object:
            forced = self._forced[environ.get("PATH_INFO", "")]
            names = {name.lower() for name in forced}
            kept = [(name, value) for name, value in given if name.lower() not in names]
            return start_response(status, [*kept, *forced.items()], *trouble)  # type: ignore[arg-type]

        return self._app(environ, start)  # type: ignore[arg-type]
