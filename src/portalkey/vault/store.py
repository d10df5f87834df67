"""Protocol of a store, which never sees an open token.

Every method is one transaction: it happens whole or not at all. Methods raise ``StoreBusy`` where
waiting helps and ``StoreUnusable`` where the operator has to look. Conditional writes return
whether they happened; nothing is ever written over what the caller did not see.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Protocol

from portalkey.model.attempt import Attempt, AttemptStatus
from portalkey.model.connection import Connection, ConnectionStatus
from portalkey.model.counters import Counter, Tally
from portalkey.model.events import Event
from portalkey.model.leases import Lease, LeaseDenied, LeaseRequest
from portalkey.model.stats import Stats
from portalkey.model.throttle import Portion, PortionRequest, Throttle, Throttled
from portalkey.model.transitions import AttemptLimits
from portalkey.vault.health import StoreHealth
from portalkey.vault.key_store import KeyStore, OwedRevocation, SealCount
from portalkey.vault.owner_store import OwnerStore
from portalkey.vault.search_store import SearchStore

__all__ = [
    "BUSY_SECONDS",
    "CALL_SECONDS",
    "PATIENT_SECONDS",
    "Mark",
    "OwedRevocation",
    "SealCount",
    "Store",
    "single_wait",
]

BUSY_SECONDS = 5.0
"""Whoever writes waits so long for somebody else before the store is called busy."""
CALL_SECONDS = 10.0
"""One call takes no longer than this, all its waits and tries together."""
PATIENT_SECONDS = 120.0
"""The same for commands that move or import: no page waits for them."""


def single_wait(seconds: float) -> float:
    """Return for how many seconds a call that takes *seconds* at most waits for somebody else."""
    return min(BUSY_SECONDS, seconds / 2)


@dataclass(frozen=True, slots=True)
class Mark:
    """A status to write on a connection, and what is known of it.

    ``reason`` is the code of the trouble and ``failures`` how many there were in a row; ``wait`` is
    in how many seconds renewing is tried again. ``is_unanswered`` keeps in mind that a request is
    out whose answer is not known. ``erases`` gives the sealed grant up. ``event`` is recorded with
    it.
    """

    status: ConnectionStatus
    reason: str | None = None
    failures: int = 0
    wait: float | None = None
    is_unanswered: bool = False
    erases: bool = False
    event: Event | None = None


class Store(KeyStore, OwnerStore, SearchStore, Protocol):
    """Keeps connections, attempts, events and owed revocations.

    ``is_personal`` is True where what is found depends on whose request it is looked for in:
    nothing of it may be remembered beyond that, nor looked for outside of it.
    """

    is_personal: ClassVar[bool] = False

    def now(self) -> datetime:
        """The store's clock, in UTC; the only clock that decides expiry and leases."""

    @property
    def health(self) -> StoreHealth:
        """The trouble that this process has with the store, and who is told of it."""

    def close(self) -> None:
        """Give back every file and socket; the store can be used again and reopens them."""

    def add_attempt(
        self, attempt: Attempt, limits: AttemptLimits | None = None, *, event: Event | None = None
    ) -> Sequence[Attempt]:
        """Keep a new *attempt*, and expire those that give way to it by *limits*; return these.

        *event* is recorded with it. Raises ``TooManyAttempts`` where there is no room; then nothing
        is kept. Where several begin at the same moment, there may be a few more than the limit.
        """

    def claims(self, owner: str) -> Sequence[Attempt]:
        """The *owner*'s attempts that were claimed within the last minute, oldest first."""

    def attempt(self, attempt_id: str) -> Attempt | None:
        """The attempt of this id; one that is overdue is ended first (expired or interrupted)."""

    def attempt_and_connections(
        self, attempt_id: str, owner: str, client_id: str
    ) -> tuple[Attempt | None, Sequence[Connection]]:
        """The *owner*'s attempt of this id, and their ``connections``; nothing of another's."""
        attempt = self.attempt(attempt_id)
        if attempt is None or attempt.owner != owner:
            return None, []
        return attempt, self.connections(owner, client_id)

    def attempt_by_state(self, state_hash: str) -> Attempt | None:
        """The attempt begun with this state, overdue ones ended first."""

    def cancel_attempts(self, owner: str) -> Sequence[Event]:
        """End all of the *owner*'s attempts that are under way as cancelled, all at once.

        Returns the event of each, recorded with it. None of them becomes a connection afterwards.
        """

    def move_attempt(
        self,
        attempt_id: str,
        to: AttemptStatus,
        *,
        error: str | None = None,
        failed_check: str | None = None,
        sealed_code: str | None = None,
        connection_id: str | None = None,
        event: Event | None = None,
    ) -> Attempt | None:
        """Move an attempt *to* a status that ``MOVES`` allows from where it stands.

        Returns the attempt as it stood **before**, with its sealed verifier and code, or None
        where the move was not allowed any more: of several callers moving it, one gets it. A move
        to ``RETURNED`` keeps *sealed_code* for ``RETURNED_SECONDS``. A move to ``EXCHANGING`` is
        refused once overdue and sets ``claimed_at``. A move to an end sets
        ``ended_at``, *error* and *failed_check*, and erases verifier, code and grant.
        *connection_id* is what came of one that is connected to a row in another store. *event* is
        recorded with the move.
        """

    def ask(
        self,
        attempt_id: str,
        sealed_grant: str,
        owed: OwedRevocation,
        *,
        event: Event | None = None,
    ) -> bool:
        """Move an exchanging attempt to ``ASKING`` with its *sealed_grant*, and keep *owed*.

        And record *event*; all of it, or nothing where the attempt had ended. *owed* is due once
        the answer is too late, so that the grant is given back however the attempt ends but by a
        yes: ``connect`` forgets it.
        """

    def connect(
        self,
        attempt_id: str | None,
        connection: Connection,
        *,
        event: Event | None = None,
        owed: OwedRevocation | None = None,
        settled: str | None = None,
    ) -> bool:
        """Write *connection*, move its attempt to ``CONNECTED`` and record *event*, or nothing.

        *owed* is kept with it: the grant that this one replaces has to be given back. *settled* is
        the id of what was owed in case that nobody said yes to it: that is forgotten with it.
        A connection of generation 1 is inserted; a later one updates the row whose id it bears and
        whose generation is one less. False where the attempt had ended, the row had moved on, or
        another row for the same owner, client and account came first. Without *attempt_id* nobody
        made an attempt: the connection comes from elsewhere.
        """

    def deliver(self, attempt_id: str) -> bool:
        """Note that the access token of a connected attempt is handed to the opening page.

        True for the first caller, and for ``DELIVER_SECONDS`` after its end only.
        """

    def connection(self, connection_id: str) -> Connection | None:
        """The connection of this id, whatever its status."""

    def connections(self, owner: str, client_id: str) -> Sequence[Connection]:
        """All of the *owner*'s connections that are not disconnected, oldest first."""

    def last_connection(self, owner: str, client_id: str) -> Connection | None:
        """The *owner*'s newest live connection; without one, the one that was disconnected last."""

    def connection_to(self, owner: str, client_id: str, hub_id: int) -> Connection | None:
        """The owner's connection to that account, whatever its status."""

    def version(self) -> int | None:
        """A number that changes with every commit, whoever's it is; None if the store has none."""

    def lease(self, connection: Connection, request: LeaseRequest) -> Lease | LeaseDenied:
        """The lease on the row of *connection*, for one request to the token endpoint, or why not.

        By the rules of ``portalkey.model.leases``. The request needs a permit of the throttle too,
        which is asked for first.
        """

    def release(self, connection: Connection, *, is_unanswered: bool = False) -> bool:
        """Give the lease back unused: nothing was sent, or nothing that says of the grant.

        Only where nobody took another lease since. False otherwise. *is_unanswered* keeps in mind
        that an earlier request is out whose answer is not known.
        """

    def take_portion(self, client_id: str, request: PortionRequest) -> Portion | Throttled:
        """Permits for requests to the token endpoint, or why there are none now.

        By the rules of ``portalkey.model.throttle``; the app's ``Throttle`` is made where there is
        none. A refusal writes nothing.
        """

    def count_authenticated(self, client_id: str, at_most: int) -> tuple[int, bool]:
        """The number of the app's authenticated connections, or *at_most* if there are more.

        And True where they are of several owners.
        """

    def update_throttle(
        self, client_id: str, change: Callable[[Throttle, datetime], Throttle]
    ) -> tuple[Throttle, Throttle] | None:
        """Put what *change* makes of the app's ``Throttle`` in its place; returns both.

        *change* is given the store's time. None where there is no throttle yet: the first portion
        makes it.
        """

    def renew(self, connection: Connection, *, instead_of: str, event: Event | None = None) -> bool:
        """Write a renewed *connection*: its sealed grant, expiry, scopes, status and failures.

        Only where the row still bears the generation before ``connection.generation`` and the
        refresh fingerprint *instead_of*; its lease is cleared and *event* recorded with it. A lease
        that is over, or somebody else's by now, does not matter: a late success heals. False
        otherwise.
        """

    def mark(self, connection: Connection, mark: Mark) -> bool:
        """Write *mark* on *connection* if it is still of that generation and fingerprint.

        And only where nobody took a lease since *connection* was read: the newest holder judges.
        The lease is cleared, and ``updated_at`` moves only where the status does, so that it tells
        since when.
        """

    def disconnect(
        self, connection: Connection, owed: OwedRevocation | None, *, event: Event | None = None
    ) -> bool:
        """Erase the sealed grant, bump the generation and keep *owed*, if still that generation.

        *event* is recorded with it.
        """

    def holders(self, fingerprints: Collection[str]) -> int:
        """Return how many live rows hold a refresh token with one of these *fingerprints*."""

    def enqueue(self, owed: OwedRevocation) -> None:
        """Keep a revocation that HubSpot still has to be told."""

    def pending(self, at_most: int, *, client_id: str | None = None) -> Sequence[OwedRevocation]:
        """Revocations that are due, oldest first; narrowed to those of an app."""

    def claim(self, owed_id: str, seconds: float) -> bool:
        """Keep others from a revocation that is due for so many *seconds*; one of many gets it."""

    def reschedule(self, owed_id: str, seconds: float) -> None:
        """Count one failed try and make the revocation due again in *seconds*."""

    def complete(self, owed_id: str) -> None:
        """Forget a revocation that HubSpot has been told, or that is not owed any more."""

    def stats(self, client_id: str) -> Stats:
        """Count what there is of the app's; reads all of its connections, and writes none."""

    def record(self, event: Event) -> Event:
        """Append *event* to the audit and return it with its time."""

    def count(self, client_id: str, tallies: Collection[Tally]) -> None:
        """Add *tallies* to the app's counters of today."""

    def counters(self, client_id: str, connection_id: str | None = None) -> Sequence[Counter]:
        """The app's counters of one connection, or those of none, oldest first."""

    def purge(self, at_most: int, *, events_days: int) -> bool:
        """Forget what is too old, *at_most* so many rows of each kind; True if there may be more.

        Attempts that ended ``RETENTION`` ago or were left lying then, events that are older than
        *events_days*, counters older than ``COUNTERS_DAYS``. And the sealed grants of questions
        that nobody answered in time: those attempts end.
        """

    def events(self, *, attempt_id: str | None = None, owner: str | None = None) -> Sequence[Event]:
        """The audit, oldest first, narrowed to an attempt or an owner."""
