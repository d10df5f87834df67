"""Renewal of a connection's token, for whoever needs one: the only way there is.

One thread of this process renews a connection while the others wait for its result; where another
process is at it, the row is read again until it is done. Whatever goes wrong, a token that still
lives is served.
"""

import random
from collections.abc import Callable, Sequence
from contextlib import nullcontext

from portalkey._support.background import Background
from portalkey._support.clock import Clock, boot_time, sleep_seconds
from portalkey._support.single_flight import FlightTimeout, SingleFlight
from portalkey.broker import waiting
from portalkey.broker.alarms import Alarms
from portalkey.broker.audit import Audit
from portalkey.broker.caller_gate import aside
from portalkey.broker.lease_owner import LeaseOwner
from portalkey.broker.outbox import Outbox
from portalkey.broker.refresh_outcome import OutcomeRecorder
from portalkey.broker.renewal import LEASE, HasGeneration, RefreshJob, Renewal
from portalkey.broker.token_endpoint import TokenEndpoint
from portalkey.broker.token_request import InvalidGrant, TokenRequest
from portalkey.broker.waiting import UNBOUNDED, Check, Uniform, always
from portalkey.errors import (
    NeedsReconnect,
    NoKeyOpens,
    NotConnected,
    PersonMustAct,
    PortalkeyError,
    StoreUnusable,
    TryLater,
)
from portalkey.hubspot.client import Send
from portalkey.model import expiry
from portalkey.model.connection import Connection, ConnectionStatus
from portalkey.model.leases import DenialReason, LeaseDenied
from portalkey.model.throttle import Purpose
from portalkey.settings.settings import Settings
from portalkey.vault.vault import Vault


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
        endpoint: TokenEndpoint | None = None,
        check: Check = always,
        alarms: Alarms | None = None,
    ) -> None:
        """Put the parts together; tests bring clock, sleep and chance."""
        self._settings, self._vault = settings, vault
        self._clock, self._sleep, self._uniform = clock, sleep, uniform
        self.lease_owner = lease_owner or LeaseOwner()
        endpoint = endpoint or TokenEndpoint.of(
            settings, vault, audit, clock=clock, uniform=uniform, sleep=sleep
        )
        self.admission = endpoint.admission
        alarms = alarms or Alarms(audit, clock=clock)
        self._outcomes = OutcomeRecorder(vault, audit, uniform, endpoint.breaker, alarms)
        self._token_request = TokenRequest(
            *(settings, vault, send, audit),
            outcomes=self._outcomes,
            revoke=outbox.revoke_unsaved,
            clock=clock,
            sleep=sleep,
            uniform=uniform,
        )
        tries = (vault, self._token_request, self._outcomes, self.admission, clock)
        self._renewal = Renewal(*tries, lease_owner=self.lease_owner, check=check)
        self._renewals: SingleFlight[Connection] = SingleFlight()
        self._background = Background(on_trouble=alarms.report)

    def ensure_fresh(self, connection: Connection, until: float = UNBOUNDED) -> Connection:
        """Return *connection* with an access token that is good for a minute, if one can be had.

        The caller gives up at the moment *until*.

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
            job = RefreshJob(connection.id, until, seen=connection, seen_at=began)
            return self._join(connection.id, job)
        except (TryLater, StoreUnusable) as trouble:
            # Trouble on our side takes no living token away.
            return self._serve_or_raise(connection, began, trouble)

    def serve_living(self, connection: Connection, trouble: TryLater) -> Connection:
        """Return *connection* while its token lives, without asking HubSpot; else raise *trouble*.

        Raises:
            NeedsReconnect: HubSpot no longer honours the connection.
            TryLater: No token is left that still lives.
        """
        if self._is_good(connection):
            return connection
        return self._serve_or_raise(connection, self._clock(), trouble)

    def refresh_in_background(self, connection: HasGeneration) -> bool:
        """Start to renew *connection* in the background; False where no thread is free.

        Where another process has the lease, it is left to that one.
        """
        job = RefreshJob(
            connection.id,
            longest=0.0,
            generation=connection.generation,
            purpose=Purpose.AHEAD,
        )
        name = f"in background {connection.id}"
        return self._background.start(name, lambda: self._join(name, job))

    def force_refresh(self, connection: Connection, until: float = UNBOUNDED) -> Connection:
        """Return *connection* after a caller's 401: at a later generation, if one can be had now.

        Raises:
            NeedsReconnect, NotConnected, OperatorMustAct, TryLater: As ``ensure_fresh`` does.
        """
        generation = connection.generation
        job = RefreshJob(connection.id, until, generation=generation, is_forced=True)
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
        self.lease_owner.close()

    def _join(self, name: str, job: RefreshJob) -> Connection:
        left = job.until - self._clock()
        try:
            return self._renewals.do(name, lambda: self._until_done(job), left)
        except FlightTimeout:
            raise waiting.late_error() from None

    def _until_done(self, job: RefreshJob) -> Connection:
        began = self._clock()
        read_at, row = self._read_first(job, began)
        while True:
            if self._is_done(row, job):
                return row
            if not waiting.is_time_for_request(job.until - self._clock()):
                return self._serve_or_raise(row, read_at, waiting.late_error())
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
            until = min(job.until, began + min(job.longest, waiting.longest_wait(outcome)))
            if self._clock() + pause > waiting.latest(until, row, read_at, self._clock()):
                return self._serve_or_raise(row, read_at, waiting.timeout_error(outcome))
            with aside() if outcome.why is DenialReason.THROTTLED else nullcontext():
                self._sleep(pause)
            read_at, row = self._read_saved(job)

    def _read_first(self, job: RefreshJob, now: float) -> tuple[float, Connection]:
        """Return the row as the caller has read it, unless that was a while ago; and since when."""
        is_pending = job.connection_id in self._token_request.pending
        if job.seen is not None and not is_pending and now - job.seen_at < waiting.JUST_READ:
            return job.seen_at, job.seen  # the lease is given only if it is still so
        return self._read_saved(job)

    def _read_saved(self, job: RefreshJob) -> tuple[float, Connection]:
        """Return the row, once a grant of its own is saved that was not; and since when."""
        self._token_request.save_pending_of(job.connection_id, job.until)
        return self._clock(), self._read_again(job.connection_id)

    def _try_once(self, row: Connection, job: RefreshJob) -> Connection | LeaseDenied:
        try:
            return self._renewal.try_once(row, job)
        except InvalidGrant:
            raise self._needs_reconnect(row) from None

    def _is_done(self, row: Connection, job: RefreshJob) -> bool:
        if job.generation is None:
            return self._is_good(row)
        return row.generation > job.generation

    def heal(self, connections: Sequence[Connection]) -> Sequence[Connection]:
        """Return *connections*, healed of what an older portalkey wrote there of itself."""
        return [self._outcomes.clear_missing_key(each) for each in connections]

    def decrypt_access_token(self, connection: Connection) -> str:
        """Open the access token of *connection*.

        Raises:
            NoKeyOpens: No key opens its seal. The row stays as it is; the alarm is raised once.
        """
        try:
            return self._vault.open_access(connection).get_secret_value()
        except NoKeyOpens as trouble:
            self._outcomes.alarms.report_missing_key(trouble, connection)
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
