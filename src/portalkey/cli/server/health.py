"""Health and metrics of the standalone app, for whatever watches it."""

import hmac
from typing import TYPE_CHECKING

from flask import Flask, request
from pydantic import SecretStr
from werkzeug.wrappers import Response

from portalkey.errors import PortalkeyError

if TYPE_CHECKING:
    from portalkey.broker.broker import Broker

ALIVE, READY, METRICS = "/healthz", "/readyz", "/metrics"
PATHS = frozenset({ALIVE, READY, METRICS})
"""Paths that are answered by any Host: who watches asks by an address."""


def add_health(app: Flask, broker: "Broker", metrics_token: SecretStr | None = None) -> None:
    """Add ``/healthz`` and ``/readyz``, and ``/metrics`` for whoever has its token.

    Raises:
        LibraryUnusable: There is a token, and prometheus-client is not installed.
    """

    def healthz() -> dict[str, str]:
        return {"status": "ok"}

    def readyz() -> tuple[dict[str, str], int]:
        try:
            broker.now()
        except PortalkeyError as trouble:
            return {"status": trouble.code}, 503
        return {"status": "ok"}, 200

    app.add_url_rule(ALIVE, "healthz", healthz)
    app.add_url_rule(READY, "readyz", readyz)
    if metrics_token is not None:
        _add_metrics(app, broker, metrics_token)


def create_metrics_app(broker: "Broker", token: SecretStr | None) -> Flask:
    """Return an app of nothing but ``/metrics``, for a port of its own.

    Without a *token* it is for whoever reaches that port.

    Raises:
        LibraryUnusable: prometheus-client is not installed.
    """
    app = Flask("portalkey.cli.server.metrics", static_folder=None)
    _add_metrics(app, broker, token)
    return app


def _add_metrics(app: Flask, broker: "Broker", token: SecretStr | None) -> None:
    # Imported here: what only some need is an extra.
    from prometheus_client import CollectorRegistry  # noqa: PLC0415 - see above

    from portalkey.metrics import Metrics  # noqa: PLC0415 - see above

    metrics = Metrics(broker, CollectorRegistry())
    expected = None if token is None else f"Bearer {token.get_secret_value()}".encode()

    def show() -> Response:
        given = request.headers.get("Authorization", "").encode(errors="replace")
        if expected is not None and not hmac.compare_digest(given, expected):
            return Response("401 Unauthorized\n", 401, {"WWW-Authenticate": "Bearer"})
        return Response.from_app(metrics.wsgi_app, request.environ)

    app.add_url_rule(METRICS, "metrics", show)
