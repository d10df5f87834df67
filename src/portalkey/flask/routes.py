"""Registers the blueprint with an app, and gives its templates the link into the journey."""

from collections.abc import Mapping
from functools import cache
from typing import Any

from flask import Flask, current_app, render_template
from jinja2 import Environment

from portalkey.broker.broker import Broker
from portalkey.flask.extension import HubSpotAuth
from portalkey.flask.header_middleware import HeaderMiddleware
from portalkey.flask.hubspot_auth import Owner, browser, make_blueprint
from portalkey.flask.session_store import SessionStore
from portalkey.flask.visitor import visitor
from portalkey.web.context import Context, anybody
from portalkey.web.rendering import Renderer, RenderWithHost, with_ours
from portalkey.web.router import Router
from portalkey.web.signed_tokens import Start

_EXTENSION = "portalkey"


def register(extension: HubSpotAuth, app: Flask, broker: Broker | None) -> None:
    """Register what *extension* was told with *app*; see ``HubSpotAuth.init_app``."""
    broker = broker or Broker.from_env()
    _keep_where_told(extension, app, broker)
    render = Renderer(
        broker.settings,
        app.jinja_loader,
        strings=extension.strings,
        base=extension.base_template,
        with_host=_render_with(app),
    )
    context = Context(
        broker,
        render,
        extension.login_url,
        extension.setup_page,
        extension.deliver,
        extension.may_disconnect or anybody,
        extension.owner_name,
    )
    # Nothing of the app is kept on the extension: one extension may serve several apps.
    app.extensions[_EXTENSION] = (Router(context), _checked(extension.owner or visitor))
    app.register_blueprint(make_blueprint(_find_face, setup_page=extension.setup_page))
    app.jinja_env.globals["hubspot_connect_url"] = hubspot_connect_url
    _stand_beside_flask_wtf(app)
    app.wsgi_app = HeaderMiddleware(app.wsgi_app)  # type: ignore[method-assign]


def _keep_where_told(extension: HubSpotAuth, app: Flask, broker: Broker) -> None:
    if extension.store is None:
        if broker.is_personal:
            raise ValueError('this broker keeps connections in sessions: say store="session" too')
        return
    # One broker may serve several apps, or one app made several times.
    sessions = broker.wrap_store(
        lambda store: store if isinstance(store, SessionStore) else SessionStore(store)
    )
    app.after_request(sessions.write_back)


def _checked(find_owner: Owner) -> Owner:
    def checked() -> str | None:
        owner = find_owner()
        if owner is not None and (not isinstance(owner, str) or not owner.strip()):
            raise TypeError("owner() must return a non-empty string, or None when signed out")
        return owner

    return checked


def hubspot_connect_url(next: str | None = None, hub_id: int | None = None) -> str:  # noqa: A002
    """The link into the journey for whoever is signed in, for templates and views.

    Args:
        next: The own path to lead back to where no popup is used; the setup page by default.
            Never pass on a visitor's query parameter.
        hub_id: The account that has to come back, to reconnect just that one.

    Raises:
        ValueError: *next* is not a path on this site.
    """
    face, find_owner = _find_face()
    owner = find_owner()
    return face.context.connect_url(owner, browser(owner), Start(next or face.context.home, hub_id))


def _render_with(app: Flask) -> RenderWithHost:
    """Renders our templates as the *app* renders its own: with its globals, filters and context."""

    @cache
    def environment() -> Environment:
        return app.jinja_env.overlay(loader=with_ours(app.jinja_env.loader))

    def render(template: str, context: Mapping[str, Any]) -> str:
        return render_template(environment().get_template(template), **context)

    return render


def _find_face() -> tuple[Router, Owner]:
    face, owner = current_app.extensions[_EXTENSION]
    return face, owner


def _stand_beside_flask_wtf(app: Flask) -> None:
    """Our POSTs carry a token of their own; the host's CSRF extension need not know ours.

    The host may set up its extension before or after us, so it is looked for at the first request,
    ahead of its own check.
    """

    def exempt() -> None:
        protection = app.extensions.get("csrf")
        if protection is not None:
            protection.exempt(app.blueprints["hubspot_auth"])

    app.before_request_funcs.setdefault(None, []).insert(0, exempt)
