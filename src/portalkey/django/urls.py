"""Our routes, for ``path("", include("portalkey.django.urls"))``; those of all HubSpot apps."""

from collections.abc import Iterator
from typing import Any

from django.urls import include, path

from portalkey.django.installed import require_installed
from portalkey.django.options import find_names, read_given
from portalkey.django.views import make_patterns
from portalkey.web.app_names import prefix_of
from portalkey.web.routes import API, PAGES, PREFLIGHTS, SETUP

app_name = "portalkey"


def make_urls() -> Iterator[Any]:
    """Yield the patterns of the site; those of an app with a name are in ``portalkey:NAME``."""
    for name in find_names():
        setup = () if read_given(name).get("setup_page") is False else SETUP
        patterns = make_patterns((*PAGES, *setup, *API, *PREFLIGHTS), name)
        if name:
            yield path(f"{prefix_of(name)[1:]}/", include((patterns, name)))
        else:
            yield from patterns


require_installed()
urlpatterns = [*make_urls()]
