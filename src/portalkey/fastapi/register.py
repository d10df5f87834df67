"""Registers the extension with an app."""

from starlette.applications import Starlette
from starlette.routing import Mount, NoMatchFound
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp

from portalkey.broker.broker import Broker
from portalkey.errors import BadSettings
from portalkey.fastapi.assembly import (
    STATIC,
    close_at_end,
    make_find_static_file,
    require_unstarted,
    wrap_stack,
)
from portalkey.fastapi.endpoints import make_routes, put_first
from portalkey.fastapi.extension import HubSpotAuth
from portalkey.fastapi.pages import add_functions, host_templates
from portalkey.fastapi.session import find_cookie
from portalkey.fastapi.site import Site, SiteMiddleware
from portalkey.settings.settings import Settings
from portalkey.settings.surroundings import Host
from portalkey.settings.warnings import find_host_warnings, log_warnings
from portalkey.web.app_names import prefix_of, require_apart, root_of
from portalkey.web.host import AsgiHeaderMiddleware
from portalkey.web.router import Router

_SITES = "portalkey_sites"
"""Name of the app's state that has our sides of it."""


def register(extension: HubSpotAuth, app: Starlette, broker: Broker | None) -> None:
    """Register with *app* as *extension* says; see ``HubSpotAuth.init_app``."""
    require_unstarted(app)
    broker = broker or Broker.from_env()
    if broker.is_personal:
        raise ValueError(
            "This broker keeps connections in visitors' sessions, which only Flask's skin can; "
            "give HubSpotAuth another broker."
        )
    name = extension.name
    sites: dict[str, Site] = getattr(app.state, _SITES, {})
    require_apart(name, broker.settings, {each: site.settings for each, site in sites.items()})
    templates = extension.templates
    router = Router.of(
        broker,
        extension.options,
        templates.env.loader if templates else None,
        host_templates(templates) if templates else None,
        make_find_static_file(app, root_of(name, broker.settings)),
    )
    sites[name] = site = Site(router, extension.owner, extension.person, name=name)
    setattr(app.state, _SITES, sites)
    put_first(app.router.routes, make_routes(site))
    if templates is not None:
        add_functions(templates)
    close_at_end(app, broker)

    def complete(stack: ASGIApp) -> ASGIApp:
        site.cookie = find_cookie(app)
        _check(app, broker.settings, site)
        return SiteMiddleware(AsgiHeaderMiddleware(stack, prefix_of(name)), sites)

    wrap_stack(app, complete)


def _check(app: Starlette, settings: Settings, site: Site) -> None:
    """Log what should not stay as it is of the app, which is complete by now.

    Raises:
        BadSettings: The logo is not where it has to be.
    """
    _require_logo(app, settings.app_logo)
    cookie, is_debug = site.cookie, app.debug
    host = cookie.describe(is_debug=is_debug) if cookie else Host(is_debug=is_debug)
    log_warnings(find_host_warnings(settings, host))


def _require_logo(app: Starlette, logo: str) -> None:
    if not logo or logo.startswith("data:"):
        return
    try:
        app.url_path_for(STATIC, path=logo)
    except NoMatchFound:
        where = 'there: the app serves none; app.mount("/static", StaticFiles(...), name="static")'
    else:
        if _is_served(app, logo):
            return
        where = "among the files that the app serves by its mount named static"
    raise BadSettings(
        [f"PORTALKEY_APP_LOGO names {logo}, which is not {where}; correct it or leave it out."]
    )


def _is_served(app: Starlette, name: str) -> bool:
    """Return False where the app's static files are known, and *name* is none of them."""
    mounts = (each for each in app.routes if isinstance(each, Mount) and each.name == STATIC)
    served = next((each.app for each in mounts), None)
    return not isinstance(served, StaticFiles) or served.lookup_path(name)[1] is not None
