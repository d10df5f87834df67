"""Registers the blueprint ``hubspot_auth`` with an app."""

from contextlib import suppress
from pathlib import Path

from flask import Flask, render_template, url_for

from portalkey.broker.broker import Broker
from portalkey.errors import BadSettings
from portalkey.flask.extension import HubSpotAuth
from portalkey.flask.hubspot_auth import (
    Visitors,
    exempt_from_flask_wtf,
    hubspot_connect_state,
    hubspot_connect_url,
    make_blueprint,
)
from portalkey.flask.session_cookie import most_beside
from portalkey.flask.session_store import SessionStore
from portalkey.flask.visitor import APPS, EXTENSION, forget_browser, visitor
from portalkey.hubspot.authorize import longest_url
from portalkey.settings.surroundings import Host
from portalkey.settings.warnings import find_host_warnings, log_warnings
from portalkey.web.app_names import prefix_of, require_apart
from portalkey.web.host import WsgiHeaderMiddleware
from portalkey.web.host_layout import HostTemplates
from portalkey.web.rendering import with_ours
from portalkey.web.router import Router


def register(extension: HubSpotAuth, app: Flask, broker: Broker | None) -> None:
    """Register with *app* as *extension* says; see ``HubSpotAuth.init_app``."""
    broker = broker or Broker.from_env()
    apps: dict[str, tuple[Router, Visitors]] = app.extensions.setdefault(APPS, {})
    settings = {name: router.context.broker.settings for name, (router, _) in apps.items()}
    require_apart(extension.name, broker.settings, settings)
    if extension.store == "session":
        _store_in_session(app, broker, extension.name)
    elif broker.is_personal:
        raise ValueError(
            "This broker keeps connections in visitors' sessions, so the extension has to as well: "
            'write HubSpotAuth(..., store="session"), or give it another broker.'
        )
    host_templates = HostTemplates(
        lambda: with_ours(app.jinja_env),
        lambda template, context: render_template(template, **context),
    )
    _require_logo(app, broker.settings.app_logo)
    router = Router.of(
        broker,
        extension.options,
        app.jinja_loader,
        host_templates,
        lambda name: url_for("static", filename=name),
    )
    log_warnings(find_host_warnings(broker.settings, _describe(app)))
    # Nothing of the app is kept on the extension: one extension may serve several apps.
    name = extension.name
    apps[name] = router, Visitors(extension.owner or visitor, extension.person, name)
    if not name:
        app.extensions[EXTENSION] = apps[name]
    blueprint = make_blueprint(router.routes, name)
    app.register_blueprint(blueprint)
    app.jinja_env.globals["hubspot_connect_url"] = hubspot_connect_url
    app.jinja_env.globals["hubspot_connect_state"] = hubspot_connect_state
    # Ahead of the host's own check.
    app.before_request_funcs.setdefault(None, []).insert(0, exempt_from_flask_wtf(blueprint.name))
    app.wsgi_app = WsgiHeaderMiddleware(app.wsgi_app, prefix_of(name))  # type: ignore[method-assign]
    _forget_at_sign_out(app)


def _require_logo(app: Flask, logo: str) -> None:
    if not logo or logo.startswith("data:"):
        return
    folder = app.static_folder
    if folder is None or not (Path(folder) / logo).is_file():
        where = (
            f"in {folder}, the app's static folder"
            if folder
            else "there: the app has no static folder"
        )
        raise BadSettings(
            [f"PORTALKEY_APP_LOGO names {logo}, which is not {where}; correct it or leave it out."]
        )


def _forget_at_sign_out(app: Flask) -> None:
    """Listen to Flask-Login, where it is installed: its sign-out leaves our part of the session."""
    with suppress(ImportError):  # or too old for this Flask, and then of no use to the app
        from flask_login import user_logged_out  # noqa: PLC0415 - an app may have none

        user_logged_out.connect(_forget_browser, app)


def _forget_browser(app: Flask, **signed_out: object) -> None:
    del app, signed_out
    forget_browser()


def _describe(app: Flask) -> Host:
    return Host(
        is_debug=app.debug,
        is_secure=app.config["SESSION_COOKIE_SECURE"],
        is_httponly=app.config["SESSION_COOKIE_HTTPONLY"],
        samesite=app.config["SESSION_COOKIE_SAMESITE"],
    )


def _store_in_session(app: Flask, broker: Broker, name: str) -> None:
    # One broker may serve several apps, or one app made several times.
    most = most_beside(longest_url(broker.settings))
    sessions = broker.wrap_store(
        lambda store: (
            store if isinstance(store, SessionStore) else SessionStore(store, most, name=name)
        )
    )
    # First here is last as an answer leaves: the app's own may ask for a token, or end the session.
    app.after_request_funcs.setdefault(None, []).insert(0, sessions.write_back)
