"""The one way a token is renewed.

One thread of this process renews a connection while the others wait for what comes of it. It takes
a lease on the row first, so that one process of all does, and looks at the row again under it. No
transaction is open while HubSpot is asked. The lease is for politeness (one request); the
compare-and-swap that saves what HubSpot gives is for truth.
"""

import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from pydantic import SecretStr

from portalkey._support.background import Background
from portalkey._support.clock import Clock, boot_time
from portalkey._support.single_flight import SingleFlight
from portalkey._support.timing import Measured, send_measure
from portalkey.broker import waiting as patience
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
from portalkey.model import expiry as due
from portalkey.model import leases
from portalkey.model.connection import Connection, ConnectionStatus
from portalkey.model.leases import DenialReason, Lease, LeaseDenied, LeaseRequest
from portalkey.model.throttle import Limits
from portalkey.settings.settings import Settings
from portalkey.vault.vault import Vault

LEASE = 30.0
"""Seconds that a lease lasts. Whoever has it sends within ``START_WITHIN`` and hears or gives up
within the wire's deadline; ten seconds more are left for slow stores."""
START_WITHIN = 5.0

assert LEASE > START_WITHIN + DEADLINE + 10  # noqa: S101 - nobody may move one of them alone


@dataclass(frozen=True, slots=True)
class _RefreshJob:
    """What is wanted: a grant after *generation* where one is given, a good one otherwise.

    *patience* is in seconds. *is_forced* is after a caller's 401.
    """

    connection_id: str
    patience: float = patience.LONGEST
    generation: int | None = None
    is_forced: bool = False


