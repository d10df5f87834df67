"""The token endpoints: issue, introspect, revoke."""

from flask import Response, jsonify

from portalkey_simulator.api.fields import Fields, read_fields
from portalkey_simulator.api.grants import Grants
from portalkey_simulator.api.introspection import describe_access, describe_refresh
from portalkey_simulator.api.rate_limits import count_token_request
from portalkey_simulator.world import World


class TokenEndpoints:
    """``/oauth/{version}/token`` and what lies below it."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._grants = Grants(world)

    def issue(self, version: str) -> Response:
        """Issue tokens for a code, a refresh token, or an app's own credentials."""
        del version
        return jsonify(self._grants.answer(self._read_fields()))

    def introspect(self, version: str) -> Response:
        """Describe a token (RFC 7662); only the field ``token`` is read, whatever its type."""
        del version
        fields = self._read_fields()
        app, token = self._grants.authenticate(fields), fields.get("token", "")
        ledger, now = self._world.ledger, self._world.clock.now()
        access, agreement = ledger.access(token), ledger.agreement(token)
        answer: dict[str, object] = {"active": False}
        if access and access.agreement.client_id == app.client_id and access.expires_at > now:
            answer = describe_access(token, access, now, app)
        if agreement and agreement.client_id == app.client_id:
            answer = describe_refresh(token, agreement, app)
        return jsonify(answer)

    def revoke(self, version: str) -> Response:
        """End a refresh token (RFC 7009): 200 for every token, known or not."""
        del version
        fields = self._read_fields()
        app = self._grants.authenticate(fields)
        self._world.ledger.revoke(fields.get("token", ""), client_id=app.client_id)
        return Response(status=200)

    def _read_fields(self) -> Fields:
        count_token_request(self._world)
        return read_fields(self._world.switches)
