"""The standalone app that ``portalkey serve`` and ``portalkey demo`` run."""

from portalkey.cli.server.app import create_app
from portalkey.cli.server.listen import Listener

__all__ = ["Listener", "create_app"]
