"""The apps that servers run: ``app`` is the one that BENCH_APP names, at BENCH_PLACE.

Whose request it is stands in a header, as a sign-in is not what is measured.
"""

import http.client
import json
import os
import threading
from collections.abc import Mapping

from flask import Flask, g, request

from bench.place import Place, make_broker

OWNER_HEADER = "X-Owner"


def portalkey(place: Place) -> Flask:
    """The routes of portalkey, and two of the app's own."""
    from portalkey.flask import HubSpotAuth  # noqa: PLC0415 - only this app has it
    from portalkey.flask.hubspot_auth import hubspot_connect_url  # noqa: PLC0415

    app, broker, api = Flask(__name__), make_broker(place), Api(place)
    app.secret_key = "secret"
    HubSpotAuth(app, broker, owner=lambda: request.headers.get(OWNER_HEADER))
    app.add_url_rule("/link", "link", hubspot_connect_url)

    def call() -> Mapping[str, object]:
        owner = request.headers[OWNER_HEADER]
        told = [api.whoami(broker.access_token(owner)) for _ in range(_times())]
        return {"hub_ids": [each["hub_id"] for each in told]}

    app.add_url_rule("/call", "call", call)
    return app


def flask_dance(place: Place) -> Flask:
    """Flask-Dance's routes, and one of the app's own."""
    from bench.flask_dance_peer import make_app  # noqa: PLC0415 - only this app has it

    app, _ = make_app(place)
    blueprint = app.extensions["bench"]

    def know_owner() -> None:
        g.owner = request.headers.get(OWNER_HEADER)

    def call() -> Mapping[str, object]:
        told = [blueprint.session.get("/whoami").json() for _ in range(_times())]
        return {"hub_ids": [each["hub_id"] for each in told]}

    app.before_request(know_owner)
    app.add_url_rule("/call", "call", call)
    return app


def _times() -> int:
    """How often this request has the API called, one after another."""
    return request.args.get("times", 1, int)


class Api:
    """A kept connection to the endpoint for each thread."""

    def __init__(self, place: Place) -> None:
        """Ask the endpoint of *place*."""
        self._port = place.port
        self._local = threading.local()

    def whoami(self, token: str) -> Mapping[str, object]:
        """Whose *token* it is, as the API sees it."""
        if not hasattr(self._local, "connection"):
            self._local.connection = http.client.HTTPConnection("127.0.0.1", self._port)
        connection: http.client.HTTPConnection = self._local.connection
        connection.request("GET", "/whoami", headers={"Authorization": f"Bearer {token}"})
        told: Mapping[str, object] = json.loads(connection.getresponse().read())
        return told


APPS = {"portalkey": portalkey, "flask_dance": flask_dance}


def _made() -> Flask:
    app = APPS[os.environ["BENCH_APP"]](Place(**json.loads(os.environ["BENCH_PLACE"])))
    app.add_url_rule("/ready", "ready", lambda: "ready")
    return app


if "BENCH_APP" in os.environ:
    app = _made()
