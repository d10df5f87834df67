"""A small Flask app around the blueprint."""

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Literal

from flask import Flask, g, redirect
from pydantic import SecretStr

from portalkey.cli.owner_hash import make_hash
from portalkey.cli.server.error_pages import show_error_pages
from portalkey.cli.server.health import PATHS, add_health
from portalkey.cli.server.logs import log_requests, set_up_logs
from portalkey.cli.server.mount import Mount
from portalkey.cli.server.owners import Owners, choose_owners, one_per_session
from portalkey.flask import HubSpotAuth
from portalkey.settings.standalone import StandaloneSettings

if TYPE_CHECKING:
    from portalkey.broker.broker import Broker
    from portalkey.web.console.console import Console

_YEAR = 365 * 24 * 3600


def create_app(
    broker: "Broker",
    *,
    session_cookie: str = "portalkey_session",
    owners: Owners | None = None,
    metrics_token: SecretStr | None = None,
    store: Literal["session"] | None = None,
    console: "Console | None" = None,
    front: Callable[[Flask], None] | None = None,
) -> Flask:
    """Return the standalone app.

    Args:
        broker: Its settings name the app's host; any other Host is answered with 421, so that no
            foreign name can be made to point here (DNS rebinding).
        session_cookie: The session cookie's name. Cookies ignore ports, so apps that run on one
            host at different ports need different names.
        owners: Who visitors are; by default each session is an owner of its own.
        metrics_token: Opens ``/metrics``; without one there is none.
        store: ``"session"`` keeps connections in visitors' sessions; see ``HubSpotAuth``.
        console: The operator's console, with its door; without one there is none.
        front: Adds a page of its own at ``/``, which else leads to the setup page.
    """
    app = _make_flask(broker, session_cookie)
    owners = owners or one_per_session()
    show_error_pages(app, broker.settings, any_host=PATHS)
    HubSpotAuth(app, broker, owner=_note_owner(owners.find), owner_name=owners.name, store=store)
    (front or partial(_lead_home, broker.settings.mount))(app)
    add_health(app, broker, metrics_token)
    if console is not None:
        _add_console(app, console)
    app.wsgi_app = Mount(app.wsgi_app, broker.settings.mount)  # type: ignore[method-assign]
    return app


def _lead_home(mount: str, app: Flask) -> None:
    app.add_url_rule("/", "home", lambda: redirect(f"{mount}/connections/setup", 303))


def _add_console(app: Flask, console: "Console") -> None:
    # Imported here: not every app has one.
    from portalkey.flask.console_routes import register_console  # noqa: PLC0415 - see above
    from portalkey.web.console.extension import PATH  # noqa: PLC0415 - see above

    register_console(app, console, PATH)


def _make_flask(broker: "Broker", session_cookie: str) -> Flask:
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
    return app


def create_logged_app(
    broker: "Broker", standalone: StandaloneSettings, console: "Console | None" = None
) -> Flask:
    """Return the standalone app as the operator's settings say, and set up this process's log.

    It has a *console* where there is one, or a password for it is set.
    """
    from portalkey.cli.server.console import open_by_password  # noqa: PLC0415 - as above

    hash_owner = make_hash(broker)
    set_up_logs(standalone.log_format, standalone.log_level, hash_owner)
    app = create_app(
        broker,
        owners=choose_owners(standalone),
        metrics_token=standalone.metrics_token,
        console=console or open_by_password(broker, standalone.console_password),
    )
    log_requests(app, hash_owner)
    return app


def _note_owner(find: Callable[[], str | None]) -> Callable[[], str | None]:
    """Return what does the same as *find*, and leaves the owner for the log."""

    def find_and_note() -> str | None:
        owner = find()
        g.portalkey_owner = owner
        return owner

    return find_and_note
