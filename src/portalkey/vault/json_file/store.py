"""Store in a config file: JSON to read, tokens sealed, for scripts and tools of one machine.

What each method promises stands in ``Store``. Every write is one replacement of the whole file, so
whatever belongs together is written together. The rules are those of ``MemoryStore``, which is
filled from the file, does the one thing, and is written down where it changed.
"""

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

from portalkey._support.clock import no_offset
from portalkey._support.mounts import read_mounts
from portalkey._support.time_limit import CallLimit
from portalkey.errors import StoreBusy, StoreUnusable
from portalkey.model.connection import Connection, ConnectionStatus
from portalkey.model.counters import Counter, Tally
from portalkey.model.events import Event
from portalkey.model.leases import Lease, LeaseDenied, LeaseRequest
from portalkey.model.stats import Stats
from portalkey.model.throttle import Portion, PortionRequest, Throttle, Throttled
from portalkey.vault.health import StoreHealth
from portalkey.vault.json_file.attempts import ConfigFileAttempts
from portalkey.vault.json_file.content import Content
from portalkey.vault.json_file.disk import ConfigFile
from portalkey.vault.json_file.events import ConfigFileEvents
from portalkey.vault.json_file.invitations import ConfigFileInvitations
from portalkey.vault.json_file.owners import ConfigFileOwners
from portalkey.vault.local_disk import require_local
from portalkey.vault.memory import MemoryStore
from portalkey.vault.store import (
    BUSY_SECONDS,
    CALL_SECONDS,
    Mark,
    OwedRevocation,
    Store,
    Tell,
    TellRenewal,
)

T = TypeVar("T")

EVENTS = 1000
"""So many events are kept, the newest; the file is written anew with every change.

As many of what happened to connections, and as many others: nobody who begins attempts without end
pushes out what happened to a connection.
"""


