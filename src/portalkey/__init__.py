"""Let the users of a Python web app connect their HubSpot account, and keep it working.

::

    from portalkey import Broker
    from portalkey.flask import HubSpotAuth

    broker = Broker.from_env()
    HubSpotAuth(app, broker, owner=lambda: current_user.get_id())
    token = broker.access_token(current_user.get_id())
"""

from typing import TYPE_CHECKING

from portalkey._support.lazy import load
from portalkey.errors import (
    AccountNotNamed,
    AccountTaken,
    AttemptExpired,
    AttemptMismatch,
    BadAnswer,
    BadSettings,
    Declined,
    HubSpotRefused,
    HubSpotUnavailable,
    HubSpotUnreachable,
    LibraryUnusable,
    NeedsReconnect,
    NoKeyOpens,
    NoSession,
    NotConnected,
    NotFromHubSpot,
    NotHubSpot,
    OperatorMustAct,
    OwnerUnusable,
    PersonMustAct,
    PortalkeyError,
    RateLimited,
    ScopesMissing,
    SessionFull,
    SessionUnusable,
    SourceUnusable,
    StoreBusy,
    StoreIsCopy,
    StoreUnusable,
    TooManyAttempts,
    TryLater,
    WrongAccount,
)

if TYPE_CHECKING:
    from portalkey.broker.broker import Broker
    from portalkey.model.connection import Account, Connection, ConnectionStatus
    from portalkey.model.events import Event, happened
    from portalkey.settings.settings import Settings

    __version__: str

__all__ = [
    "Account",
    "AccountNotNamed",
    "AccountTaken",
    "AttemptExpired",
    "AttemptMismatch",
    "BadAnswer",
    "BadSettings",
    "Broker",
    "Connection",
    "ConnectionStatus",
    "Declined",
    "Event",
    "HubSpotRefused",
    "HubSpotUnavailable",
    "HubSpotUnreachable",
    "LibraryUnusable",
    "NeedsReconnect",
    "NoKeyOpens",
    "NoSession",
    "NotConnected",
    "NotFromHubSpot",
    "NotHubSpot",
    "OperatorMustAct",
    "OwnerUnusable",
    "PersonMustAct",
    "PortalkeyError",
    "RateLimited",
    "ScopesMissing",
    "SessionFull",
    "SessionUnusable",
    "Settings",
    "SourceUnusable",
    "StoreBusy",
    "StoreIsCopy",
    "StoreUnusable",
    "TooManyAttempts",
    "TryLater",
    "WrongAccount",
    "__version__",
    "happened",
]

# Loaded on first use: with the broker come the database and the network, which an app need not
# wait for where it only imports our skin, nor the command line to tell its help.
_HOMES = {
    "Account": "model.connection",
    "Broker": "broker.broker",
    "Connection": "model.connection",
    "ConnectionStatus": "model.connection",
    "Event": "model.events",
    "Settings": "settings.settings",
    "__version__": "_support.version",
    "happened": "model.events",
}

if not TYPE_CHECKING:  # whoever checks types knows the names, and no others

    def __getattr__(name: str) -> object:
        globals()[name] = value = load(__name__, _HOMES, name)
        return value
