"""One try at renewing a connection: a permit, the lease on its row, and one request under it.

The permit of the throttle comes first, as it may have to be waited for and a lease must not. Then
the lease is taken, so that one process of all is at it. No transaction is open while HubSpot
is asked. The lease is for politeness (one request); the compare-and-swap that saves what HubSpot
gives is for truth.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Protocol

from pydantic import SecretStr

from portalkey._support.clock import Clock
from portalkey._support.telemetry import Measured, send_measure
from portalkey.broker import waiting
from portalkey.broker.admission import Admission, Permit
from portalkey.broker.breaker import is_of_process
from portalkey.broker.caller_gate import aside
from portalkey.broker.lease_owner import LeaseOwner
from portalkey.broker.refresh_outcome import OutcomeRecorder
from portalkey.broker.token_request import Superseded, TokenRequest
from portalkey.broker.waiting import UNBOUNDED, Check
from portalkey.errors import NoKeyOpens, PortalkeyError, StoreBusy, StoreIsCopy, StoreUnusable
from portalkey.hubspot.client import DEADLINE
from portalkey.model import leases
from portalkey.model.connection import Connection
from portalkey.model.leases import DenialReason, Lease, LeaseDenied, LeaseRequest
from portalkey.model.throttle import Purpose, Throttled
from portalkey.vault.vault import Vault

LEASE = 30.0
"""Seconds that a lease lasts. Its owner sends within ``START_WITHIN`` and has an answer or gives up
within the client's deadline; ten seconds more are left for slow stores."""
START_WITHIN = 5.0

assert LEASE > START_WITHIN + DEADLINE + 10  # noqa: S101 - nobody may move one of them alone


@dataclass(frozen=True, slots=True)
class RefreshJob:
    """Get a grant later than *generation* where one is named, a good one otherwise.

    *until* is the moment at which the caller gives up, and *longest* for how many seconds to wait
    for another process. *is_forced* is after a caller's 401.
    *purpose* says how urgent it is, and *seen* is the row as the caller read it at the moment
    *seen_at*.
    """

    connection_id: str
    until: float = UNBOUNDED
    longest: float = waiting.LONGEST
    generation: int | None = None
    is_forced: bool = False
    purpose: Purpose = Purpose.CALLER
    seen: Connection | None = None
    seen_at: float = -UNBOUNDED


class HasGeneration(Protocol):
    """The part of a connection that asking for its next generation needs."""

    @property
    def id(self) -> str:
        """The connection's id."""

    @property
    def generation(self) -> int:
        """The generation of the grant that it bears."""


@contextmanager
def _measuring() -> Iterator[None]:
    """Measure a store in trouble as a try that failed: who is served on does not hear of it."""
    try:
        yield
    except (StoreBusy, StoreUnusable) as trouble:
        send_measure(Measured.REFRESH, None, trouble)
        raise


class Renewal:
    """Tries to renew a connection by one request."""

    def __init__(
        self,
        vault: Vault,
        token_request: TokenRequest,
        outcomes: OutcomeRecorder,
        admission: Admission,
        clock: Clock,
        *,
        lease_owner: LeaseOwner,
        check: Check,
    ) -> None:
        """Put the parts together."""
        self._vault = vault
        self._token_request = token_request
        self._outcomes = outcomes
        self._admission = admission
        self._clock = clock
        self._lease_owner = lease_owner
        self._check = check

    def try_once(self, row: Connection, job: RefreshJob) -> Connection | LeaseDenied:
        """Renew *row* by one request, unless another thread or process is at it.

        Args:
            row: The connection as it was read just now.
            job: What is wanted, until when and how urgently.

        Raises:
            InvalidGrant: HubSpot no longer honours it, and the row says so by now.
            NoKeyOpens: No key opens its refresh token.
            StoreIsCopy: Its grant is not this store's own to renew.
            OperatorMustAct, TryLater: Renewing failed; the failure is recorded.
        """
        if not self._vault.is_own(row):
            raise StoreIsCopy
        lease_id = row.lease_id if row.is_leased else None
        # A lease in our name that no thread is at was granted, but its response was lost.
        is_anothers = lease_id is not None and lease_id != self._lease_owner.name
        if is_anothers and not self._lease_owner.is_dead(lease_id or ""):
            return LeaseDenied(DenialReason.LEASED, LEASE)
        refresh_token = self._decrypt_refresh_token(row)
        request = LeaseRequest(self._lease_owner.name, LEASE, lease_id, job.is_forced)
        # A denial that the row already tells costs neither a permit nor a transaction.
        denial = leases.grant_lease(row, row, request)
        if isinstance(denial, LeaseDenied):
            return denial
        self._check(row.owner)
        with _measuring(), aside():
            permit = self._admission.acquire(job.purpose, row.owner, row.id)
        if isinstance(permit, Throttled):
            return LeaseDenied(DenialReason.THROTTLED, permit.wait, permit.reason)
        return self._use_permit(row, request, permit, refresh_token, job.until)

    def _use_permit(
        self,
        row: Connection,
        request: LeaseRequest,
        permit: Permit,
        refresh_token: SecretStr,
        until: float,
    ) -> Connection | LeaseDenied:
        is_used = False
        try:
            with self._lease_owner.claim(row.id) as is_ours:
                if not is_ours:
                    return LeaseDenied(DenialReason.LEASED, LEASE)
                self._check(row.owner)
                lease = self._take_lease(row, request, until)
                if isinstance(lease, LeaseDenied):
                    return lease
                is_used = True
                return self._send(replace(lease, is_news=permit.is_news), refresh_token, until)
        except PortalkeyError as trouble:
            if is_used and is_of_process(trouble):
                self._admission.release_probe(permit)
            raise
        finally:
            if not is_used:
                self._admission.give_back(permit)

    def _take_lease(
        self, row: Connection, request: LeaseRequest, until: float
    ) -> Lease | LeaseDenied:
        asked_at = self._clock()
        with _measuring():
            lease = self._vault.store.lease(row, request)
        now = self._clock()
        is_late = now - asked_at > START_WITHIN or not waiting.is_time_for_request(until - now)
        if isinstance(lease, Lease) and is_late:
            # This thread was held up, and others may think it dead by now: nothing is sent.
            self._vault.store.release(lease.connection, is_unanswered=lease.was_unanswered)
            return LeaseDenied(DenialReason.STALE)
        return lease

    def _send(
        self, lease: Lease, refresh_token: SecretStr, until: float
    ) -> Connection | LeaseDenied:
        try:
            return self._token_request.refresh_under_lease(lease, refresh_token, until)
        except Superseded:
            return LeaseDenied(DenialReason.STALE)

    def _decrypt_refresh_token(self, row: Connection) -> SecretStr:
        try:
            return self._vault.open_refresh(row)
        except NoKeyOpens as trouble:
            send_measure(Measured.REFRESH, None, trouble)
            self._outcomes.alarms.report_missing_key(trouble, row)
            raise
