"""The Flask skin: ``HubSpotAuth(app, broker, owner=...)`` and the operator's ``HubSpotConsole``."""

from portalkey.flask.extension import HubSpotAuth
from portalkey.flask.visitor import forget_browser, visitor

# After the extension, which says so where Flask is not installed.
from portalkey.flask.console import HubSpotConsole  # isort: skip

__all__ = ["HubSpotAuth", "HubSpotConsole", "forget_browser", "visitor"]
