"""Headers of ours that a host lays its own over."""

import pytest
from flask import Flask, Response

from portalkey.broker import Broker
from portalkey.flask import HubSpotAuth

SITE_WIDE = {
    "Cross-Origin-Opener-Policy": "same-origin",
    "Content-Security-Policy": "default-src 'none'; script-src 'none'",
    "Referrer-Policy": "unsafe-url",
    "Cache-Control": "public, max-age=600",
    "X-Frame-Options": "ALLOWALL",
}


@pytest.fixture
def app(broker: Broker) -> Flask:
    """A host that lays headers on every response."""
    app = Flask("host")
    app.config.update(SECRET_KEY="x", PROPAGATE_EXCEPTIONS=False)
    app.add_url_rule("/own", "own", lambda: "own")
    HubSpotAuth(app, broker, owner=lambda: "ada")

    @app.after_request
    def lay_on(response: Response) -> Response:
        response.headers.update(SITE_WIDE)
        return response

    return app


CHAIN = ["start", "callback?code=x", "done?attempt=x", "complete?attempt=x", "nothing-here"]


@pytest.mark.parametrize("page", CHAIN)
@pytest.mark.parametrize("method", ["GET", "POST", "HEAD", "DELETE"])
def test_the_chain_keeps_its_headers(app: Flask, page: str, method: str) -> None:
    """Pages, redirects, refusals, 404 and 405 alike."""
    answer = app.test_client().open(f"/auth/hubspot/{page}", method=method)

    assert answer.headers.getlist("Cross-Origin-Opener-Policy") == ["unsafe-none"]
    assert answer.headers.getlist("Cache-Control") == ["no-store"]
    assert answer.headers.getlist("X-Frame-Options") == ["DENY"]
    assert "script-src 'self'" in answer.headers["Content-Security-Policy"]


def test_the_setup_page_keeps_its_own(app: Flask) -> None:
    """It opens popups and posts forms."""
    answer = app.test_client().get("/connections/setup")

    assert answer.headers["Cross-Origin-Opener-Policy"] == "same-origin-allow-popups"
    assert answer.headers["Referrer-Policy"] == "same-origin"


def test_json_is_not_cached(app: Flask) -> None:
    """Whatever the host says of its own."""
    for path in ("/api/hubspot/status", "/api/hubspot/nothing"):
        assert app.test_client().get(path).headers["Cache-Control"] == "no-store"


def test_scripts_may_be_cached_but_not_sniffed(app: Flask) -> None:
    """They hold nothing private."""
    with app.test_client().get("/auth/hubspot/static/done.js") as answer:
        pass

    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cross-Origin-Resource-Policy"] == "same-site"


def test_the_hosts_own_pages_are_the_hosts(app: Flask) -> None:
    """Nothing of ours is laid on them."""
    answer = app.test_client().get("/own")

    assert answer.headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert answer.headers["Cache-Control"] == "public, max-age=600"
