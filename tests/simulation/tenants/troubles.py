"""What goes wrong for one tenant, for one machine, or for all: how each looks on the wire."""

from collections.abc import Mapping
from dataclasses import dataclass

from portalkey.errors import HubSpotUnavailable
from portalkey.hubspot.client import CONNECT, DEADLINE
from portalkey.hubspot.deadline import BEFORE_SENDING
from portalkey.hubspot.http import Response

QUICK = (0.05, 0.4)


@dataclass(frozen=True, slots=True)
class Trouble:
    """One way of failing.

    ``status`` is 0 where no answer comes; ``said`` is its Retry-After; it is met after *seconds*,
    at least and at most. ``is_local`` is True where nothing of it ever reached HubSpot,
    ``is_of_app`` where HubSpot refuses the app, and ``is_final`` where the grant is dead.
    """

    status: int = 0
    body: bytes = b""
    said: int | None = None
    seconds: tuple[float, float] = QUICK
    is_local: bool = False
    is_of_app: bool = False
    is_final: bool = False

    def respond(self) -> Response | None:
        """The answer, if there is one."""
        if not self.status:
            return None
        headers = {} if self.said is None else {"retry-after": str(self.said)}
        return Response(self.status, headers, self.body)

    def error(self) -> HubSpotUnavailable:
        """What is raised where there is none, as the client does."""
        error = HubSpotUnavailable()
        error.is_local, error.is_timeout = self.is_local, self.seconds[0] >= DEADLINE
        return error


_HTML = b"<html><body>Attention Required!</body></html>"
_HANG = Trouble(seconds=(DEADLINE, DEADLINE))
_BROKEN = Trouble(seconds=(0.05, 3.0))
_HTML_200 = Trouble(200, _HTML)
_WRONG_SECRET = Trouble(401, b'{"error":"invalid_client"}', is_of_app=True)
_BLOCKED = Trouble(403, _HTML, is_of_app=True)
_AWAY = {
    "500": Trouble(500, b"oops"),
    "502": Trouble(502, _HTML),
    "503": Trouble(503),
    "429": Trouble(429, b'{"errorType":"RATE_LIMIT"}'),
    "429 for an hour": Trouble(429, b'{"errorType":"RATE_LIMIT"}', said=3600),
    "503 for an hour": Trouble(503, said=3600),
    "html 200": _HTML_200,
    "hang": _HANG,
}

OF_TENANT: Mapping[str, Trouble] = {
    **_AWAY,
    "403": Trouble(403, b'{"message":"no"}', is_of_app=True),
    "html 403": _BLOCKED,
    "invalid client": _WRONG_SECRET,
    "odd 400": Trouble(400, b'{"error":"something_odd"}'),
    "invalid request": Trouble(400, b'{"error":"invalid_request"}', is_of_app=True),
    "404": Trouble(404, _HTML, is_of_app=True),
    "429 for a second": Trouble(429, b'{"errorType":"RATE_LIMIT"}', said=1),
    "429 for no second": Trouble(429, b'{"errorType":"RATE_LIMIT"}', said=0),
    "429 for a minute": Trouble(429, b'{"errorType":"RATE_LIMIT"}', said=60),
    "423": Trouble(423, b"{}"),
    "redirected": Trouble(302),
    "broken": _BROKEN,
    "invalid grant": Trouble(400, b'{"error":"invalid_grant"}', is_final=True),
}
"""What HubSpot, or the way to it, says to the connections of one tenant alone."""

OF_MACHINE: Mapping[str, Trouble] = {
    "no name": Trouble(seconds=(0.005, 0.05), is_local=True),
    "no name, slowly": Trouble(seconds=(BEFORE_SENDING - 1, BEFORE_SENDING), is_local=True),
    "refused": Trouble(seconds=(0.001, 0.1), is_local=True),
    "no route": Trouble(seconds=(CONNECT, CONNECT), is_local=True),
    "no TLS": Trouble(seconds=(0.05, CONNECT), is_local=True),
    "wrong secret": _WRONG_SECRET,
    "blocked": _BLOCKED,
}
"""What one machine meets on its way to HubSpot, or is told of its own settings or address."""

OF_ALL: Mapping[str, Trouble] = {
    **_AWAY,
    "401 for all": _WRONG_SECRET,
    "html 403 for all": _BLOCKED,
    "refused everywhere": OF_MACHINE["refused"],
    "no name anywhere": OF_MACHINE["no name"],
}
"""HubSpot wholly away, or the app locked out."""
