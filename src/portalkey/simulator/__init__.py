"""A local HubSpot, for demos and tests. It imports nothing of portalkey but its own folder.

::

    with running_hubspot() as hubspot:
        callback_url = hubspot.approve(f"{hubspot.url}/oauth/authorize?client_id=...")
"""

from portalkey.simulator.hubspot import HubSpot, running_hubspot
from portalkey.simulator.marketplace_walk import MarketplaceInstall
from portalkey.simulator.walk import StayedOnPage
from portalkey.simulator.world.accounts import ACCOUNTS, Account, User
from portalkey.simulator.world.apps import DEFAULT_APP, App
from portalkey.simulator.world.clock import Clock
from portalkey.simulator.world.record import Asked
from portalkey.simulator.world.refusals import TOKEN_REFUSALS, Refusal
from portalkey.simulator.world.switches import OpenerPolicy, Switches

__all__ = [
    "ACCOUNTS",
    "DEFAULT_APP",
    "TOKEN_REFUSALS",
    "Account",
    "App",
    "Asked",
    "Clock",
    "HubSpot",
    "MarketplaceInstall",
    "OpenerPolicy",
    "Refusal",
    "StayedOnPage",
    "Switches",
    "User",
    "running_hubspot",
]
