"""Exchange of an authorization code for a stored connection."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress

from pydantic import SecretStr

from portalkey.broker import waiting
from portalkey.broker.admission import Permit
from portalkey.broker.breaker import is_of_app
from portalkey.broker.outbox import Outbox
from portalkey.broker.token_endpoint import TokenEndpoint
from portalkey.errors import HubSpotUnavailable, PortalkeyError, TryLater, WrongAccount
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
from portalkey.hubspot.http import Request
from portalkey.hubspot.token import GrantType, code_request, read_grant
from portalkey.model.attempt import Attempt
from portalkey.model.connection import Account, Connection, Grant
from portalkey.model.throttle import Purpose, Throttled
from portalkey.settings.settings import Settings
from portalkey.vault.vault import Vault


class Exchange:
    """Exchanges the code of a claimed attempt, and stores the connection."""

    def __init__(
        self,
        settings: Settings,
        vault: Vault,
        send: Send,
        outbox: Outbox,
        endpoint: TokenEndpoint,
    ) -> None:
        self._admission = endpoint.admission
        self._permits: dict[str, Permit] = {}
        self._breaker = endpoint.breaker
        self._settings = settings
        self._vault = vault
        self._send = send
        self._outbox = outbox

    @contextmanager
    def admit(self, attempt: Attempt | None) -> Iterator[None]:
        """Take a permit to exchange the code of *attempt*; none where there is nothing to exchange.

        It is asked for before the attempt is claimed and its code is spent, so that the same
        return can be tried again.

        Raises:
            HubSpotUnavailable, RateLimited: The token endpoint may not be asked just now.
            StoreBusy, StoreUnusable: The store is in trouble.
        """
        if attempt is None:
            yield
            return
        permit = self._admission.acquire(Purpose.EXCHANGE, attempt.owner, attempt.owner)
        if isinstance(permit, Throttled):
            trouble = waiting.throttled_error(permit.reason, permit.wait)
            # Whatever the operator has to do about it, it passes for the person who connects.
            is_passing = isinstance(trouble, TryLater)
            raise trouble if is_passing else HubSpotUnavailable(retry_after=max(1.0, permit.wait))
        self._permits[attempt.id] = permit
        try:
            yield
        finally:
            unused = self._permits.pop(attempt.id, None)
            if unused is not None:
                self._admission.give_back(unused)

    def run(self, attempt: Attempt, code: SecretStr) -> Connection | None:
        """Exchange *code*, find out whose account it is, seal and store the grant.

        Returns None where the attempt was cancelled meanwhile. A grant that is not stored, for this
        or any other reason, is revoked. Raises what the exchange raised.
        """
        verifier = self._vault.open_verifier(attempt) if attempt.sealed_verifier else None
        sent_at = self._vault.store.now()
        request = code_request(
            self._settings, code=code, redirect_uri=attempt.redirect_uri, verifier=verifier
        )
        grant = self._request(request, attempt)
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

    def _request(self, request: Request, attempt: Attempt) -> Grant:
        """Send *request*, and record what its answer says of the token endpoint."""
        permit = self._permits.pop(attempt.id, None)
        try:
            grant = read_grant(self._send(request), asked=GrantType.CODE)
        except PortalkeyError as trouble:
            if is_of_app(trouble):
                with suppress(PortalkeyError):
                    self._breaker.record_failure(attempt.owner, trouble)
            else:
                self._record_answer(permit)
            raise
        self._record_answer(permit)
        return grant

    def _record_answer(self, permit: Permit | None) -> None:
        if permit is None or permit.is_news or self._breaker.is_troubled:
            self._breaker.record_answer()

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
