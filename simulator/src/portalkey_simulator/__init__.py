"""A local HubSpot, for demos and tests.

::

    with running_hubspot() as hubspot:
        callback_url = hubspot.approve(f"{hubspot.url}/oauth/authorize?client_id=...")
"""

from portalkey_simulator.hubspot import HubSpot
from portalkey_simulator.marketplace_walk import MarketplaceInstall
from portalkey_simulator.running import running_hubspot
from portalkey_simulator.walk import StayedOnPage
from portalkey_simulator.world.accounts import ACCOUNTS, Account, User
from portalkey_simulator.world.apps import DEFAULT_APP, App
from portalkey_simulator.world.clock import Clock
from portalkey_simulator.world.refusals import TOKEN_REFUSALS, Refusal
from portalkey_simulator.world.request_log import LoggedRequest
from portalkey_simulator.world.switches import OpenerPolicy, Switches

__all__ = [
    "ACCOUNTS",
    "DEFAULT_APP",
    "TOKEN_REFUSALS",
    "Account",
    "App",
    "Clock",
    "HubSpot",
    "LoggedRequest",
    "MarketplaceInstall",
    "OpenerPolicy",
    "Refusal",
    "StayedOnPage",
    "Switches",
    "User",
    "running_hubspot",
]
