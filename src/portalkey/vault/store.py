"""Protocol of a store, which never sees an open token.

Every method is one transaction: whole, or not at all. It raises ``StoreBusy`` where waiting helps,
``StoreUnusable`` where the operator has to look. Conditional writes return whether they happened.
"""

from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from typing import ClassVar, Protocol

from portalkey.model.attempt import Attempt, AttemptStatus
from portalkey.model.connection import Connection, ConnectionStatus
from portalkey.model.counters import Counter, Tally
from portalkey.model.events import Event
from portalkey.model.leases import Lease, LeaseDenied, LeaseRequest
from portalkey.model.marks import Mark
from portalkey.model.notifications import Subject
from portalkey.model.stats import Stats
from portalkey.model.throttle import Portion, PortionRequest, Throttle, Throttled
from portalkey.model.transitions import AttemptLimits
from portalkey.vault.event_store import EventStore, Renewed, Tell, TellRenewal
from portalkey.vault.health import StoreHealth
from portalkey.vault.install_store import InstallStore
from portalkey.vault.invitation_store import InvitationStore
from portalkey.vault.key_store import KeyStore, SealCount
from portalkey.vault.outbox_store import OutboxStore, OwedRevocation
from portalkey.vault.owner_store import OwnerStore
from portalkey.vault.search_store import SearchStore
from portalkey.vault.sweep_store import SweepStore

__all__ = [
    "BUSY_SECONDS",
    "CALL_SECONDS",
    "PATIENT_SECONDS",
    "Mark",
    "OwedRevocation",
    "Renewed",
    "SealCount",
    "Store",
    "Tell",
    "TellRenewal",
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


class Store(
    EventStore,
    InstallStore,
    InvitationStore,
    KeyStore,
    OutboxStore,
    OwnerStore,
    SearchStore,
    SweepStore,
    Protocol,
):
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
        is kept. Where several begin at the same moment, there may be a few more than the limit; but
        of those that are claimed as they are added never, and *limits* count their exchanges, too.
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
        subject: Subject | None = None,
    ) -> Attempt | None:
        """Move an attempt *to* a status that ``MOVES`` allows from where it stands.

        Returns the attempt as it stood **before**, with its sealed verifier and code, or None
        where the move was not allowed any more: of several callers moving it, one gets it. A move
        to ``RETURNED`` keeps *sealed_code* for ``RETURNED_SECONDS``, and one of a link's no longer
        than it had anyway. A move to ``EXCHANGING`` is
        refused once overdue and sets ``claimed_at``. A move to an end sets
        ``ended_at``, *error* and *failed_check*, and erases verifier, code and grant.
        *connection_id* is what came of one that is connected to a row in another store. *event* is
        recorded with the move, for *subject*.
        """

    def connect(
        self,
        attempt_id: str | None,
        connection: Connection,
        *,
        event: Event | None = None,
        owed: OwedRevocation | None = None,
        settled: str | None = None,
        is_sole: bool = False,
    ) -> bool:
        """Write *connection*, move its attempt to ``CONNECTED`` and record *event*, or nothing.

        *owed* is kept with it: the grant that this one replaces has to be given back. *settled* is
        the id of what was owed in case that nobody said yes to it: that is forgotten with it.
        A connection of generation 1 is inserted; a later one updates the row whose id it bears and
        whose generation is one less. False where the attempt had ended, the row had moved on, or
        another row for the same owner, client and account came first. Where the invitation that the
        attempt went by is used, withdrawn or over, the attempt ends too. Without *attempt_id*
        nobody made an attempt: the connection comes from elsewhere.

        With *is_sole* it raises ``AccountTaken``, and nothing is written, where another owner has
        the account: of two owners who come for it at once, one gets it.
        """

    def deliver(self, attempt_id: str) -> bool:
        """Note that an attempt's token is handed out; True once, for ``DELIVER_SECONDS``."""

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
        self,
        client_id: str,
        change: Callable[[Throttle, datetime], Throttle],
        tell: Tell | None = None,
    ) -> tuple[Throttle, Throttle] | None:
        """Put what *change* makes of the app's ``Throttle`` in its place; returns both.

        *change* is given the store's time. What *tell* returns is recorded with it. None where
        there is no throttle yet: the first portion makes it.
        """

    def renew(
        self,
        connection: Connection,
        *,
        instead_of: str,
        status: ConnectionStatus | None = None,
        tell: TellRenewal | None = None,
    ) -> ConnectionStatus | None:
        """Write a renewed *connection*: its sealed grant, expiry, scopes, status and failures.

        Only where the row still bears the generation before ``connection.generation`` and the
        refresh fingerprint *instead_of*, and the *status* if one is named; its lease is cleared. A
        lease that is over, or somebody else's by now, does not matter: a late success heals.

        Returns the status that the row had until then, read in the same transaction: another
        process may have moved it since *connection* was read. What *tell* makes of that status is
        recorded with the grant. None where nothing was written.
        """

    def mark(self, connection: Connection, mark: Mark) -> bool:
        """Write *mark* on *connection* if it is still of that generation and fingerprint.

        And only where nobody took a lease since *connection* was read: the newest holder judges.
        What has ended is not ended again with an event. The lease is cleared, and ``updated_at``
        moves only where the status does.
        """

    def disconnect(
        self, connection: Connection, owed: OwedRevocation | None, *, event: Event | None = None
    ) -> bool:
        """Erase the sealed grant, bump the generation and keep *owed*, if still that generation.

        *event* is recorded with it.
        """

    def stats(self, client_id: str) -> Stats:
        """Count what there is of the app's; reads all of its connections, and writes none."""

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
