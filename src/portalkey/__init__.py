"""Let the users of a Python web app connect their HubSpot account, and keep it working.

::

    from portalkey import Broker
    from portalkey.flask import HubSpotAuth

    broker = Broker.from_env()
    HubSpotAuth(app, broker, owner=lambda: current_user.get_id())
    token = broker.access_token(current_user.get_id())
"""

from portalkey.broker import Broker
from portalkey.connection import Account, Connection, ConnectionStatus
from portalkey.errors import OperatorMustAct, PersonMustAct, PortalkeyError, TryLater
from portalkey.events import Event, happened
from portalkey.settings import Settings

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
