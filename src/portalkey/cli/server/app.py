"""A small Flask app around the blueprint."""

from typing import TYPE_CHECKING, Literal

from flask import Flask, redirect
from werkzeug.wrappers import Response

from portalkey.cli.server.error_pages import show_error_pages
from portalkey.cli.server.owners import Owners, one_per_session
from portalkey.errors import PortalkeyError
from portalkey.flask import HubSpotAuth

if TYPE_CHECKING:
    from portalkey.broker.broker import Broker

_YEAR = 365 * 24 * 3600


def create_app(
    broker: "Broker",
    *,
    session_cookie: str = "portalkey_session",
    owners: Owners | None = None,
    store: Literal["session"] | None = None,
) -> Flask:
    """Return the standalone app.

    Args:
        broker: Its settings name the app's host; any other Host is answered with 421, so that no
            foreign name can be made to point here (DNS rebinding).
        session_cookie: The session cookie's name. Cookies ignore ports, so apps that run on one
            host at different ports need different names.
        owners: Who visitors are; by default each session is an owner of its own.
        store: ``"session"`` keeps connections in visitors' sessions; see ``HubSpotAuth``.
    """
    app = Flask("portalkey.cli.server", static_folder=None)
    # With the older keys too, so that visitors stay who they are when keys are rotated.
    secret, *older = (each.get_secret_value() for each in broker.derive_keys("session"))
    app.config.update(
        SECRET_KEY=secret,
        SECRET_KEY_FALLBACKS=older,
        SESSION_COOKIE_NAME=session_cookie,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=broker.settings.is_secure,
        PERMANENT_SESSION_LIFETIME=_YEAR,
    )
    owners = owners or one_per_session()
    show_error_pages(app, broker.settings)
    HubSpotAuth(app, broker, owner=owners.find, owner_name=owners.name, store=store)
    _add_own_routes(app, broker)
    return app


def _add_own_routes(app: Flask, broker: "Broker") -> None:
    def home() -> Response:
        return redirect(f"{broker.settings.mount}/connections/setup", 303)

    def healthz() -> tuple[dict[str, str], int]:
        try:
            broker.now()
        except PortalkeyError as trouble:
            return {"status": trouble.code}, 503
        return {"status": "ok"}, 200

    app.add_url_rule("/", "home", home)
    app.add_url_rule("/healthz", "healthz", healthz)
