"""Counters of this process, added up in memory and written to the store in batches."""

import atexit
import logging
import threading
import time
import weakref
from collections import Counter as Counts
from collections.abc import Iterator, Sequence
from itertools import count

from portalkey._support.background import Background
from portalkey._support.clock import Clock
from portalkey._support.fork import renew_after_fork, renew_inherited
from portalkey._support.time_limit import limit_request
from portalkey.errors import PortalkeyError
from portalkey.model.counters import CounterKind, Tally
from portalkey.vault.vault import Vault

FLUSH_SECONDS = 5.0
"""Seconds between two writes of a process; whoever is counted never waits for one."""
BITE = 200
"""So many counters are written at once: nobody else who writes waits long for that."""
EXIT_SECONDS = 2.0
"""Seconds that the end of a process waits for the store at most."""
_REFUSALS = {
    CounterKind.CALLBACK_REFUSED: "returns to the callback that belong to no attempt of their "
    "browser, such as a scanner's or those of `portalkey doctor --public`",
    CounterKind.FORGERY_REFUSED: "posts without a token of ours",
    CounterKind.SIGNATURE_REFUSED: "requests that HubSpot has not signed",
}

log = logging.getLogger("portalkey")


class Takes:
    """Hand-outs of one open token, counted by ``next(takes.steps)`` and read now and then.

    A step of ``itertools.count`` is one step for the interpreter too, so no thread loses another's.
    """

    __slots__ = ("_holder", "_read", "connection_id", "steps")

    def __init__(self, connection_id: str, holder: object) -> None:
        """Count for as long as *holder* lives: whoever has it may hand the token out."""
        self.connection_id = connection_id
        self.steps: Iterator[int] = count()
        self._holder = weakref.ref(holder)
        self._read = 0

    @property
    def is_over(self) -> bool:
        """True once nobody can hand the token out any more; look before the last ``read()``."""
        return self._holder() is None

    def read(self) -> int:
        """Return how many there were since the last time; reading is a step, and left out."""
        at = next(self.steps)
        number, self._read = at - self._read, at + 1
        return number


class Counters:
    """Counts from any thread; a forked child begins at nothing, as its parent writes its own."""

    def __init__(self, vault: Vault, clock: Clock = time.monotonic, label: str = "") -> None:
        """Count for *vault*'s app; *label* is how this process is called where it takes tokens."""
        self._vault = vault
        self._clock = clock
        self._label = label or None
        self._background = Background(at_once=1)
        self._renew()
        renew_after_fork(self._renew)
        atexit.register(_flush_at_exit, weakref.ref(self))

    def _renew(self) -> None:
        self._lock = threading.Lock()
        self._counts: Counts[tuple[CounterKind, str | None]] = Counts()
        self._takes: list[Takes] = []
        self._most_takes = BITE
        self._flush_at = self._clock() + FLUSH_SECONDS

    def add(self, kind: CounterKind, connection_id: str | None = None) -> None:
        """Count one of *kind*; what there is goes to the store once in ``FLUSH_SECONDS``."""
        renew_inherited()
        with self._lock:
            self._counts[kind, connection_id] += 1
            now = self._clock()
            is_due = now >= self._flush_at
            if is_due:
                self._flush_at = now + FLUSH_SECONDS
        if is_due:
            self._background.start("counters", self.flush)

    def follow(self, connection_id: str, holder: object) -> Iterator[int]:
        """Return what counts a hand-out of the connection's token, by one ``next`` of it.

        It is written with the rest, as long as *holder* lives, and once more after that.
        """
        renew_inherited()
        takes = Takes(connection_id, holder)
        with self._lock:
            self._takes.append(takes)
            if len(self._takes) > self._most_takes:
                self._read_takes()
                self._most_takes = max(BITE, 2 * len(self._takes))
        return takes.steps

    def _read_takes(self) -> None:
        """Add up what was handed out, and let go of tokens that nobody has any more."""
        live = []
        for takes in self._takes:
            is_over = takes.is_over
            number = takes.read()
            if number:
                self._counts[CounterKind.TOKEN_TAKEN, takes.connection_id] += number
            if not is_over:
                live.append(takes)
        self._takes = live

    def flush(self) -> None:
        """Write what was counted since the last time; never raises.

        What the store does not take now goes with the next.
        """
        renew_inherited()
        with self._lock:
            self._read_takes()
            counts, self._counts = self._counts, Counts()
        tallies = [self._tally(*what, n) for what, n in counts.items()]
        _log_refusals(tallies)
        for at in range(0, len(tallies), BITE):
            try:
                self._vault.store.count(self._vault.client_id, tallies[at : at + BITE])
            except PortalkeyError as trouble:
                log.warning("counters not written yet (%s)", trouble.code)
                self._put_back(tallies[at:])
                return

    def _tally(self, kind: CounterKind, connection_id: str | None, n: int) -> Tally:
        label = self._label if kind is CounterKind.TOKEN_TAKEN else None
        return Tally(kind, connection_id, n, label)

    def _put_back(self, tallies: Sequence[Tally]) -> None:
        with self._lock:
            for tally in tallies:
                self._counts[tally.kind, tally.connection_id] += tally.n

    def close(self) -> None:
        """Wait for a write under way, and write the rest."""
        self._background.join()
        self.flush()


def _flush_at_exit(reference: "weakref.ref[Counters]") -> None:
    # A script that takes a token and ends without closing its broker is counted all the same.
    counters = reference()
    if counters is not None:
        with limit_request(EXIT_SECONDS):
            counters.flush()


def _log_refusals(tallies: list[Tally]) -> None:
    # One line for all of them: nobody outside fills the log, either.
    for tally in tallies:
        if tally.kind in _REFUSALS:
            log.warning("%s n=%d: %s", tally.kind, tally.n, _REFUSALS[tally.kind])
