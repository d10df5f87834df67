"""Let the users of a Python web app connect their HubSpot account, and keep it working.

::

    from portalkey import Broker
    from portalkey.flask import HubSpotAuth

    broker = Broker.from_env()
    HubSpotAuth(app, broker, owner=lambda: current_user.get_id())
    token = broker.access_token(current_user.get_id())
"""

from importlib import import_module
from typing import TYPE_CHECKING

from portalkey.errors import OperatorMustAct, PersonMustAct, PortalkeyError, TryLater

if TYPE_CHECKING:
    from portalkey.broker.broker import Broker
    from portalkey.model.connection import Account, Connection, ConnectionStatus
    from portalkey.model.events import Event, happened
    from portalkey.settings.settings import Settings

__all__ = [
    "Account",
    "Broker",
    "Connection",
    "ConnectionStatus",
    "Event",
    "OperatorMustAct",
    "PersonMustAct",
    "PortalkeyError",
    "Settings",
    "TryLater",
    "happened",
]

# Loaded on first use: with the broker come the database and the network, which an app need not
# wait for where it only imports our skin, nor the command line to tell its help.
_HOMES = {
    "Account": "model.connection",
    "Broker": "broker",
    "Connection": "model.connection",
    "ConnectionStatus": "model.connection",
    "Event": "model.events",
    "Settings": "settings",
    "happened": "model.events",
}

if not TYPE_CHECKING:  # whoever checks types knows the names, and no others

    def __getattr__(name: str) -> object:
        if name not in _HOMES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        globals()[name] = found = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
        return found
