"""A local HubSpot, for demos and tests. It imports nothing of portalkey but its own folder.

::

    with running_hubspot() as hubspot:
        callback_url = hubspot.approve(f"{hubspot.url}/oauth/authorize?client_id=...")
"""

from portalkey.simulator.accounts import ACCOUNTS, Account
from portalkey.simulator.apps import DEFAULT_APP, App
from portalkey.simulator.clock import Clock
from portalkey.simulator.journal import Asked
from portalkey.simulator.refusals import TOKEN_REFUSALS, Refusal
from portalkey.simulator.running import HubSpot, running_hubspot
from portalkey.simulator.switches import Switches
from portalkey.simulator.walk import StayedOnPage

__all__ = [
    "ACCOUNTS",
    "DEFAULT_APP",
    "TOKEN_REFUSALS",
    "Account",
    "App",
    "Asked",
    "Clock",
    "HubSpot",
    "Refusal",
    "StayedOnPage",
    "Switches",
    "running_hubspot",
]
