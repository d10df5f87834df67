"""Renewal of a connection's token: the only way there is.

One thread of this process renews a connection while the others wait for its result. It takes a
lease on the row first, so that one process of all does, and reads the row again under it. No
transaction is open while HubSpot is asked. The lease is for politeness (one request); the
compare-and-swap that saves what HubSpot gives is for truth.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from pydantic import SecretStr

from portalkey._support.background import Background
from portalkey._support.clock import Clock, boot_time, sleep_seconds
from portalkey._support.single_flight import SingleFlight
from portalkey._support.timing import Measured, send_measure
from portalkey.broker import waiting
from portalkey.broker.audit import Audit
from portalkey.broker.lease_owner import LeaseOwner
from portalkey.broker.outbox import Outbox
from portalkey.broker.refresh_outcome import OutcomeRecorder
from portalkey.broker.token_request import InvalidGrant, Superseded, TokenRequest
from portalkey.broker.waiting import Uniform
from portalkey.errors import (
    NeedsReconnect,
    NoKeyOpens,
    NotConnected,
    PersonMustAct,
    PortalkeyError,
    StoreUnusable,
    TryLater,
)
from portalkey.hubspot.client import DEADLINE, Send
from portalkey.model import expiry, leases
from portalkey.model.connection import Connection, ConnectionStatus
from portalkey.model.leases import DenialReason, Lease, LeaseDenied, LeaseRequest
from portalkey.model.throttle import Limits
from portalkey.settings.settings import Settings
from portalkey.vault.vault import Vault

LEASE = 30.0
"""Seconds that a lease lasts. Its owner sends within ``START_WITHIN`` and has an answer or gives up
within the client's deadline; ten seconds more are left for slow stores."""
START_WITHIN = 5.0

assert LEASE > START_WITHIN + DEADLINE + 10  # noqa: S101 - nobody may move one of them alone


@dataclass(frozen=True, slots=True)
class _RefreshJob:
    """Get a grant later than *generation* where one is named, a good one otherwise.

    *longest* is for how many seconds to wait for another process. *is_forced* is after a caller's
    401.
    """

    connection_id: str
    longest: float = waiting.LONGEST
    generation: int | None = None
    is_forced: bool = False


class HasGeneration(Protocol):
    """The part of a connection that asking for its next generation needs."""

    @property
    def id(self) -> str:
        """The connection's id."""

    @property
    def generation(self) -> int:
        """The generation of the grant that it bears."""


