"""The Django skin: ``"portalkey.django"`` in ``INSTALLED_APPS``, and its ``urls`` included.

::

    from portalkey.django import broker

    token = broker.access_token(str(request.user.pk))
"""

from typing import TYPE_CHECKING

from portalkey.errors import LibraryUnusable

try:
    import django as _django  # noqa: F401 - the package loads this module first
except ImportError as missing:
    raise LibraryUnusable(
        "portalkey.django needs Django; run: pip install 'portalkey[django]'"
    ) from missing

# After that, which says so where Django is not installed.
from portalkey.django.lazy_broker import LazyBroker, LazyBrokers  # isort: skip
from portalkey.django.databases import database_url  # isort: skip
from portalkey.django.hubspot_requests import from_hubspot  # isort: skip
from portalkey.django.links import (  # isort: skip
    allow_staff,
    forget_browser,
    hubspot_connect_state,
    hubspot_connect_url,
    hubspot_static,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from portalkey.broker.broker import Broker

__all__ = [
    "allow_staff",
    "broker",
    "brokers",
    "database_url",
    "forget_browser",
    "from_hubspot",
    "hubspot_connect_state",
    "hubspot_connect_url",
    "hubspot_static",
]

broker: "Broker" = LazyBroker()  # type: ignore[assignment]
"""This process's broker, made of Django's settings and the environment when it is first asked."""

brokers: "Mapping[str, Broker]" = LazyBrokers()  # type: ignore[assignment]
"""The same by name, where ``PORTALKEY`` has several HubSpot apps: ``brokers["eu"]``."""
