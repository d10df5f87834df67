"""One try at renewing a connection: the lease on its row, and one request under it.

The lease is taken first, so that one process of all is at it. No transaction is open while HubSpot
is asked. The lease is for politeness (one request); the compare-and-swap that saves what HubSpot
gives is for truth.
"""

from pydantic import SecretStr

from portalkey._support.clock import Clock
from portalkey._support.timing import Measured, send_measure
from portalkey.broker.lease_owner import LeaseOwner
from portalkey.broker.refresh_outcome import OutcomeRecorder
from portalkey.broker.token_request import Superseded, TokenRequest
from portalkey.errors import NoKeyOpens
from portalkey.hubspot.client import DEADLINE
from portalkey.model import leases
from portalkey.model.connection import Connection
from portalkey.model.leases import DenialReason, Lease, LeaseDenied, LeaseRequest
from portalkey.model.throttle import Limits
from portalkey.vault.vault import Vault

LEASE = 30.0
"""Seconds that a lease lasts. Its owner sends within ``START_WITHIN`` and has an answer or gives up
within the client's deadline; ten seconds more are left for slow stores."""
START_WITHIN = 5.0

assert LEASE > START_WITHIN + DEADLINE + 10  # noqa: S101 - nobody may move one of them alone


class Renewal:
    """Tries to renew a connection by one request."""

    def __init__(
        self,
        vault: Vault,
        token_request: TokenRequest,
        outcomes: OutcomeRecorder,
        *,
        limits: Limits,
        clock: Clock,
        lease_owner: LeaseOwner,
    ) -> None:
        """Put the parts together; *limits* are those of all processes."""
        self._vault = vault
        self._token_request = token_request
        self._outcomes = outcomes
        self._limits = limits
        self._clock = clock
        self._lease_owner = lease_owner

    def close(self) -> None:
        """Give up being a lease owner."""
        self._lease_owner.close()

    def try_once(self, row: Connection, *, is_forced: bool = False) -> Connection | LeaseDenied:
        """Renew *row* by one request, unless another thread or process is at it.

        Args:
            row: The connection as it was read just now.
            is_forced: It is renewed before its time, after a caller's 401.

        Raises:
            InvalidGrant: HubSpot no longer honours it, and the row says so by now.
            NoKeyOpens: No key opens its refresh token.
            OperatorMustAct, TryLater: Renewing failed; the failure is recorded.
        """
        with self._lease_owner.claim(row.id) as is_ours:
            if not is_ours:
                return LeaseDenied(DenialReason.LEASED, LEASE)
            lease_id = row.lease_id if row.is_leased else None
            # A lease in our name that no thread is at was granted, but its response was lost.
            is_anothers = lease_id is not None and lease_id != self._lease_owner.name
            if is_anothers and not self._lease_owner.is_dead(lease_id or ""):
                return LeaseDenied(DenialReason.LEASED, LEASE)
            request = LeaseRequest(self._lease_owner.name, LEASE, self._limits, lease_id, is_forced)
            return self._refresh_with_lease(row, request)

    def _refresh_with_lease(
        self, row: Connection, request: LeaseRequest
    ) -> Connection | LeaseDenied:
        refresh_token = self._decrypt_refresh_token(row)
        asked_at = self._clock()
        # A denial that the row already tells costs no transaction.
        lease = leases.grant_lease(row, row, request)
        if isinstance(lease, Lease):
            lease = self._vault.store.lease(row, request)
        if isinstance(lease, LeaseDenied):
            return lease
        if self._clock() - asked_at > START_WITHIN:
            # This thread was held up, and others may think it dead by now: nothing is sent.
            self._vault.store.release(lease.connection, is_unanswered=lease.was_unanswered)
            return LeaseDenied(DenialReason.STALE)
        try:
            return self._token_request.refresh_under_lease(lease, refresh_token)
        except Superseded:
            return LeaseDenied(DenialReason.STALE)

    def _decrypt_refresh_token(self, row: Connection) -> SecretStr:
        try:
            return self._vault.open_refresh(row)
        except NoKeyOpens as trouble:
            send_measure(Measured.REFRESH, None, trouble)
            self._outcomes.record_missing_key(row, trouble)
            raise
