"""Skin of FastAPI and Starlette: ``HubSpotAuth(app, broker, owner=...)``, ``HubSpotConsole``.

Endpoints that answer HubSpot alone are ``@from_hubspot``.
"""

from portalkey.fastapi.extension import HubSpotAuth
from portalkey.fastapi.visitor import forget_browser, visitor

# After the extension, which says so where Starlette is not installed.
from portalkey.fastapi.console import HubSpotConsole  # isort: skip
from portalkey.fastapi.hubspot_requests import from_hubspot  # isort: skip

__all__ = ["HubSpotAuth", "HubSpotConsole", "forget_browser", "from_hubspot", "visitor"]
