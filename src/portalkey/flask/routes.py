"""Registers the blueprint ``hubspot_auth`` with an app."""

from flask import Flask, render_template

from portalkey.broker.broker import Broker
from portalkey.flask.extension import HubSpotAuth
from portalkey.flask.hubspot_auth import (
    EXTENSION,
    exempt_from_flask_wtf,
    hubspot_connect_url,
    make_blueprint,
)
from portalkey.flask.session_store import SessionStore
from portalkey.flask.visitor import visitor
from portalkey.settings.surroundings import Host
from portalkey.settings.warnings import find_host_warnings, log_warnings
from portalkey.web.header_middleware import HeaderMiddleware
from portalkey.web.rendering import make_host_renderer
from portalkey.web.router import Router


def register(extension: HubSpotAuth, app: Flask, broker: Broker | None) -> None:
    """Register with *app* as *extension* says; see ``HubSpotAuth.init_app``."""
    broker = broker or Broker.from_env()
    if extension.store == "session":
        _store_in_session(app, broker)
    elif broker.is_personal:
        raise ValueError('this broker keeps connections in sessions: say store="session" too')
    render_with_host = make_host_renderer(
        lambda: app.jinja_env, lambda template, context: render_template(template, **context)
    )
    router = Router.of(broker, extension.options, app.jinja_loader, render_with_host)
    log_warnings(find_host_warnings(broker.settings, _describe(app)))
    # Nothing of the app is kept on the extension: one extension may serve several apps.
    app.extensions[EXTENSION] = (router, extension.owner or visitor)
    app.register_blueprint(make_blueprint(router.routes))
    app.jinja_env.globals["hubspot_connect_url"] = hubspot_connect_url
    # Ahead of the host's own check.
    app.before_request_funcs.setdefault(None, []).insert(0, exempt_from_flask_wtf)
    app.wsgi_app = HeaderMiddleware(app.wsgi_app)  # type: ignore[method-assign]


def _describe(app: Flask) -> Host:
    return Host(
        is_debug=app.debug,
        is_secure=app.config["SESSION_COOKIE_SECURE"],
        is_httponly=app.config["SESSION_COOKIE_HTTPONLY"],
        samesite=app.config["SESSION_COOKIE_SAMESITE"],
    )


def _store_in_session(app: Flask, broker: Broker) -> None:
    # One broker may serve several apps, or one app made several times.
    sessions = broker.wrap_store(
        lambda store: store if isinstance(store, SessionStore) else SessionStore(store)
    )
    app.after_request(sessions.write_back)
