"""What each kind of grant gives for the fields of a token request."""

import hmac
from collections.abc import Callable, Mapping

from portalkey_simulator.api.fields import Fields
from portalkey_simulator.world import World
from portalkey_simulator.world.apps import App
from portalkey_simulator.world.ledger import Issued
from portalkey_simulator.world.refusals import Refused

JOURNAL_READ = "developer.webhooks_journal.read"
SUBSCRIPTIONS_READ = "developer.webhooks_journal.subscriptions.read"
SUBSCRIPTIONS_WRITE = "developer.webhooks_journal.subscriptions.write"
APP_SCOPES = frozenset({JOURNAL_READ, SUBSCRIPTIONS_READ, SUBSCRIPTIONS_WRITE})
"""What an app can ask for itself, without an account."""


class Grants:
    """Tokens for codes, for refresh tokens, and for apps themselves."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._kinds: Mapping[str, Callable[[App, Fields], dict[str, object]]] = {
            "authorization_code": self._authorization_code,
            "refresh_token": self._refresh_token,
            "client_credentials": self._client_credentials,
        }

    def give(self, fields: Fields) -> dict[str, object]:
        """The answer to a token request with these *fields*.

        Raises:
            Refused: The request is not as it has to be.
        """
        grant = self._kinds.get(fields.get("grant_type", ""))
        if grant is None:
            raise Refused("BAD_GRANT_TYPE")
        return grant(self.app(fields), fields)

    def app(self, fields: Fields) -> App:
        """The app that asks, by its id and secret.

        Raises:
            Refused: There is no such app, or the secret is not its own.
        """
        app = self._world.apps.get(fields.get("client_id", ""))
        if app is None:
            raise Refused("BAD_CLIENT_ID")
        secret = fields.get("client_secret", "")
        if not hmac.compare_digest(secret.encode(), app.client_secret.encode()):
            raise Refused("BAD_CLIENT_SECRET")
        return app

    def _authorization_code(self, app: App, fields: Fields) -> dict[str, object]:
        if not fields.get("redirect_uri"):
            raise Refused("BAD_REDIRECT_URI")
        return self._issued(
            self._world.ledger.spend_code(
                fields.get("code", ""),
                client_id=app.client_id,
                redirect_uri=fields["redirect_uri"],
                verifier=fields.get("code_verifier", ""),
            )
        )

    def _refresh_token(self, app: App, fields: Fields) -> dict[str, object]:
        token = fields.get("refresh_token", "")
        return self._issued(self._world.ledger.refresh(token, client_id=app.client_id))

    def _client_credentials(self, app: App, fields: Fields) -> dict[str, object]:
        if app.is_user_level:
            raise Refused("USER_LEVEL_CLIENT_CREDENTIALS_NOT_SUPPORTED")
        scopes = tuple(dict.fromkeys(fields.get("scope", "").split()))
        if not scopes or not APP_SCOPES.issuperset(scopes):
            raise Refused("BAD_SCOPES")
        token, seconds = self._world.ledger.issue_app_token(app.client_id, scopes)
        body: dict[str, object] = {
            "token_type": "bearer",
            "access_token": token,
            "expires_in": seconds,
            "token_use": "client_credentials",
        }
        return body | ({"scopes": scopes} if self._world.switches.sends_scopes else {})

    def _issued(self, issued: Issued) -> dict[str, object]:
        switches, agreement = self._world.switches, issued.agreement
        body: dict[str, object] = {
            "token_type": "bearer",
            "access_token": issued.access_token,
            "refresh_token": issued.refresh_token,
            "expires_in": issued.expires_in,
            "token_use": "access_token",
        }
        if switches.sends_hub_id:
            body["hub_id"] = agreement.account.hub_id
        if switches.sends_user_id:
            body["user_id"] = agreement.user.user_id
        if switches.sends_scopes:
            body["scopes"] = agreement.scopes
        if switches.sends_id_token:
            body["id_token"] = self._world.mint.identifier()
        return body
