"""The Django site in this process, with one user after another."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import django
from bs4 import BeautifulSoup
from django.apps import apps
from django.core.management import call_command
from django.db import connections
from django.test import Client, override_settings

from portalkey.broker import Broker
from portalkey.settings import Settings
from support.environment import environment_of

MODULE = "DJANGO_SETTINGS_MODULE"


def set_up() -> None:
    """Set Django up, once for this process."""
    if not apps.ready:
        os.environ[MODULE] = "support.django_shop.settings"
        django.setup()
        del os.environ[MODULE]  # no process that a test starts is to find it


@contextmanager
def site_in(folder: Path) -> Iterator[None]:
    """Django, with the site's tables in *folder*."""
    set_up()
    connections.close_all()
    connections["default"].settings_dict["NAME"] = folder / "site.db"
    call_command("migrate", run_syncdb=True, verbosity=0)
    try:
        yield
    finally:
        connections.close_all()


@contextmanager
def site_with(ours: Settings, options: Mapping[str, Any], **others: Any) -> Iterator[None]:
    """The site with these settings of the operator's, options of the skin's, and others."""
    from portalkey.django.site import site  # noqa: PLC0415 - Django is set up by now

    given = environment_of(ours) | {"HUBSPOT_SCOPES": " ".join(ours.scopes)} | dict(options)
    with override_settings(PORTALKEY=given, **others):
        try:
            yield
        finally:
            site.reset()


@contextmanager
def site_over(broker: Broker, options: Mapping[str, Any], **others: Any) -> Iterator[None]:
    """The site over a *broker* of the test's."""
    from portalkey.django.testing import use_broker  # noqa: PLC0415 - as above

    with override_settings(PORTALKEY=dict(options), **others), use_broker(broker):
        yield


def visitor_of(broker: Broker, name: str | None = "ada") -> Client:
    """A browser in which *name* is signed in, if anybody."""
    host = broker.settings.public_url.partition("://")[2]
    client = Client(headers={"host": host})
    client.raise_request_exception = False
    if name is not None:
        assert client.get(f"/login/{name}").status_code == 200
    return client


def page_of(client: Client, path: str = "/connections/setup") -> BeautifulSoup:
    """The page at *path*, read."""
    return BeautifulSoup(client.get(path).content, "html.parser")
