"""Times of renewal before an access token's expiry: pure arithmetic on seconds."""

import zlib

from portalkey.model.connection import Connection

MARGIN = 60.0
"""Seconds left below which a token is renewed before it is handed out."""
AHEAD, SPREAD = 300.0, 120.0
"""Seconds before its expiry from which a token is renewed in the background: ``AHEAD``, and up to
``SPREAD`` more, so that connections made together are not renewed together."""
LEAST = 1.0
"""Seconds left until which a token is still handed out while renewing fails."""

_USUAL_LIFETIME = 1800.0
_AHEAD_PART, _MARGIN_PART = 0.25, 0.1


def margin(connection: Connection) -> float:
    """Return ``MARGIN``, or a tenth of the lifetime where that is less."""
    return min(MARGIN, _lifetime(connection) * _MARGIN_PART)


def window(connection: Connection) -> float:
    """Return the seconds before its expiry from which the token is renewed in the background."""
    own = zlib.crc32(connection.id.encode()) % 1000 / 1000
    return min(AHEAD + own * SPREAD, _lifetime(connection) * _AHEAD_PART)


def _lifetime(connection: Connection) -> float:
    if connection.granted_at is None:
        return _USUAL_LIFETIME
    return (connection.access_expires_at - connection.granted_at).total_seconds()
