"""The standalone app: what ``portalkey serve`` and ``portalkey demo`` run."""

from portalkey.server.app import create_app
from portalkey.server.listen import Listener

__all__ = ["Listener", "create_app"]
