"""The Flask skin: ``HubSpotAuth(app, broker, owner=...)``."""

from portalkey.flask.extension import HubSpotAuth
from portalkey.flask.visitor import visitor

__all__ = ["HubSpotAuth", "visitor"]
