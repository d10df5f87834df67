"""The standalone app that ``portalkey serve`` and ``portalkey demo`` run.

A server of one's own runs it as ``portalkey.cli.server.wsgi:app``, without ours.
"""

from typing import TYPE_CHECKING

from portalkey._support.lazy import load

if TYPE_CHECKING:
    from portalkey.cli.server.app import create_app
    from portalkey.cli.server.listen import Listener

__all__ = ["Listener", "create_app"]

_HOMES = {"Listener": "listen", "create_app": "app"}


def __getattr__(name: str) -> object:
    """Load a name on first use: ``listen`` needs a server that other servers do without."""
    return load(__name__, _HOMES, name)