class ConfigFileStore(
    ConfigFileAttempts, ConfigFileEvents, ConfigFileInvitations, ConfigFileOwners, Store
):
    """Keeps everything in one file, from any thread, process and forked child of one machine."""

    def __init__(
        self,
        path: Path,
        *,
        is_for_all: bool = False,
        ahead: Callable[[], float] = no_offset,
        wait: float = BUSY_SECONDS,
        seconds: float = CALL_SECONDS,
        mounts: Callable[[], str] = read_mounts,
    ) -> None:
        """Make the file where it is missing, and read it.

        Args:
            path: The file; its folder is made too, for its owner only.
            is_for_all: Others may read the file.
            ahead: Seconds added to the clock, asked for at every look at it.
            wait: How many seconds to wait for another writer.
            seconds: How many seconds one call takes at most, all its waits together.
            mounts: Tells what is mounted where, as Linux does in ``/proc/self/mountinfo``.

        Raises:
            StoreUnusable: The file cannot be used; the message says why, and what to do.
            StoreBusy: Others wrote it all the time.
        """
        self._ahead = ahead
        self._seconds = seconds
        self._health = StoreHealth()
        self._file = ConfigFile(path.resolve(), is_for_all=is_for_all, wait=wait)
        self._content = Content(self._file)
        require_local(self._file.path, mounts())
        self._file.make_room()
        with self._file.lock():
            self._content.begin()

    @property
    def health(self) -> StoreHealth:
        """The trouble that this process has with the file, and who is told of it."""
        return self._health

    @contextmanager
    def _watch(self, *, is_writing: bool) -> Iterator[None]:
        """Do the block in time, and note what trouble it meets."""
        try:
            with CallLimit(self._seconds):
                yield
        except (StoreBusy, StoreUnusable) as trouble:
            self._health.note_trouble(trouble, is_writing=is_writing)
            raise

    def close(self) -> None:
        """Forget what was read; the next use reads it again."""
        self._content.forget()

    def now(self) -> datetime:
        """Return this machine's clock; raises where the file cannot be used."""
        self._content.current()
        return self._clock()

    def _clock(self) -> datetime:
        return datetime.now(UTC) + timedelta(seconds=self._ahead())

    def version(self) -> int:
        """Return a number that changes with every commit by any process, and every edit."""
        return hash(self._file.stamp())

    def _look(self, work: Callable[[MemoryStore], T]) -> T:
        """Do *work* that as a rule changes nothing, without keeping anybody from writing."""
        with self._watch(is_writing=False):
            before = self._content.current()
        self._health.note_success()
        twin = MemoryStore.of(before, self._clock)
        result = work(twin)
        # An attempt that was overdue is ended by reading it: then it is done again, for good.
        return result if twin.snapshot() == before else self._write(work)

    def _write(self, work: Callable[[MemoryStore], T]) -> T:
        """Do *work* while nobody else writes, and write down what came of it."""
        with self._watch(is_writing=True), self._file.lock():
            before = self._content.current()
            twin = MemoryStore.of(before, self._clock)
            result, after = work(twin), twin.snapshot()
            if after != before:
                after = replace(after, events=_newest(after.events))
                self._content.replace(after)
                self._health.note_success(is_writing=True)
        return result

    def connect(self, attempt_id: str | None, connection: Connection, **facts: Any) -> bool:  # noqa: ANN401 - as ``Store`` says
        """Write *connection* and move its attempt to ``CONNECTED``, both or neither."""
        return self._write(lambda store: store.connect(attempt_id, connection, **facts))

    def connection(self, connection_id: str) -> Connection | None:
        """Return the connection of this id."""
        return self._look(lambda store: store.connection(connection_id))

    def connections(self, owner: str, client_id: str) -> Sequence[Connection]:
        """Return all of the *owner*'s live connections, oldest first."""
        return self._look(lambda store: store.connections(owner, client_id))

    def last_connection(self, owner: str, client_id: str) -> Connection | None:
        """Return the *owner*'s connection that came last."""
        return self._look(lambda store: store.last_connection(owner, client_id))

    def connection_to(self, owner: str, client_id: str, hub_id: int) -> Connection | None:
        """Return the owner's connection to that account."""
        return self._look(lambda store: store.connection_to(owner, client_id, hub_id))

    def lease(self, connection: Connection, request: LeaseRequest) -> Lease | LeaseDenied:
        """Return the lease on the row of *connection*, or why not."""
        return self._write(lambda store: store.lease(connection, request))

    def release(self, connection: Connection, *, is_unanswered: bool = False) -> bool:
        """Give the lease back, where it is still this one."""
        return self._write(lambda store: store.release(connection, is_unanswered=is_unanswered))

    def take_portion(self, client_id: str, request: PortionRequest) -> Portion | Throttled:
        """Return permits for requests to the token endpoint, or why there are none now."""
        return self._write(lambda store: store.take_portion(client_id, request))

    def count_authenticated(self, client_id: str, at_most: int) -> tuple[int, bool]:
        """Return how many connections are authenticated, and if they are of several owners."""
        return self._look(lambda store: store.count_authenticated(client_id, at_most))

    def update_throttle(
        self,
        client_id: str,
        change: Callable[[Throttle, datetime], Throttle],
        tell: Tell | None = None,
    ) -> tuple[Throttle, Throttle] | None:
        """Put what *change* makes of the app's throttle in its place."""
        return self._write(lambda store: store.update_throttle(client_id, change, tell))

    def renew(
        self,
        connection: Connection,
        *,
        instead_of: str,
        status: ConnectionStatus | None = None,
        tell: TellRenewal | None = None,
    ) -> ConnectionStatus | None:
        """Write the renewed *connection*, if the row still bears what it was made from."""
        return self._write(
            lambda store: store.renew(connection, instead_of=instead_of, status=status, tell=tell)
        )

    def mark(self, connection: Connection, mark: Mark) -> bool:
        """Write *mark*, if that is a move and the grant is still the one that was seen."""
        return self._write(lambda store: store.mark(connection, mark))

    def disconnect(
        self, connection: Connection, owed: OwedRevocation | None, *, event: Event | None = None
    ) -> bool:
        """Erase the sealed grant and keep *owed*, both or neither."""
        return self._write(lambda store: store.disconnect(connection, owed, event=event))

    def holders(self, fingerprints: Collection[str]) -> int:
        """Return how many live rows hold a refresh token with one of these *fingerprints*."""
        return self._look(lambda store: store.holders(fingerprints))

    def enqueue(self, owed: OwedRevocation) -> None:
        """Keep a revocation."""
        self._write(lambda store: store.enqueue(owed))

    def pending(self, at_most: int, *, client_id: str | None = None) -> Sequence[OwedRevocation]:
        """Return the revocations that are due, oldest first."""
        return self._look(lambda store: store.pending(at_most, client_id=client_id))

    def claim(self, owed_id: str, seconds: float) -> bool:
        """Keep others from a revocation that is due."""
        return self._write(lambda store: store.claim(owed_id, seconds))

    def reschedule(self, owed_id: str, seconds: float) -> None:
        """Count one failed try, and make the revocation due again in *seconds*."""
        self._write(lambda store: store.reschedule(owed_id, seconds))

    def complete(self, owed_id: str) -> None:
        """Forget a revocation."""
        self._write(lambda store: store.complete(owed_id))

    def stats(self, client_id: str) -> Stats:
        """Count what there is of the app's."""
        return self._look(lambda store: store.stats(client_id))

    def count(self, client_id: str, tallies: Collection[Tally]) -> None:
        """Add *tallies* to the counters of today."""
        self._write(lambda store: store.count(client_id, tallies))

    def counters(self, client_id: str, connection_id: str | None = None) -> Sequence[Counter]:
        """Return the counters of one connection, or those of none."""
        return self._look(lambda store: store.counters(client_id, connection_id))

    def purge(self, at_most: int, *, events_days: int) -> bool:
        """Forget what is too old."""
        return self._look(lambda store: store.purge(at_most, events_days=events_days))


def _newest(events: tuple[Event, ...]) -> tuple[Event, ...]:
    """Return the newest ``EVENTS`` of connections, and as many others, in their order."""
    if len(events) <= EVENTS:
        return events
    room = {True: EVENTS, False: EVENTS}
    newest = []
    for event in reversed(events):
        of_connection = event.connection_id is not None
        if room[of_connection]:
            room[of_connection] -= 1
            newest.append(event)
    return tuple(reversed(newest))
