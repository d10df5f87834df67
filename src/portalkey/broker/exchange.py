"""Exchange of an authorization code for a stored connection."""

from pydantic import SecretStr

from portalkey.broker.outbox import Outbox
from portalkey.errors import PortalkeyError, WrongAccount
from portalkey.hubspot.account import (
    Details,
    Introspection,
    details_request,
    identify,
    introspect_request,
    read_details,
    read_introspection,
)
from portalkey.hubspot.client import Send
from portalkey.hubspot.token import GrantType, code_request, read_grant
from portalkey.model.attempt import Attempt
from portalkey.model.connection import Account, Connection, Grant
from portalkey.settings.settings import Settings
from portalkey.vault.vault import Vault


class Exchange:
    """Exchanges the code of a claimed attempt, and stores the connection."""

    def __init__(self, settings: Settings, vault: Vault, send: Send, outbox: Outbox) -> None:
        self._settings = settings
        self._vault = vault
        self._send = send
        self._outbox = outbox

    def run(self, attempt: Attempt, code: SecretStr) -> Connection | None:
        """Exchange *code*, find out whose account it is, seal and store the grant.

        Returns None where the attempt was cancelled meanwhile. A grant that is not stored, for this
        or any other reason, is revoked. Raises what the exchange raised.
        """
        verifier = self._vault.open_verifier(attempt) if attempt.sealed_verifier else None
        # The claim came before the request, so no lifetime is overstated. The store is not asked
        # between the two: its trouble would lose the code.
        sent_at = attempt.claimed_at or attempt.seen_at
        request = code_request(
            self._settings, code=code, redirect_uri=attempt.redirect_uri, verifier=verifier
        )
        grant = read_grant(self._send(request), asked=GrantType.CODE)
        connection = None
        try:
            account, scopes = self._identify(grant)
            if attempt.expected_hub_id not in (None, account.hub_id):
                raise WrongAccount
            connection = self._vault.save(attempt, grant, account, scopes, sent_at=sent_at)
        finally:
            if connection is None and grant.refresh_token is not None:
                self._outbox.revoke_unsaved(grant.refresh_token)
        return connection

    def _identify(self, grant: Grant) -> tuple[Account, tuple[str, ...]]:
        return identify(grant, self._introspect(grant), self._details(grant))

    def _introspect(self, grant: Grant) -> Introspection | None:
        """Ask who agreed, and for which account; None where HubSpot does not say just now."""
        try:
            return read_introspection(
                self._send(introspect_request(self._settings, grant.access_token))
            )
        except PortalkeyError:
            return None

    def _details(self, grant: Grant) -> Details | None:
        """Ask for the account's time zone, kind and place; None where the scopes do not reach."""
        try:
            return read_details(self._send(details_request(self._settings, grant.access_token)))
        except PortalkeyError:
            return None
