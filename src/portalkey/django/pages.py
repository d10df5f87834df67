"""Puts the pages together: the router and the console, of the site's settings and templates."""

from typing import TYPE_CHECKING

from portalkey.django.layout import choose_templates, find_jinja_loader
from portalkey.django.options import Options
from portalkey.django.web_options import find_logo, make_web_options
from portalkey.web.console.console import Console
from portalkey.web.router import Router

if TYPE_CHECKING:
    from portalkey.broker.broker import Broker


def make_router(broker: "Broker", options: Options, name: str = "") -> Router:
    """Make the router of a site with these *options*, for its HubSpot app *name*."""
    return Router.of(
        broker,
        make_web_options(options, name),
        find_jinja_loader(),
        choose_templates(options.base_template) if options.base_template else None,
        find_logo,
    )


def make_console(broker: "Broker", path: str) -> Console:
    """Make the console at *path*, below the app's mount."""
    return Console(broker, path, find_logo)