class HasGeneration(Protocol):
    """As much as has to be known of a connection to ask for its next generation."""

    @property
    def id(self) -> str:
        """Its id."""

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
        sleep: Callable[[float], None] = time.sleep,
        uniform: Uniform = random.uniform,
        holder: LeaseOwner | None = None,
    ) -> None:
        """Put the parts together; tests bring clock, sleep and chance."""
        self._settings = settings
        self._vault = vault
        self._clock = clock
        self._sleep = sleep
        self._uniform = uniform
        self._lease_owner = holder or LeaseOwner()
        self._pace = Limits(settings.refresh_rate, settings.refresh_burst)
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
        self._flights: SingleFlight[Connection] = SingleFlight()
        self._background = Background()

    def ensure_fresh(self, connection: Connection) -> Connection:
        """The *connection* with an access token that is good for a minute at least, if any can.

        Raises:
            NeedsReconnect: HubSpot no longer honours the connection.
            NotConnected: It was disconnected meanwhile.
            OperatorMustAct, TryLater: Renewing failed, and no token is left that still lives.
        """
        # What another process said of the grant may be healed by what we have yet to save.
        if not self._token_request.has_pending(connection.id) and self._is_good(connection):
            return connection
        began = self._clock()
        try:
            return self._join(connection.id, _RefreshJob(connection.id))
        except (TryLater, StoreUnusable) as trouble:
            # Trouble of ours takes no living token away.
            return self._or_living_token(connection, began, trouble)

    def refresh_in_background(self, connection: HasGeneration) -> bool:
        """Start to renew *connection* in the background; False where nobody was free to."""
        # Whoever is denied the lease leaves it to the one who has it.
        job = _RefreshJob(connection.id, patience=0.0, generation=connection.generation)
        name = f"ahead {connection.id}"
        return self._background.start(name, lambda: self._join(name, job))

    def force_refresh(self, connection: Connection) -> Connection:
        """The *connection* after a caller's 401: at a later generation, if that can be had now.

        Raises:
            NeedsReconnect, NotConnected, OperatorMustAct, TryLater: As ``fresh`` does.
        """
        job = _RefreshJob(connection.id, generation=connection.generation, is_forced=True)
        return self._join(f"beyond {connection.id}", job)

    def save_pending(self) -> None:
        """Save what no store would take before, or have HubSpot forget it.

        Raises:
            StoreBusy, StoreUnusable: The store still will not.
        """
        self._token_request.save_all_pending()

    def close(self) -> None:
        """Wait for what is under way, and hold no lease any more."""
        self._background.join()
        self._lease_owner.close()

    def _join(self, name: str, job: _RefreshJob) -> Connection:
        return self._flights.do(name, lambda: self._until_done(job))

    def _until_done(self, job: _RefreshJob) -> Connection:
        began = self._clock()
        while True:
            self._token_request.save_pending_of(job.connection_id)
            seen_at, seen = self._clock(), self._read_again(job.connection_id)
            if self._is_done(seen, job):
                return seen
            try:
                outcome = self._try_once(seen, job)
            except (PersonMustAct, NoKeyOpens):
                raise
            except PortalkeyError as trouble:
                self._save_later(seen.id)
                return self._or_living_token(seen, seen_at, trouble)
            if isinstance(outcome, Connection):
                left = outcome.seconds_left - (self._clock() - seen_at)
                if left > min(due.LEAST, due.margin(outcome)):
                    return outcome
                # We were held up for longer than the new token lived.
                outcome = LeaseDenied(DenialReason.STALE)
            if outcome.why is DenialReason.FORCED:
                return seen
            pause = patience.pause(outcome, seen_at - began, self._uniform)
            until = began + min(job.patience, patience.longest_wait(outcome))
            if self._clock() + pause > patience.latest(until, seen, seen_at, self._clock()):
                return self._or_living_token(seen, seen_at, patience.timeout_error(outcome))
            self._sleep(pause)

    def _is_done(self, seen: Connection, job: _RefreshJob) -> bool:
        if job.generation is None:
            return self._is_good(seen)
        return seen.generation > job.generation

    def _try_once(self, seen: Connection, job: _RefreshJob) -> Connection | LeaseDenied:
        """One request, if we are the one to make it."""
        with self._lease_owner.at(seen.id) as is_ours:
            return self._asked(seen, job) if is_ours else LeaseDenied(DenialReason.LEASED, LEASE)

    def _asked(self, seen: Connection, job: _RefreshJob) -> Connection | LeaseDenied:
        left = seen.lease_id if seen.is_leased else None
        # Our own that nobody is at was given while the store said that it was busy.
        if (
            left is not None
            and left != self._lease_owner.name
            and not self._lease_owner.is_dead(left)
        ):
            return LeaseDenied(DenialReason.LEASED, LEASE)
        refresh_token = self._decrypt_refresh_token(seen)
        asked_at = self._clock()
        ask = LeaseRequest(self._lease_owner.name, LEASE, self._pace, left, job.is_forced)
        # What the row says already costs no transaction.
        lease = leases.grant_lease(seen, seen, ask)
        if isinstance(lease, Lease):
            lease = self._vault.store.lease(seen, ask)
        if isinstance(lease, LeaseDenied):
            return lease
        if self._clock() - asked_at > START_WITHIN:
            # We were held up, and by now somebody may think us dead: nothing is sent.
            self._vault.store.release(lease.connection, is_unanswered=lease.was_unanswered)
            return LeaseDenied(DenialReason.STALE)
        try:
            return self._token_request.under(lease, refresh_token)
        except Superseded:
            return LeaseDenied(DenialReason.STALE)
        except InvalidGrant:
            raise self._needs_reconnect(seen) from None

    def decrypt_access_token(self, connection: Connection) -> str:
        """The open access token of *connection*.

        Raises:
            NoKeyOpens: Its seal does not open. It is kept as it is, and told of once.
        """
        try:
            return self._vault.open_access(connection).get_secret_value()
        except NoKeyOpens as trouble:
            self._outcomes.record_missing_key(connection, trouble)
            raise

    def _decrypt_refresh_token(self, seen: Connection) -> SecretStr:
        try:
            return self._vault.open_refresh(seen)
        except NoKeyOpens as trouble:
            send_measure(Measured.REFRESH, None, trouble)
            self._outcomes.record_missing_key(seen, trouble)
            raise

    def _save_later(self, connection_id: str) -> None:
        """What the store would not take may come too late with the next caller."""
        if self._token_request.has_pending(connection_id):
            self._background.start(
                f"save {connection_id}", lambda: self._token_request.save_soon(connection_id, LEASE)
            )

    def _or_living_token(
        self, seen: Connection, seen_at: float, trouble: PortalkeyError
    ) -> Connection:
        """Hand out a token that still lives; otherwise say what is wrong."""
        passed = self._clock() - seen_at
        if seen.seconds_left - passed <= due.LEAST:
            raise trouble
        if passed < patience.LOOK_AGAIN:
            return seen
        # Asking took its time, and somebody may have disconnected meanwhile.
        seen_at, fresh = self._clock(), self._read_again(seen.id)
        if fresh.seconds_left - (self._clock() - seen_at) <= due.LEAST:
            raise trouble
        return fresh

    def _read_again(self, connection_id: str) -> Connection:
        fresh = self._vault.store.connection(connection_id)
        if fresh is None or fresh.status is ConnectionStatus.DISCONNECTED:
            raise NotConnected
        if fresh.status is ConnectionStatus.NEEDS_RECONNECT:
            raise self._needs_reconnect(fresh)
        return fresh

    def _is_good(self, connection: Connection) -> bool:
        if connection.status is ConnectionStatus.NEEDS_RECONNECT:
            raise self._needs_reconnect(connection)
        return connection.seconds_left > due.margin(connection)

    def _needs_reconnect(self, connection: Connection) -> NeedsReconnect:
        """With an absolute address: a worker has no request to build one from."""
        settings = self._settings
        page = f"{settings.public_url}{settings.mount}/connections/setup"
        return NeedsReconnect(reconnect_url=f"{page}?reconnect={connection.id}")
