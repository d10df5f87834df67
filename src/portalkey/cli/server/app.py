"""A small Flask app around the blueprint: one owner per visitor's signed session."""

import secrets
from typing import TYPE_CHECKING, Literal

from flask import Flask, abort, redirect, request, session
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response

from portalkey.errors import PortalkeyError
from portalkey.flask import HubSpotAuth

if TYPE_CHECKING:
    from portalkey.broker.broker import Broker
    from portalkey.settings.settings import Settings

_ELSEWHERE = 421
_OWNER = "owner"
_YEAR = 365 * 24 * 3600


def create_app(
    broker: "Broker",
    *,
    session_cookie: str = "portalkey_session",
    store: Literal["session"] | None = None,
) -> Flask:
    """Return the standalone app.

    Args:
        broker: Its settings name the app's host; any other Host is answered with 421, so that no
            foreign name can be made to point here (DNS rebinding).
        session_cookie: The session cookie's name. Cookies ignore ports, so apps that run on one
            host at different ports need different names.
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
    _answer_own_host_only(app, broker.settings)
    HubSpotAuth(app, broker, owner=_visitor, store=store)
    _add_own_routes(app, broker)
    app.register_error_handler(HTTPException, _as_text)
    return app


def _visitor() -> str:
    """Return this visitor's owner id, made at the first visit and kept in the signed session."""
    if _OWNER not in session:
        session[_OWNER] = f"visitor-{secrets.token_hex(8)}"
        session.permanent = True
    return str(session[_OWNER])


def _answer_own_host_only(app: Flask, settings: "Settings") -> None:
    def check_host() -> None:
        if request.headers.get("Host", "") != settings.host:
            abort(_ELSEWHERE, f"This app answers at {settings.public_url} only; open it there.")

    app.before_request(check_host)


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


def _as_text(error: HTTPException) -> tuple[str, int, dict[str, str]]:
    """Return an error as one line of plain text, without a page that could leak anything."""
    headers = {
        "Content-Type": "text/plain; charset=utf-8",
        "Cache-Control": "no-store",
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
    }
    allowed = error.get_response().headers.get("Allow")
    if allowed:
        headers["Allow"] = allowed
    # Only what is written here: an extension's words may hold anything.
    sentence = f"\n{error.description}" if error.code == _ELSEWHERE else ""
    return f"{error.code} {error.name}{sentence}\n", error.code or 500, headers