class Refresh:
    """Finds a grant that is still good, renewing it first where it is not."""

    def __init__(
        self,
        settings: Settings,
        vault: Vault,
        send: Send,
        audit: Audit,
        outbox: Outbox,
        *,
        clock: Clock = boot_time,
        sleep: Callable[[float], None] = sleep_seconds,
        uniform: Uniform = random.uniform,
        lease_owner: LeaseOwner | None = None,
        on_trouble: Callable[[PortalkeyError], object] | None = None,
    ) -> None:
        """Put the parts together; tests bring clock, sleep and chance."""
        self._settings = settings
        self._vault = vault
        self._clock = clock
        self._sleep = sleep
        self._uniform = uniform
        self._lease_owner = lease_owner or LeaseOwner()
        self._limits = Limits(settings.refresh_rate, settings.refresh_burst)
        self._outcomes = OutcomeRecorder(vault, audit, uniform)
        self._token_request = TokenRequest(
            settings,
            vault,
            send,
            audit,
            outbox,
            outcomes=self._outcomes,
            sleep=sleep,
            uniform=uniform,
        )
        self._renewals: SingleFlight[Connection] = SingleFlight()
        self._background = Background(on_trouble=on_trouble)

    def ensure_fresh(self, connection: Connection) -> Connection:
        """Return *connection* with an access token that is good for a minute, if one can be had.

        Raises:
            NeedsReconnect: HubSpot no longer honours the connection.
            NotConnected: It was disconnected meanwhile.
            OperatorMustAct, TryLater: Renewing failed, and no token is left that still lives.
        """
        # A grant that is still to be saved may heal what another process found wrong.
        if connection.id not in self._token_request.pending and self._is_good(connection):
            return connection
        began = self._clock()
        try:
            return self._join(connection.id, _RefreshJob(connection.id))
        except (TryLater, StoreUnusable) as trouble:
            # Trouble on our side takes no living token away.
            return self._serve_or_raise(connection, began, trouble)

    def refresh_in_background(self, connection: HasGeneration) -> bool:
        """Start to renew *connection* in the background; False where no thread is free.

        Where another process has the lease, it is left to that one.
        """
        job = _RefreshJob(connection.id, longest=0.0, generation=connection.generation)
        name = f"in background {connection.id}"
        return self._background.start(name, lambda: self._join(name, job))

    def force_refresh(self, connection: Connection) -> Connection:
        """Return *connection* after a caller's 401: at a later generation, if one can be had now.

        Raises:
            NeedsReconnect, NotConnected, OperatorMustAct, TryLater: As ``ensure_fresh`` does.
        """
        job = _RefreshJob(connection.id, generation=connection.generation, is_forced=True)
        return self._join(f"forced {connection.id}", job)

    def save_pending(self) -> None:
        """Save the grants that the store would not take before, or have HubSpot revoke them.

        Raises:
            StoreBusy, StoreUnusable: The store still will not take them.
        """
        self._token_request.save_all_pending()

    def close(self) -> None:
        """Wait for renewals under way, and give up being a lease owner."""
        self._background.join()
        self._lease_owner.close()

    def _join(self, name: str, job: _RefreshJob) -> Connection:
        return self._renewals.do(name, lambda: self._until_done(job))

    def _until_done(self, job: _RefreshJob) -> Connection:
        began = self._clock()
        while True:
            self._token_request.save_pending_of(job.connection_id)
            read_at, row = self._clock(), self._read_again(job.connection_id)
            if self._is_done(row, job):
                return row
            try:
                outcome = self._try_once(row, job)
            except (PersonMustAct, NoKeyOpens):
                raise
            except PortalkeyError as trouble:
                self._save_later(row.id)
                return self._serve_or_raise(row, read_at, trouble)
            if isinstance(outcome, Connection):
                left = outcome.seconds_left - (self._clock() - read_at)
                if left > min(expiry.LEAST, expiry.margin(outcome)):
                    return outcome
                # This thread was held up for longer than the new token lived.
                outcome = LeaseDenied(DenialReason.STALE)
            if outcome.why is DenialReason.FORCED:
                return row
            pause = waiting.pause(outcome, read_at - began, self._uniform)
            until = began + min(job.longest, waiting.longest_wait(outcome))
            if self._clock() + pause > waiting.latest(until, row, read_at, self._clock()):
                return self._serve_or_raise(row, read_at, waiting.timeout_error(outcome))
            self._sleep(pause)

    def _is_done(self, row: Connection, job: _RefreshJob) -> bool:
        if job.generation is None:
            return self._is_good(row)
        return row.generation > job.generation

    def _try_once(self, row: Connection, job: _RefreshJob) -> Connection | LeaseDenied:
        """Renew *row* by one request, unless another thread or process is at it."""
        with self._lease_owner.claim(row.id) as is_ours:
            if not is_ours:
                return LeaseDenied(DenialReason.LEASED, LEASE)
            lease_id = row.lease_id if row.is_leased else None
            # A lease in our name that no thread is at was granted, but its response was lost.
            is_anothers = lease_id is not None and lease_id != self._lease_owner.name
            if is_anothers and not self._lease_owner.is_dead(lease_id or ""):
                return LeaseDenied(DenialReason.LEASED, LEASE)
            return self._refresh_with_lease(row, job, lease_id)

    def _refresh_with_lease(
        self, row: Connection, job: _RefreshJob, dead: str | None
    ) -> Connection | LeaseDenied:
        refresh_token = self._decrypt_refresh_token(row)
        asked_at = self._clock()
        request = LeaseRequest(self._lease_owner.name, LEASE, self._limits, dead, job.is_forced)
        # A denial that the row already tells costs no transaction.
        lease = leases.grant_lease(row, row, request)
        if isinstance(lease, Lease):
            lease = self._token_request.take_lease(row, request)
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
        except InvalidGrant:
            raise self._needs_reconnect(row) from None

    def decrypt_access_token(self, connection: Connection) -> str:
        """Open the access token of *connection*.

        Raises:
            NoKeyOpens: No key opens its seal. The row stays as it is; the alarm is recorded once.
        """
        try:
            return self._vault.open_access(connection).get_secret_value()
        except NoKeyOpens as trouble:
            self._outcomes.record_missing_key(connection, trouble)
            raise

    def _decrypt_refresh_token(self, row: Connection) -> SecretStr:
        try:
            return self._vault.open_refresh(row)
        except NoKeyOpens as trouble:
            send_measure(Measured.REFRESH, None, trouble)
            self._outcomes.record_missing_key(row, trouble)
            raise

    def _save_later(self, connection_id: str) -> None:
        """Save in the background: the next caller may come too late for it."""
        if connection_id in self._token_request.pending:
            self._background.start(
                f"save {connection_id}", lambda: self._token_request.save_soon(connection_id, LEASE)
            )

    def _serve_or_raise(
        self, row: Connection, read_at: float, trouble: PortalkeyError
    ) -> Connection:
        """Return *row* while its token lives; otherwise raise *trouble*."""
        passed = self._clock() - read_at
        if row.seconds_left - passed <= expiry.LEAST:
            raise trouble
        if passed < waiting.REREAD_AFTER:
            return row
        # Asking took its time, and somebody may have disconnected meanwhile.
        read_at, row = self._clock(), self._read_again(row.id)
        if row.seconds_left - (self._clock() - read_at) <= expiry.LEAST:
            raise trouble
        return row

    def _read_again(self, connection_id: str) -> Connection:
        row = self._vault.store.connection(connection_id)
        if row is None or row.status is ConnectionStatus.DISCONNECTED:
            raise NotConnected
        if row.status is ConnectionStatus.NEEDS_RECONNECT:
            raise self._needs_reconnect(row)
        return row

    def _is_good(self, connection: Connection) -> bool:
        if connection.status is ConnectionStatus.NEEDS_RECONNECT:
            raise self._needs_reconnect(connection)
        return connection.seconds_left > expiry.margin(connection)

    def _needs_reconnect(self, connection: Connection) -> NeedsReconnect:
        """Name an absolute address: a worker has no request to build one from."""
        settings = self._settings
        page = f"{settings.public_url}{settings.mount}/connections/setup"
        return NeedsReconnect(reconnect_url=f"{page}?reconnect={connection.id}")
