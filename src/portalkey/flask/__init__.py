"""The Flask skin: ``HubSpotAuth(app, broker, owner=...)``, views ``@from_hubspot``, the console."""

from portalkey.flask.extension import HubSpotAuth
from portalkey.flask.visitor import forget_browser, visitor

# After the extension, which says so where Flask is not installed.
from portalkey.flask.console import HubSpotConsole  # isort: skip
from portalkey.flask.hubspot_requests import from_hubspot  # isort: skip

__all__ = ["HubSpotAuth", "HubSpotConsole", "forget_browser", "from_hubspot", "visitor"]
