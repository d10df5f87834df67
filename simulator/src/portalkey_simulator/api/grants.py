"""Answers to token requests, by the kind of grant."""

from collections.abc import Callable, Mapping

from portalkey_simulator.api.fields import Fields
from portalkey_simulator.world import World
from portalkey_simulator.world.apps import App
from portalkey_simulator.world.ledger import IssuedTokens
from portalkey_simulator.world.refusals import Refused

JOURNAL_READ = "developer.webhooks_journal.read"
SUBSCRIPTIONS_READ = "developer.webhooks_journal.subscriptions.read"
SUBSCRIPTIONS_WRITE = "developer.webhooks_journal.subscriptions.write"
APP_SCOPES = frozenset({JOURNAL_READ, SUBSCRIPTIONS_READ, SUBSCRIPTIONS_WRITE})
"""The scopes that an app can ask for itself, without an account."""


class Grants:
    """Tokens for codes, for refresh tokens, and for apps themselves."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._kinds: Mapping[str, Callable[[App, Fields], dict[str, object]]] = {
            "authorization_code": self._exchange_code,
            "refresh_token": self._refresh,
            "client_credentials": self._issue_app_token,
        }

    def answer(self, fields: Fields) -> dict[str, object]:
        """Answer a token request with these *fields*.

        Raises:
            Refused: The request is not as it has to be.
        """
        grant = self._kinds.get(fields.get("grant_type", ""))
        if grant is None:
            raise Refused("BAD_GRANT_TYPE")
        return grant(self.authenticate(fields), fields)

    def authenticate(self, fields: Fields) -> App:
        """Return the app that asks, by its id and secret.

        Raises:
            Refused: There is no such app, or the secret is neither its own nor one that still is.
        """
        app = self._world.apps.get(fields.get("client_id", ""))
        if app is None:
            raise Refused("BAD_CLIENT_ID")
        if not self._world.old_secrets.accepts(app, fields.get("client_secret", "")):
            raise Refused("BAD_CLIENT_SECRET")
        return app

    def _exchange_code(self, app: App, fields: Fields) -> dict[str, object]:
        if not fields.get("redirect_uri"):
            raise Refused("BAD_REDIRECT_URI")
        return self._serialize_tokens(
            self._world.ledger.spend_code(
                fields.get("code", ""),
                client_id=app.client_id,
                redirect_uri=fields["redirect_uri"],
                verifier=fields.get("code_verifier", ""),
            )
        )

    def _refresh(self, app: App, fields: Fields) -> dict[str, object]:
        token = fields.get("refresh_token", "")
        return self._serialize_tokens(self._world.ledger.refresh(token, client_id=app.client_id))

    def _issue_app_token(self, app: App, fields: Fields) -> dict[str, object]:
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

    def _serialize_tokens(self, tokens: IssuedTokens) -> dict[str, object]:
        switches, agreement = self._world.switches, tokens.agreement
        body: dict[str, object] = {
            "token_type": "bearer",
            "access_token": tokens.access_token,
            "refresh_token": tokens.refresh_token,
            "expires_in": tokens.expires_in,
            "token_use": "access_token",
        }
        if switches.sends_hub_id:
            body["hub_id"] = agreement.account.hub_id
        if switches.sends_user_id or agreement.is_user_level:
            body["user_id"] = agreement.user.user_id
        if switches.sends_scopes:
            body["scopes"] = agreement.scopes
        if switches.sends_id_token:
            body["id_token"] = self._world.mint.make_id()
        return body
