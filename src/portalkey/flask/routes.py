"""Registers the blueprint with an app, and gives its templates the link into the journey."""

from flask import Flask, current_app

from portalkey.broker import Broker
from portalkey.flask.hubspot_auth import Owner, browser, make_blueprint
from portalkey.flask.last_word import LastWord
from portalkey.web.desk import Desk
from portalkey.web.face import WebFace
from portalkey.web.render import Renderer
from portalkey.web.signed import Start

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
    """

    def __init__(
        self,
        app: Flask | None = None,
        broker: Broker | None = None,
        *,
        owner: Owner,
        login_url: str | None = None,
        setup_page: bool = True,
    ) -> None:
        self._owner = owner
        self._login_url = login_url
        self._setup_page = setup_page
        if app is not None:
            self.init_app(app, broker)

    def init_app(self, app: Flask, broker: Broker | None = None) -> None:
        """Register with *app*; without a *broker*, one is made from the environment.

        Raises:
            BadSettings, StoreUnusable: The broker cannot be made from the environment.
        """
        broker = broker or Broker.from_env()
        render = Renderer(broker.settings, app.jinja_loader)
        desk = Desk(broker, render, self._login_url, self._setup_page)
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
