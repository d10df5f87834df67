"""Helpers for a site's own tests: a store or a broker that is gone with the test."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from django.conf import settings
from django.test import override_settings

from portalkey.django.options import DEFAULT, NAME, find_names, read_given
from portalkey.django.site import reset_all, site_of

if TYPE_CHECKING:
    from portalkey.broker.broker import Broker


@contextmanager
def temporary_store() -> Iterator[None]:
    """Keep connections in a store of their own until the block ends, or the function it decorates.

    Django gives tests a database of their own for models only; portalkey's tables are none. ::

        class MyTests(TestCase):
            @classmethod
            def setUpClass(cls):
                super().setUpClass()
                cls.enterClassContext(temporary_store())
    """
    with TemporaryDirectory() as folder:
        database = f"sqlite:///{Path(folder) / 'portalkey.db'}"
        own = _with_database(database)
        with override_settings(**{NAME: own}):
            try:
                yield
            finally:
                reset_all()  # while its file is there


def _with_database(database: str) -> dict[str, object]:
    """Return ``PORTALKEY`` with this *database* for each of its HubSpot apps."""
    named = {"PORTALKEY_DATABASE_URL": database}
    names = find_names()
    if names == [""] and DEFAULT not in getattr(settings, NAME, {}):
        return {**read_given(), **named}
    return {name or DEFAULT: {**read_given(name), **named} for name in names}


@contextmanager
def use_broker(broker: "Broker", name: str = "") -> Iterator[None]:
    """Let the site use this *broker* until the block ends, such as pytest's ``broker``.

    *name* is its HubSpot app's, where there are several.

    ::

        @pytest.fixture(autouse=True)
        def hubspot_of_the_tests(broker):
            with use_broker(broker):
                yield
    """
    site = site_of(name)
    site.replace(broker)
    try:
        yield
    finally:
        site.reset()
