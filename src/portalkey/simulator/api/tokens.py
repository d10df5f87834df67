"""The token endpoints: issue, introspect, revoke.

Everything comes in a form body. A secret in the URL is refused, and a body that is no form holds
nothing (that HubSpot treats JSON so is presumed).
"""

import hmac
from collections.abc import Callable, Mapping

from flask import Response, jsonify, request

from portalkey.simulator.api.introspection import describe_access, describe_refresh
from portalkey.simulator.forms import FORM, read_pairs, singles
from portalkey.simulator.world import World
from portalkey.simulator.world.apps import App
from portalkey.simulator.world.ledger import Issued
from portalkey.simulator.world.refusals import Refused

Form = Mapping[str, str]

_SECRETS = frozenset(
    {"access_token", "client_secret", "code", "code_verifier", "refresh_token", "token"}
)


class TokenEndpoints:
    """``/oauth/{version}/token`` and what lies below it."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._grants: Mapping[str, Callable[[App, Form], Issued]] = {
            "authorization_code": self._authorization_code,
            "refresh_token": self._refresh_token,
            "client_credentials": self._client_credentials,
        }

    def token(self, version: str) -> Response:
        """Tokens for a code or a refresh token."""
        del version
        form = _form()
        grant = self._grants.get(form.get("grant_type", ""))
        if grant is None:
            raise Refused("BAD_GRANT_TYPE")
        return jsonify(_issued(grant(self._app(form), form)))

    def introspect(self, version: str) -> Response:
        """What a token is for (RFC 7662); only the field ``token`` is read, whatever its type."""
        del version
        form = _form()
        client_id, token = self._app(form).client_id, form.get("token", "")
        ledger, now = self._world.ledger, self._world.clock.now()
        access, agreement = ledger.access(token), ledger.agreement(token)
        answer: dict[str, object] = {"active": False}
        if access and access.agreement.client_id == client_id and access.expires_at > now:
            answer = describe_access(token, access, now, self._world.apps[client_id])
        if agreement and agreement.client_id == client_id:
            answer = describe_refresh(token, agreement, self._world.apps[client_id])
        return jsonify(answer)

    def revoke(self, version: str) -> Response:
        """End a refresh token (RFC 7009): 200 for every token, known or not."""
        del version
        form = _form()
        app = self._app(form)
        self._world.ledger.revoke(form.get("token", ""), client_id=app.client_id)
        return Response(status=200)

    def _app(self, form: Form) -> App:
        app = self._world.apps.get(form.get("client_id", ""))
        if app is None:
            raise Refused("BAD_CLIENT_ID")
        secret = form.get("client_secret", "")
        if not hmac.compare_digest(secret.encode(), app.client_secret.encode()):
            raise Refused("BAD_CLIENT_SECRET")
        return app

    def _authorization_code(self, app: App, form: Form) -> Issued:
        if not form.get("redirect_uri"):
            raise Refused("BAD_REDIRECT_URI")
        return self._world.ledger.spend_code(
            form.get("code", ""),
            client_id=app.client_id,
            redirect_uri=form["redirect_uri"],
            verifier=form.get("code_verifier", ""),
        )

    def _refresh_token(self, app: App, form: Form) -> Issued:
        return self._world.ledger.refresh(form.get("refresh_token", ""), client_id=app.client_id)

    def _client_credentials(self, app: App, form: Form) -> Issued:
        # For the webhooks journal only, whose scopes no app has here.
        del app, form
        raise Refused("BAD_SCOPES")


def refusal_response(refused: Refused) -> Response:
    """The answer to a request that is *refused*."""
    response = jsonify(refused.refusal.body)
    response.status_code = refused.refusal.http_status
    return response


def _form() -> Form:
    if _SECRETS & {name for name, _ in read_pairs(request.query_string)}:
        raise Refused("SECRET_IN_URL")
    return singles(read_pairs(request.get_data())) if request.mimetype == FORM else {}


def _issued(issued: Issued) -> dict[str, object]:
    return {
        "token_type": "bearer",
        "access_token": issued.access_token,
        "refresh_token": issued.refresh_token,
        "expires_in": issued.expires_in,
        "token_use": "access_token",
        "hub_id": issued.agreement.account.hub_id,
        "user_id": issued.agreement.account.user_id,
        "scopes": issued.agreement.scopes,
    }
