"""Registers the blueprint with an app, and gives its templates the link into the journey."""

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, Literal

from flask import Flask, current_app, render_template
from jinja2 import Environment

from portalkey.broker import Broker
from portalkey.flask.hubspot_auth import Owner, browser, make_blueprint
from portalkey.flask.last_word import LastWord
from portalkey.web.desk import Desk
from portalkey.web.face import WebFace
from portalkey.web.render import Renderer, RenderWithHost, with_ours
from portalkey.web.signed import Start
from portalkey.web.strings import ENGLISH, Strings, Words

_EXTENSION = "portalkey"


class HubSpotAuth:
    """HubSpot connections for a Flask app.

    Adds ``/auth/hubspot/*``, ``/api/hubspot/*`` and ``/connections/setup``, and to templates
    ``hubspot_connect_url(next=None, hub_id=None)``.

    Args:
        app: The app, or None to call ``init_app`` later.
        broker: The broker, or None to give it to ``init_app``.
        owner: Called in each request: the id of whoever is signed in, a non-empty string, or None.
            It decides whose connections a visitor sees, so there is no default.
        login_url: Where a signed-out visitor is sent; without it, a page says so (401).
        setup_page: False leaves out ``/connections/setup`` for an app with a page of its own.
        strings: Texts of the pages that differ from ours, by language and key.
        language: The language of pages where nobody asks for another: a BCP 47 tag such as ``de``,
            or what returns one in each request.
        base_template: The template of the app's own layout that the setup page extends; it gives
            the blocks ``title``, ``head`` and ``content``.
        deliver: ``"access_token"`` lets the page that opened the popup fetch the access token
            once; any script on that page can then read and use it. By default no token ever
            reaches a browser.

    Raises:
        ValueError: *deliver* is something else, or *strings* has what is not known.
    """

    def __init__(
        self,
        app: Flask | None = None,
        broker: Broker | None = None,
        *,
        owner: Owner,
        login_url: str | None = None,
        setup_page: bool = True,
        strings: Mapping[str, Words] | None = None,
        language: str | Callable[[], str | None] = ENGLISH,
        base_template: str | None = None,
        deliver: Literal["access_token"] | None = None,
    ) -> None:
        if deliver not in {None, "access_token"}:
            raise ValueError('deliver must be "access_token", or left out')
        self._owner = owner
        self._login_url = login_url
        self._setup_page = setup_page
        self._strings = Strings(strings, language)
        self._base_template = base_template
        self._deliver = deliver
        if app is not None:
            self.init_app(app, broker)

    def init_app(self, app: Flask, broker: Broker | None = None) -> None:
        """Register with *app*; without a *broker*, one is made from the environment.

        Raises:
            BadSettings, StoreUnusable: The broker cannot be made from the environment.
        """
        broker = broker or Broker.from_env()
        render = Renderer(
            broker.settings,
            app.jinja_loader,
            strings=self._strings,
            base=self._base_template,
            with_host=_render_with(app),
        )
        desk = Desk(broker, render, self._login_url, self._setup_page, self._deliver)
        # Nothing of the app is kept on the extension: one extension may serve several apps.
        app.extensions[_EXTENSION] = (WebFace(desk), self._checked_owner)
        app.register_blueprint(make_blueprint(_find_face, setup_page=self._setup_page))
        app.jinja_env.globals["hubspot_connect_url"] = hubspot_connect_url
        _stand_beside_flask_wtf(app)
        app.wsgi_app = LastWord(app.wsgi_app)  # type: ignore[method-assign]

    def _checked_owner(self) -> str | None:
        owner = self._owner()
        if owner is not None and (not isinstance(owner, str) or not owner.strip()):
            raise TypeError("owner() must return a non-empty string, or None when signed out")
        return owner


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
    return face.desk.connect_url(owner, browser(owner), Start(next or face.desk.home, hub_id))


def _render_with(app: Flask) -> RenderWithHost:
    """Renders our templates as the *app* renders its own: with its globals, filters and context."""

    @cache
    def environment() -> Environment:
        return app.jinja_env.overlay(loader=with_ours(app.jinja_env.loader))

    def render(template: str, context: Mapping[str, Any]) -> str:
        return render_template(environment().get_template(template), **context)

    return render


def _find_face() -> tuple[WebFace, Owner]:
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
