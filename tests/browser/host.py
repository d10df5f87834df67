"""An app of somebody else's, with a policy of its own for the windows that it opens."""

import threading
import time
from pathlib import Path

from flask import Flask, Response, render_template_string, request

from portalkey.broker import Broker
from portalkey.flask import HubSpotAuth

PAGE = (Path(__file__).parent / "host.html").read_text()
OWNER = "ada"


class Host:
    """The app, and what a test decides about it.

    ``opener_policy`` is sent as ``Cross-Origin-Opener-Policy`` of its page. While
    ``answers_start`` is not set, whoever opens ``/auth/hubspot/start`` waits. ``called_back`` is
    when HubSpot's redirect was last answered, in seconds since 1970.
    """

    def __init__(self, broker: Broker) -> None:
        self.url = broker.settings.public_url
        self.opener_policy: str | None = None
        self.answers_start = threading.Event()
        self.answers_start.set()
        self.called_back = 0.0
        self.app = Flask("host")
        self.app.secret_key = "of-the-host"
        self.app.add_url_rule("/", "front", self._front)
        self.app.before_request(self._wait)
        self.app.after_request(self._note)
        HubSpotAuth(self.app, broker, owner=lambda: OWNER)

    def _front(self) -> Response:
        response = Response(render_template_string(PAGE))
        if self.opener_policy is not None:
            response.headers["Cross-Origin-Opener-Policy"] = self.opener_policy
        return response

    def _wait(self) -> None:
        if request.endpoint == "hubspot_auth.start":
            self.answers_start.wait(30)

    def _note(self, response: Response) -> Response:
        if request.endpoint == "hubspot_auth.callback":
            self.called_back = time.time()
        return response
