"""The Flask skin: ``HubSpotAuth(app, broker, owner=...)``."""

from portalkey.flask.routes import HubSpotAuth

__all__ = ["HubSpotAuth"]
