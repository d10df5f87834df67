"""OAuth v1, until 2027-02-16 and after it.

Sources: https://developers.hubspot.com/docs/api-reference/legacy/authentication/oauth-tokens/v1/guide
and https://developers.hubspot.com/changelog/v1-oauth-api-deprecation.
"""

from flask import Response, jsonify

from portalkey_simulator.api.error_responses import ApiRefused, error_response, validation_error
from portalkey_simulator.api.fields import read_fields_of_v1
from portalkey_simulator.api.grants import Grants
from portalkey_simulator.api.headers import add_to_answer
from portalkey_simulator.api.introspection import describe_access_v1, describe_refresh_v1
from portalkey_simulator.api.rate_limits import count_token_request
from portalkey_simulator.world import World
from portalkey_simulator.world.refusals import Refused

PATH = "/oauth/v1/"

_ENDED = "OAuth v1 has ended; the token endpoint is /oauth/2026-09/token."
_WARNING = {
    "Deprecation": "@1778544000",  # 2026-05-12, when it was announced (RFC 9745)
    "Sunset": "Tue, 16 Feb 2027 00:00:00 GMT",  # RFC 8594
    "Link": '<https://developers.hubspot.com/changelog/v1-oauth-api-deprecation>; rel="sunset"',
}


class V1:
    """The endpoints below ``/oauth/v1``."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._grants = Grants(world)

    def issue(self) -> Response:
        """Issue tokens, as the newer endpoints do; here two secrets may stand in the URL."""
        self._warn()
        count_token_request(self._world)
        return jsonify(self._grants.answer(read_fields_of_v1(self._world.switches)))

    def show_access_token(self, token: str) -> Response:
        """Describe an access token to whoever has it."""
        self._warn()
        access, now = self._world.ledger.access(token), self._world.clock.now()
        if access is None or access.expires_at <= now:
            raise validation_error("The access token must have the correct format")
        app = self._world.apps[access.agreement.client_id]
        return jsonify(describe_access_v1(token, access, now, app))

    def show_refresh_token(self, token: str) -> Response:
        """Describe a refresh token to whoever has it."""
        self._warn()
        agreement = self._world.ledger.agreement(token)
        if agreement is None:
            raise Refused("BAD_REFRESH_TOKEN")
        return jsonify(describe_refresh_v1(token, agreement))

    def revoke(self, token: str) -> Response:
        """End a refresh token; whoever has it may do so."""
        self._warn()
        self._world.ledger.revoke(token)
        return Response(status=204)

    def _warn(self) -> None:
        if self._world.switches.v1 == "ended":
            raise ApiRefused(error_response(410, _ENDED, "GONE"))
        add_to_answer(_WARNING)


def strip_token(path: str) -> str:
    """Return *path* without the token that v1's may end in."""
    for above in (f"{PATH}access-tokens/", f"{PATH}refresh-tokens/"):
        if path.startswith(above):
            return f"{above}..."
    return path
