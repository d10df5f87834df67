"""When an access token is due to be renewed: pure arithmetic on seconds."""

import zlib

from portalkey.model.connection import Connection

MARGIN = 60.0
"""A token with fewer seconds left is renewed before it is handed out."""
AHEAD, SPREAD = 300.0, 120.0
"""It is renewed in the background from so many seconds before its end, and up to so many more: each
connection has its own, so that what was connected together is not renewed together."""
LEAST = 1.0
"""While renewing fails, a token is handed out until so few seconds are left."""

_USUAL_LIFETIME = 1800.0
_AHEAD_PART, _MARGIN_PART = 0.25, 0.1


def margin(connection: Connection) -> float:
    """``MARGIN``, or a tenth of a life that is shorter than HubSpot's tokens have."""
    return min(MARGIN, _lifetime(connection) * _MARGIN_PART)


def window(connection: Connection) -> float:
    """How many seconds before its end the token of *connection* is renewed in the background."""
    own = zlib.crc32(connection.id.encode()) % 1000 / 1000
    return min(AHEAD + own * SPREAD, _lifetime(connection) * _AHEAD_PART)


def _lifetime(connection: Connection) -> float:
    if connection.granted_at is None:
        return _USUAL_LIFETIME
    return (connection.access_expires_at - connection.granted_at).total_seconds()
