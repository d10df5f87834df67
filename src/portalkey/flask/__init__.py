"""The Flask skin: ``HubSpotAuth(app, broker, owner=...)``."""

from portalkey.flask.extension import HubSpotAuth
from portalkey.flask.visitor import forget_browser, visitor

__all__ = ["HubSpotAuth", "forget_browser", "visitor"]
